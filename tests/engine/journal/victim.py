"""A process that appends until it is killed: prints each number that its journal calls safe.

Usage: python victim.py DIRECTORY [LATE_S]
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from threading import Semaphore

from zeebe_fleet.engine.journal import Journal, Settings, Sizes

UNDER_WAY = Semaphore(64)


def body(number: int) -> bytes:
    """Return what record `number` says."""
    return b"%d:" % number * (1 + number % 40)


def work(directory: Path, late_s: float) -> None:
    """Append for ever, with a checkpoint after every fortieth record."""
    settings = Settings(sizes=Sizes(first=32 << 10, following=64 << 10), late_s=late_s)
    journal = Journal.open(directory, say=lambda text: None, settings=settings)
    told = 0

    def synced(last: int) -> None:
        nonlocal told
        print(last, flush=True)
        UNDER_WAY.release(last - told)
        told = last

    told = journal.figures.appended
    rows: dict[int, bytes] = {number: text for _, number, text in journal.checkpoint.rows()}
    fresh = {len(rows) + 1 + index: text for index, text in enumerate(journal.replay())}
    journal.start(synced, print)
    for number in count(journal.figures.appended + 1):
        UNDER_WAY.acquire()
        assert journal.append(body(number)) == number
        fresh[number] = body(number)
        if number % 40 == 0:
            journal.save([("record", key, text) for key, text in fresh.items()], [], b"%d" % number, lambda: None)
            fresh.clear()


if __name__ == "__main__":
    work(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)

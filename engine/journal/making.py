"""Making a directory ready, so that a kill on the way leaves nothing that looks like a journal."""

from __future__ import annotations

import os
from pathlib import Path

from zeebe_fleet.engine.journal.checkpoint import Checkpoint
from zeebe_fleet.engine.journal.disk import Disk
from zeebe_fleet.engine.journal.errors import JournalDamaged
from zeebe_fleet.engine.journal.holding import VERSION, hold, is_known, mark_known
from zeebe_fleet.engine.journal.log import Log
from zeebe_fleet.engine.journal.segment import RECORDS_AT

LOG = "log"
CHECKPOINT = "checkpoint.sqlite"


def make_ready(directory: Path, disk: Disk, size: int) -> None:
    """Begin an empty journal unless there is one; what an attempt that did not end has left is done again.

    Raises:
        JournalDamaged: there is one, but without the file that names its format.
    """
    if is_known(directory):
        return
    log, checkpoint = directory / LOG, directory / CHECKPOINT
    if _holds_records(log) or (checkpoint.exists() and not log.exists()):
        raise JournalDamaged(directory / VERSION, "it is missing, but there is a journal beside it")
    log.mkdir(exist_ok=True)
    for path in (*log.iterdir(), checkpoint, directory / f"{CHECKPOINT}-journal"):
        disk.remove(path)
    Log.create(log, disk, size)
    Checkpoint.create(checkpoint)
    disk.sync_names(directory)
    mark_known(directory, disk)


def reset(directory: Path, disk: Disk | None = None) -> None:
    """Remove a directory's journal, and nothing else there; what it held is forgotten.

    Raises:
        JournalHeld: an engine works on it.
    """
    if not directory.is_dir():
        return
    disk, lock = disk or Disk(), hold(directory)
    try:
        disk.remove(directory / VERSION)
        disk.sync_names(directory)
        for path in (*(directory / LOG).glob("*"), *directory.glob(f"{CHECKPOINT}*")):
            disk.remove(path)
        if (directory / LOG).is_dir():
            (directory / LOG).rmdir()
        disk.sync_names(directory)
    finally:
        os.close(lock)


def _holds_records(log: Path) -> bool:
    return any(path.read_bytes()[RECORDS_AT:].strip(b"\0") for path in log.glob("*.seg"))

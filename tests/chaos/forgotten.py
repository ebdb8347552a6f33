"""What an engine has forgotten: jobs that somebody received and that it made anew, by what was received alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tests.chaos.world import World


@dataclass(frozen=True)
class Forgotten:
    """Keys of jobs that the engine no longer knew after a kill, and how many activities were made of them."""

    jobs: Collection[int]
    activities: int

    def __str__(self) -> str:
        return f"{len(self.jobs)} jobs forgotten and made anew, {self.activities} activities of such"


async def forgotten(world: World) -> Forgotten:
    """Compare what was received in a world in which no element is begun twice in an instance."""
    keys = anew(world.received.read_text().splitlines() if world.received else ())
    (row,) = await world.sql("SELECT count(*) AS n FROM activity WHERE job_key = ANY ($1)", list(keys))
    return Forgotten(keys, row["n"])


def anew(lines: Iterable[str]) -> set[int]:
    """Find the keys that an instance's element went through before its last.

    Args:
        lines: of each job received: instance, element, job type, key.
    """
    last: dict[str, int] = {}
    gone: set[int] = set()
    for line in lines:
        work, _, key = line.rpartition(" ")
        before = last.setdefault(work, int(key))
        last[work] = max(before, int(key))
        if before != int(key):
            gone.add(min(before, int(key)))
    return gone

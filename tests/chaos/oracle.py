"""What happened, by those who cannot be fooled: the effect log and the outside services' own records.

Lost: an effect that should be there and is not. Double: one that is there once too often. Stuck: an item that did
not come to its end, in the effect log, in the engine or in the records.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tests.chaos.world import World, insist
from zeebe_fleet.workers.contract.errors import EngineGone
from zeebe_fleet.workers.contract.job import ProcessInstanceKey

Effects = Counter[str]


@dataclass(frozen=True)
class Verdict:
    """How many effects went wrong, and what costs people's time without being wrong."""

    lost: int
    double: int
    stuck: int
    retries_spent: int
    incidents: int

    @property
    def clean(self) -> bool:
        """Whether each effect happened once and everything came to its end."""
        return not (self.lost or self.double or self.stuck)

    def __str__(self) -> str:
        return f"lost {self.lost}, double {self.double}, stuck {self.stuck}"


async def judge(
    world: World, expected: Mapping[str, Effects], *, last: str = "finish", but: Collection[str] = ()
) -> Verdict:
    """Compare what happened to each item with what should have.

    Args:
        world: where it happened.
        expected: the effects of each item.
        last: the effect by which an item came to its end; empty when not all have one.
        but: items that are meant to stand still.
    """
    seen = await effects(world)
    lost = double = 0
    stuck = set()
    for item, wanted in expected.items():
        happened = seen.get(item, Counter())
        double += (happened - wanted).total()
        if last and not happened[last]:
            stuck.add(item)
        else:
            lost += (wanted - happened).total()
    stuck |= await _under_way(world) - set(but)
    return Verdict(lost, double, len(stuck), await _retries_spent(world), await _incidents(world))


async def effects(world: World) -> dict[str, Effects]:
    """Count every effect of every item, in the database and outside."""
    seen: dict[str, Effects] = {}
    for row in await world.sql("SELECT item, effect, count(*) AS n FROM effect_log GROUP BY item, effect"):
        seen.setdefault(row["item"], Counter())[row["effect"]] += row["n"]
    accounts = await world.sandbox("GET", "/accounts")
    for account in accounts:
        item = account["owner"].partition("@")[0]
        if item.startswith(world.prefix):
            seen.setdefault(item, Counter())["book"] += 1
            # The service refuses to close what is closed: a second closing is no effect.
            seen[item]["unbook"] += account["status"] == "CLOSED"
    for message in await world.sandbox("GET", "/notifications"):
        item = message["to"].partition("@")[0]
        if item.startswith(world.prefix):
            seen.setdefault(item, Counter())["tell"] += 1
    return seen


async def _under_way(world: World) -> set[str]:
    """Find items whose workflow or process instance is not over."""
    rows = await world.sql("SELECT business_key, state, process_instance_key FROM workflow")
    stuck = {row["business_key"] for row in rows if row["state"] in ("REQUESTED", "STARTING", "RUNNING")}
    gate = asyncio.Semaphore(32)

    async def lives(key: int) -> bool:
        async with gate:
            try:
                await world.engine.set_variables(ProcessInstanceKey(key), {})
            except EngineGone:
                return False
            return True

    known = [row for row in rows if row["process_instance_key"]]
    alive = await asyncio.gather(*(insist(lambda key=row["process_instance_key"]: lives(key)) for row in known))  # type: ignore[misc]
    return stuck | {row["business_key"] for row, lives_on in zip(known, alive, strict=True) if lives_on}


async def _retries_spent(world: World) -> int:
    """Count jobs that reached their effect with fewer retries than the model gives, by the effect's own note."""
    query = "SELECT count(*) AS n FROM effect_log WHERE detail LIKE 'retries=%' AND detail <> 'retries=3'"
    return int((await world.sql(query))[0]["n"])


async def _incidents(world: World) -> int:
    return int((await world.sql("SELECT count(*) AS n FROM workflow WHERE incident IS NOT NULL"))[0]["n"])

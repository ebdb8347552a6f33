"""What happened, by those who cannot be fooled: the effect log and the outside services' own records.

Lost: an effect that should be there and is not. Double: one that is there once too often. Stuck: an item that did
not come to its end, in the effect log, in the engine or in the records.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.world import World, insist
from zeebe_fleet.workers.contract.errors import EngineGone
from zeebe_fleet.workers.contract.job import ProcessInstanceKey

Effects = Counter[str]
_SHOWN = 5
_STORY = (
    "SELECT workflow_id, state, origin, process_instance_key, incident FROM workflow WHERE business_key = $1",
    "SELECT at, effect, detail FROM effect_log WHERE item = $1 ORDER BY id",
    "SELECT step_id, job_key, element_id, kind, step.state, fence, round, delivery, deaths, compensated_by, error "
    "FROM step JOIN workflow USING (workflow_id) WHERE business_key = $1 ORDER BY step_id",
    "SELECT attempt.* FROM step_attempt attempt JOIN step USING (step_id) JOIN workflow USING (workflow_id) "
    "WHERE business_key = $1 ORDER BY step_id, attempt.fence",
)


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
    stuck: set[str] = set()
    wrong: list[str] = []
    for item, wanted in expected.items():
        happened = seen.get(item, Counter())
        double += (happened - wanted).total()
        if last and not happened[last]:
            stuck.add(item)
        else:
            lost += (wanted - happened).total()
        if happened != wanted:
            wrong.append(item)
    stuck |= await _under_way(world) - set(but)
    await _write_down(world, [*wrong, *stuck], seen)
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


async def _write_down(world: World, wrong: Sequence[str], seen: Mapping[str, Effects]) -> None:
    """Keep what the records say of the first few that went wrong, for whoever looks for the reason."""
    file = world.folder / f"{world.prefix}-wrong.txt"
    lines = [f"{item}: {dict(seen.get(item, {}))}" for item in wrong]
    for item in wrong[:_SHOWN]:
        for query in _STORY:
            lines += [f"  {dict(row)}" for row in await world.sql(query, item)]
    if lines:
        file.write_text("\n".join(lines) + "\n")
    else:
        file.unlink(missing_ok=True)


async def _retries_spent(world: World) -> int:
    """Count jobs that reached their effect with fewer retries than the model gives, by the effect's own note."""
    query = "SELECT count(*) AS n FROM effect_log WHERE detail LIKE 'retries=%' AND detail <> 'retries=3'"
    return int((await world.sql(query))[0]["n"])


async def _incidents(world: World) -> int:
    return int((await world.sql("SELECT count(*) AS n FROM workflow WHERE incident IS NOT NULL"))[0]["n"])

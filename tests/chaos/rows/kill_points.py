"""SIGKILL at every point of a job's way, over thousands of instances."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.chaos import models
from tests.chaos.oracle import Effects, judge
from tests.chaos.row import Finding, Row
from tests.chaos.world import World, died

KILLS = 200
INSTANCES = 10_000
QUICK = 0.1
"""Twenty kills; the instances are fewer still."""
_QUICK_INSTANCES = 500
_POINTS = {"api": ("K9", "K10"), "worker": tuple(f"K{n}" for n in range(9))}
_TRIES = 5
"""How often a point is tried again that found no work within a minute."""
_RARE = ("K7", "K9", "K10")
_WORKERS = 2


def items_of(world: World, count: int, first: int = 0) -> dict[str, dict[str, bool]]:
    """Draw the items: some undone, some decided by a person, some with what must not be repeated."""
    draw = world.chance.random
    return {
        f"{world.prefix}-{n}": {"kept": draw() < 0.6, "person": draw() < 0.2, "told": draw() < 0.2}
        for n in range(first, first + count)
    }


def expected_of(item: dict[str, bool]) -> Effects:
    """Say what must have happened to an item, once each."""
    wanted = Counter({"write": 1, "book": 1, "finish": 1})
    if item["told"]:
        wanted["tell"] = 1
    if not item["kept"]:
        wanted += Counter({"unwrite": 1, "unbook": 1})
    return wanted


async def kill_points(world: World) -> Finding:
    """Kill workers and the API again and again until all is done."""
    kills = [(role, point) for role, points in _POINTS.items() for point in points]
    drawn = [kills[n] if n < len(kills) else world.chance.choice(kills) for n in range(world.times(KILLS))]
    world.chance.shuffle(drawn)
    count = _QUICK_INSTANCES if world.scale == QUICK else world.times(INSTANCES)
    items = items_of(world, count)
    await world.deploy(order=models.order(world.prefix))
    for role in ("relay", "human-tasks"):
        world.keep(role)
    world.aside(world.people())
    done: list[str] = []
    queues = {role: [point for one, point in drawn if one == role] for role in _POINTS}
    killers = [asyncio.create_task(kill(world, "worker", queues["worker"], done)) for _ in range(_WORKERS)]
    killers.append(asyncio.create_task(kill(world, "api", queues["api"], done)))
    await _feed(world, items, done, len(drawn), killers)
    await asyncio.gather(*killers)
    in_time = await world.finished(items, timeout_s=1800)
    in_time = await world.settled() and in_time
    verdict = await judge(world, {item: expected_of(what) for item, what in items.items()})
    measured = f"{verdict} after {len(done)} kills of {len(drawn)} over {len(items)} instances"
    return Finding(measured, verdict.clean and len(done) == len(drawn) and in_time)


async def _feed(
    world: World, items: dict[str, dict[str, bool]], done: list[str], kills: int, killers: list[asyncio.Task[None]]
) -> None:
    """Start instances in step with the kills, so that each of them meets work; more than planned, if it takes more."""
    ahead = max(len(items) // 10, 20)
    given = 0
    while given < len(items) or not all(killer.done() for killer in killers):
        allowed = len(items) * len(done) // kills + ahead
        if all(killer.done() for killer in killers):
            allowed = len(items)
        wanted = min(allowed, len(items), given + 100) - given
        if wanted <= 0:
            await asyncio.sleep(0.05)
            wanted = await _starving(world, given, ahead)
        if given + wanted > len(items):
            items |= items_of(world, given + wanted - len(items), first=len(items))
        names = list(items)[given : given + wanted]
        await world.start("order", {name: items[name] for name in names})
        given += len(names)
        await asyncio.sleep(0.05)


async def _starving(world: World, given: int, ahead: int) -> int:
    """Give a few more when nearly all that was started is over, or the next kill would wait for ever."""
    query = "SELECT count(DISTINCT item) AS n FROM effect_log WHERE effect = 'finish'"
    over = (await world.sql(query))[0]["n"]
    return ahead // 4 if given - over < ahead // 2 else 0


async def kill(world: World, role: str, points: list[str], done: list[str]) -> None:
    """Let a role live until each of its points has killed it once; then let it live."""
    while points:
        point = points.pop()
        nth = world.chance.randint(1, 2 if point in _RARE else 20)
        for _ in range(_TRIES):
            process = await world.spawn(role, CHAOS_KILL=f"{point}:{nth}")
            met = await died(process, 60)
            await world.kill(process)
            if met:
                done.append(point)
                break
            nth = 1
    world.keep(role)


async def without_deduplication(world: World) -> Finding:
    """Forget what a step did before, and kill after COMMIT: the oracle must see it."""
    items = {f"{world.prefix}-{n}": {"kept": True, "person": False, "told": False} for n in range(40)}
    await world.deploy(order=models.order(world.prefix))
    relay = await world.spawn("relay")
    await world.start("order", items)
    started = "SELECT count(*) AS n FROM workflow WHERE state = 'RUNNING'"
    await world.wait_for(lambda rows: rows[0]["n"] == len(items), started)
    # What is owed must not be told before its job comes back: that, too, would hide the repetition.
    await world.kill(relay)
    for nth in (3, 6):
        process = await world.spawn("worker", CHAOS_KILL=f"K4:{nth}", CHAOS_FORGET="yes")
        await died(process, 60)
        await world.kill(process)
    world.aside(_forgetful(world))
    await world.finished(items, timeout_s=600)
    verdict = await judge(world, {item: expected_of(what) for item, what in items.items()})
    return Finding(str(verdict), verdict.double > 0)


async def _forgetful(world: World) -> None:
    while True:
        await (await world.spawn("worker", CHAOS_FORGET="yes")).wait()


ROWS = (
    Row("seeded kill points K0-K10", "lost 0, double 0, stuck 0", kill_points),
    Row("the same with deduplication off", "red: double > 0", without_deduplication),
)

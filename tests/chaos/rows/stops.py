"""Workers that are frozen, told to stop, and replaced one by one."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter

import asyncpg

from tests.chaos import models
from tests.chaos.load import Load, chained
from tests.chaos.oracle import effects, judge
from tests.chaos.row import Finding, Row
from tests.chaos.world import World

FREEZES = 50
STOPS = 50
DEADLINE_S = 3.0
EXIT_S = 0.5
"""For the end of the process itself."""
HELD = {"slow": 2, "cling": 2, "block": 2, "compute": 1}
"""Jobs that a stopped worker has in hand, by kind: awaited, deaf to cancellation, in a thread, in a process."""
ELSEWHERE_S = 2.0
ROLLED = 10_000
_LONG_S = 600.0
_AT_ONCE = 6
_BETWEEN = 50
"""Instances that end between two restarts."""
_PATIENCE_S = 600.0
_BEGUN = (
    "SELECT item, max(at) AS at, max(retries) AS retries "
    "FROM beginning WHERE pid = $1 AND item = ANY ($2) GROUP BY item"
)


async def frozen(world: World) -> Finding:
    """Freeze a worker in the middle of its jobs, past their leases; then let it go on."""
    await world.deploy(chain=_slow(world))
    world.keep("relay")
    workers = {worker.pid: worker for worker in [await world.spawn("worker"), await world.spawn("worker")]}
    items: dict[str, Counter[str]] = {}
    late = freezes = 0
    while freezes < world.times(FREEZES):
        batch = [f"{world.prefix}-{freezes}-{n}" for n in range(_AT_ONCE)]
        items |= {item: Counter(["slow", "finish"]) for item in batch}
        await world.start("chain", {item: {"seconds": 1.0} for item in batch})
        held = "SELECT item, pid FROM beginning WHERE item = ANY ($1)"
        rows = await world.wait_for(lambda rows: len(rows) >= _AT_ONCE // 2, held, batch)
        holder = Counter(row["pid"] for row in rows if row["pid"] in workers).most_common(1)
        if not holder:
            continue
        victim = workers[holder[0][0]]
        victim.send_signal(signal.SIGSTOP)
        done = "SELECT DISTINCT item FROM effect_log WHERE effect = 'slow' AND item = ANY ($1)"
        await world.wait_for(lambda rows: len(rows) == _AT_ONCE, done, batch)
        victim.send_signal(signal.SIGCONT)
        freezes += 1
        await asyncio.sleep(1.5)
        late = sum(max(found["slow"] - 1, 0) for found in (await effects(world)).values())
    await world.finished(items, timeout_s=600)
    await world.settled()
    verdict = await judge(world, items)
    return Finding(f"{late} late writes, {verdict}; {freezes} freezes", verdict.clean and not late)


async def terminated(world: World) -> Finding:
    """SIGTERM a worker whose jobs take longer than it has time; somebody else must begin them at once."""
    await world.deploy(**{kind: held(world.prefix, kind) for kind in HELD})
    world.keep("relay")
    drain = {"CHAOS_DRAIN_S": str(DEADLINE_S)}
    worker = await world.spawn("worker", **drain)
    exits_s: list[float] = []
    starts_s: list[float] = []
    statuses: Counter[int] = Counter()
    retries: set[int] = set()
    for nth in range(world.times(STOPS)):
        batch = await hold_all(world, worker.pid, f"{world.prefix}-{nth}")
        successor = await world.spawn_ready("worker", **drain)
        asked_s = time.monotonic()
        stopped = (await world.sql("SELECT clock_timestamp() AS at"))[0]["at"]
        worker.terminate()
        statuses[await worker.wait()] += 1
        exits_s.append(time.monotonic() - asked_s)
        world.processes.pop(worker)
        rows = await begun(world, successor.pid, batch)
        # What is computed begins when its process has started, which is no matter of handing back.
        at = max(row["at"] for row in rows if row["retries"] is not None)
        starts_s.append((at - stopped).total_seconds() - DEADLINE_S)
        retries |= {row["retries"] for row in rows} - {None}
        await _cancel(world)
        worker = successor
    out = max(exits_s) <= DEADLINE_S + EXIT_S and set(statuses) == {0}
    measured = (
        f"out after {max(exits_s):.1f} s at most ({DEADLINE_S:g} s given), exit status {dict(statuses)}; handed-back "
        f"jobs began elsewhere within {max(starts_s):.1f} s, with {sorted(retries)} retries of {models.RETRIES}; "
        f"{sum(statuses.values())} stops"
    )
    return Finding(measured, out and max(starts_s) <= ELSEWHERE_S and retries == {models.RETRIES})


async def hold_all(world: World, pid: int, name: str) -> list[str]:
    """Give a worker jobs of every kind that outlast any stop, and wait until it has begun them all."""
    batch: list[str] = []
    for kind, count in HELD.items():
        items = {f"{name}-{kind}-{n}": {"seconds": _LONG_S} for n in range(count)}
        await world.start(kind, items)
        batch += items
    await begun(world, pid, batch)
    return batch


async def begun(world: World, pid: int, batch: list[str]) -> list[asyncpg.Record]:
    """Wait until a worker has begun all jobs of a batch."""
    return await world.wait_for(lambda rows: len(rows) == len(batch), _BEGUN, pid, batch)


def held(prefix: str, kind: str) -> str:
    """Write a process of one task."""
    task = models.task("held", f"{prefix}.{kind}")
    return models.process(f"{prefix}-{kind}", models.start(), task, models.end(), models.flow("start", "held", "end"))


async def rolled(world: World) -> Finding:
    """Replace one worker after the other while thousands of instances run."""
    types, expected = chained()
    await world.deploy(chain=models.chain(world.prefix, types[:3]))
    wanted = Counter([*types[:3], "finish"])
    assert wanted <= expected
    world.keep("relay")
    workers = [await world.spawn_ready("worker") for _ in range(3)]
    load = Load(world, "chain", wanted, ahead=150, most=world.times(ROLLED))
    statuses: Counter[int] = Counter()
    while not await _over(world, load, later=_BETWEEN):
        oldest = workers.pop(0)
        workers.append(await world.spawn_ready("worker"))
        oldest.terminate()
        statuses[await oldest.wait()] += 1
        world.processes.pop(oldest)
    await world.settled()
    verdict = await judge(world, load.items)
    measured = (
        f"{verdict}; {sum(statuses.values())} restarts, exit status {dict(statuses)}; {len(load.items)} instances"
    )
    return Finding(measured, verdict.clean and set(statuses) <= {0})


async def _over(world: World, load: Load, later: int) -> bool:
    """Let a number of instances come to their end; tells whether those were the last."""
    most = world.times(ROLLED)
    query = "SELECT count(DISTINCT item) AS n FROM effect_log WHERE effect = 'finish'"
    wanted = min((await world.sql(query))[0]["n"] + later, most)
    await world.wait_for(lambda rows: rows[0]["n"] >= wanted, query, timeout_s=_PATIENCE_S)
    return wanted == most and len(load.items) == most


def _slow(world: World) -> str:
    return models.chain(world.prefix, ["slow"])


async def _cancel(world: World) -> None:
    """Leave no long job behind."""
    rows = await world.sql("SELECT process_instance_key FROM workflow WHERE state = 'RUNNING'")
    await asyncio.gather(*(world.engine.cancel(row["process_instance_key"]) for row in rows), return_exceptions=True)


ROWS = (
    Row("SIGSTOP past the lease, then CONT", "the late one writes nothing", frozen),
    Row("SIGTERM under load", "out within the deadline; handed-back jobs elsewhere within 2 s", terminated),
    Row("rolling restart, one worker at a time", "lost 0, double 0, stuck 0", rolled),
)

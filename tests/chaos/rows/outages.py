"""Engine and database away, again and again, and an engine that pushes back."""

from __future__ import annotations

import asyncio
import time

import grpc

from tests.chaos import models
from tests.chaos.forgotten import Forgotten, forgotten
from tests.chaos.load import Load, chained
from tests.chaos.oracle import judge
from tests.chaos.row import FORGETFUL, Finding, Row
from tests.chaos.world import World, median, until
from zeebe_fleet.adapters.fault_gateway import FaultGateway

ENGINE_KILLS = 30
MOVING_S = 15.0
CUTS_S = 600.0
PUSHBACK_S = 60.0
BACK_S = 5.0
_WORKERS = 2
_ASKED = 5
"""One instance of so many asks a person."""
_MOVING = "every type moving within 15 s of healthy; lost 0, double 0, stuck 0"


async def polite_engine_killed(world: World) -> Finding:
    """Kill an engine that forgets nothing."""
    held, forgot = await _engine_killed(world)
    return Finding(held.measured, held.holds and not forgot.jobs)


async def forgetful_engine_killed(world: World) -> Finding:
    """Kill an engine that forgets jobs; one that forgot none proves nothing."""
    held, forgot = await _engine_killed(world)
    return Finding(held.measured, held.holds and len(forgot.jobs) > 0)


async def _engine_killed(world: World) -> tuple[Finding, Forgotten]:
    """Kill the engine under load; every job type must move again soon after it is healthy."""
    world.received = (world.folder / f"{world.prefix}-received.txt").resolve()
    for role in ("human-tasks", "api"):
        world.keep(role)
    world.aside(world.people())
    types, load = await _under_load(world, ahead=100, asked=True)
    kills = world.times(ENGINE_KILLS)
    slowest_s = []
    for _ in range(kills):
        await moving(world, types)
        await asyncio.to_thread(world.stack.kill, "engine")
        await asyncio.to_thread(world.stack.start, "engine")
        slowest_s.append(await moving(world, types))
    await load.stop()
    await world.finished(load.items, timeout_s=600)
    await world.settled()
    verdict = await judge(world, load.items)
    forgot = await forgotten(world)
    worst_s = max(slowest_s)
    measured = (
        f"every type within {worst_s:.1f} s (median {median(slowest_s):.1f} s) of healthy; {verdict}; {forgot}; "
        f"{kills} kills over {len(load.items)} instances"
    )
    return Finding(measured, worst_s <= MOVING_S and verdict.clean and not forgot.activities), forgot


async def database_cut(world: World) -> Finding:
    """Kill PostgreSQL or cut its connections every 5 to 40 s."""
    _, load = await _under_load(world, ahead=60)
    end_s = time.monotonic() + CUTS_S * world.scale
    kills = cuts = 0
    while time.monotonic() < end_s:
        await asyncio.sleep(world.chance.uniform(5, 40))
        if world.chance.random() < 0.5:
            kills += 1
            await asyncio.to_thread(world.stack.kill, "database")
            await asyncio.to_thread(world.stack.start, "database")
        else:
            cuts += 1
            await world.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    await load.stop()
    await world.finished(load.items, timeout_s=600)
    await world.settled()
    verdict = await judge(world, load.items)
    done = f"{kills} kills and {cuts} cuts over {len(load.items)} instances"
    measured = f"{verdict}, {verdict.retries_spent} retries spent; {done}"
    return Finding(measured, verdict.clean and not verdict.retries_spent and kills + cuts > 0)


async def pushed_back(world: World) -> Finding:
    """Answer half of all calls with RESOURCE_EXHAUSTED for a while."""
    async with FaultGateway(world.addresses.engine_grpc, seed=world.chance.randrange(1000)) as gateway:
        world.gateway = gateway.address
        _, load = await _under_load(world, ahead=100)
        await asyncio.sleep(10)
        before = await _effects_in(world, 5)
        with gateway.inject(status=grpc.StatusCode.RESOURCE_EXHAUSTED, share=0.5) as fault:
            await asyncio.sleep(max(PUSHBACK_S * world.scale, 5))
        during = await _effects_in(world, 5)
        since_s = time.monotonic()
        back_s = await _back(world, before * 0.8, since_s)
        await load.stop()
        await world.finished(load.items, timeout_s=600)
        await world.settled()
        verdict = await judge(world, load.items)
        world.gateway = ""
    measured = (
        f"{verdict}, {verdict.retries_spent} retries spent; {before:.0f} effects/s before, {during:.0f} while "
        f"{fault.hits} calls were refused, back after {back_s:.1f} s"
    )
    return Finding(measured, verdict.clean and not verdict.retries_spent and back_s <= BACK_S)


async def _under_load(world: World, *, ahead: int, asked: bool = False) -> tuple[list[str], Load]:
    """Start work of twelve types; some of it asks a person."""
    types, expected = chained()
    chain = models.chain_with_person if asked else models.chain
    await world.deploy(chain=chain(world.prefix, types))
    world.keep("relay")
    for _ in range(_WORKERS):
        world.keep("worker")
    variables = (lambda n: {"person": n % _ASKED == 0}) if asked else (lambda _: {})
    load = Load(world, "chain", expected, ahead=ahead, variables=variables)
    await moving(world, types)
    return types, load


async def moving(world: World, types: list[str]) -> float:
    """Wait until each type has a new effect; returns how long the slowest took, in seconds."""
    since = (await world.sql("SELECT clock_timestamp() AS at"))[0]["at"]
    query = "SELECT DISTINCT effect FROM effect_log WHERE at > $1"
    await until(lambda: world.sql(query, since), lambda rows: set(types) <= {row["effect"] for row in rows}, 120)
    slowest = (
        "SELECT max(first) AS at FROM (SELECT min(at) AS first FROM effect_log WHERE at > $1 GROUP BY effect) AS f"
    )
    return float(((await world.sql(slowest, since))[0]["at"] - since).total_seconds())


async def _effects_in(world: World, last_s: float) -> float:
    """Count effects a second."""
    query = "SELECT count(*) AS n FROM effect_log WHERE at > clock_timestamp() - make_interval(secs => $1)"
    return float((await world.sql(query, last_s))[0]["n"]) / last_s


async def _back(world: World, wanted: float, since_s: float) -> float:
    """Wait until a second has the wanted number of effects; returns the seconds since."""
    await until(lambda: _effects_in(world, 1.0), lambda rate: rate >= wanted, 60)
    return time.monotonic() - since_s


ROWS = (
    Row("engine killed under load, 12 job types and a person", f"{_MOVING}; nothing forgotten", polite_engine_killed),
    Row("PostgreSQL killed or cut every 5-40 s", "lost 0, double 0, stuck 0, no retry spent", database_cut),
    Row("half of all calls RESOURCE_EXHAUSTED", "no retry spent, throughput back within 5 s", pushed_back),
)
FORGETFUL_ROWS = (
    Row(
        "engine killed under load, and it forgets what it handed out last",
        f"{_MOVING}; jobs forgotten > 0, no activity of such",
        forgetful_engine_killed,
        engine=(FORGETFUL,),
    ),
)

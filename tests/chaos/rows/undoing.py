"""Effects that must be taken back: once, in whatever gap the process went another way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import suppress

import grpc
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

from tests.chaos import models
from tests.chaos.oracle import Effects, judge
from tests.chaos.row import Finding, Row
from tests.chaos.rows.kill_points import kill
from tests.chaos.work import SLOTS
from tests.chaos.world import World, until
from zeebe_fleet.adapters.fault_gateway import FaultGateway
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.workers.contract.errors import EngineError

GAPS = 100
SAGAS = 50
_GAP_S = 8.0
_MET_S = 8.0
"""How long a kill may take to meet work, before there is more of it."""
_WAYS = ("timer", "cancel", "migration")
_MIGRATED = "migrated"


async def gaps(world: World) -> Finding:
    """Interrupt, cancel and migrate between COMMIT and the acknowledgement, which is held up for a while."""
    for way in (*_WAYS, _MIGRATED):
        undoing, keeping = (models.gap(world.prefix, name, undone=name == way) for name in (way, f"{way}-kept"))
        await world.deploy(**{way: undoing, f"{way}-kept": keeping})
    expected: dict[str, Effects] = {}
    async with FaultGateway(world.addresses.engine_grpc) as gateway:
        world.gateway = gateway.address
        gateway.inject("CompleteJob", about="written", delay_s=_GAP_S)
        world.keep("relay")
        world.keep("worker")
        playing = []
        turns = asyncio.Semaphore(SLOTS)  # more would wait for a slot, while their timers run
        for nth in range(max(world.times(GAPS), 6)):
            way, kept = _WAYS[nth % 3], nth % 2 == 1
            item = f"{world.prefix}-{way}-{nth}"
            expected[item] = _expected(way, kept=kept)
            playing.append(_in_turn(turns, _interfere(world, item, way, "-kept" if kept else "")))
        met = sum(await asyncio.gather(*playing))
        with suppress(TimeoutError):
            async with asyncio.timeout(150):
                while not (await judge(world, expected, last="")).clean:
                    await asyncio.sleep(2)
        await asyncio.sleep(5)
        verdict = await judge(world, expected, last="")
        world.gateway = ""
    return Finding(f"{verdict} over {len(expected)} gaps, {met} of them met", verdict.clean and met == len(expected))


async def _in_turn(turns: asyncio.Semaphore, interference: Awaitable[bool]) -> bool:
    async with turns:
        met = await interference
        await asyncio.sleep(_GAP_S)
        return met


async def _interfere(world: World, item: str, way: str, kind: str) -> bool:
    """Change the way of an instance in the gap; tells whether the engine did."""
    await world.start(f"{way}{kind}", {item: {}})
    await world.wait_for(bool, "SELECT 1 FROM effect_log WHERE item = $1 AND effect = 'write'", item)
    rows = await world.sql("SELECT process_instance_key FROM workflow WHERE business_key = $1", item)
    try:
        if way == "cancel":
            await world.engine.cancel(rows[0]["process_instance_key"])
        elif way == "migration":
            await _migrate(world, rows[0]["process_instance_key"], kind)
    except (EngineError, grpc.aio.AioRpcError) as error:
        (world.folder / f"{world.prefix}-missed.txt").open("a").write(f"{item}: {error}\n")
        return False
    return True


async def _migrate(world: World, instance_key: int, kind: str) -> None:
    """Move an instance, with what undoes its task, to the process that is like its own."""
    (row,) = await world.sql(
        "SELECT definition_key FROM process_definition WHERE process_name = $1", f"{world.prefix}-{_MIGRATED}{kind}"
    )
    plan = pb.MigrateProcessInstanceRequest.MigrationPlan(targetProcessDefinitionKey=row["definition_key"])
    for element_id in ("write", "finish") if kind else ("write", "write-undo", "finish"):
        plan.mappingInstructions.add(sourceElementId=element_id, targetElementId=element_id)
    request = pb.MigrateProcessInstanceRequest(processInstanceKey=instance_key, migrationPlan=plan)
    async with EngineConnection(address=world.addresses.engine_grpc).channel() as channel:
        await GatewayStub(channel).MigrateProcessInstance(request)


def _expected(way: str, *, kept: bool) -> Effects:
    """Say what must be there: the write, and its undoing where the process never heard of it and the model can."""
    if way == "migration":
        return Counter(["write", "finish"])
    wanted = Counter(["write"] if kept else ["write", "unwrite"])
    if way == "timer":
        wanted["finish"] = 1
    return wanted


async def sagas(world: World) -> Finding:
    """Compensate a loop of three and a multi-instance of three, with workers killed all the while."""
    await world.deploy(
        loop=models.compensated_loop(world.prefix), multi=models.compensated_multi_instance(world.prefix)
    )
    world.keep("relay")
    count = world.times(SAGAS)
    numbers = [f"write-{n}" for n in range(3)] + [f"unwrite-{n}" for n in range(3)]
    expected: dict[str, Effects] = {}
    points = [f"K{world.chance.randrange(7)}" for _ in range(count)]
    done: list[str] = []
    killers = [asyncio.create_task(kill(world, "worker", points[n::2], done)) for n in range(2)]
    nth = 0
    while nth < count or not _are_over(killers):
        loop, multi = (f"{world.prefix}-{process}-{nth}" for process in ("loop", "multi"))
        expected |= {item: Counter([*numbers, "finish"]) for item in (loop, multi)}
        await world.start("loop", {loop: {"nth": 0}})
        await world.start("multi", {multi: {"numbers": [0, 1, 2]}})
        nth, met = nth + 1, len(done)
        with suppress(TimeoutError):
            await until(lambda met=met: _same(len(done) > met or _are_over(killers)), bool, _MET_S)  # type: ignore[misc]
    await asyncio.gather(*killers)
    await world.finished(expected, timeout_s=600)
    await world.settled()
    verdict = await judge(world, expected)
    measured = f"{verdict}; {nth} loops and {nth} multi-instances, {len(done)} kills"
    return Finding(measured, verdict.clean and len(done) == count)


def _are_over(killers: Sequence[asyncio.Task[None]]) -> bool:
    return all(killer.done() for killer in killers)


async def _same(value: bool) -> bool:
    return value


ROWS = (
    Row("timer, cancel and migration between COMMIT and acknowledgement", "undone once, or kept, as modelled", gaps),
    Row("loop of three and multi-instance of three compensated, with kills", "each effect undone once", sagas),
)

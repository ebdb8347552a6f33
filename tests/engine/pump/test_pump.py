"""The pump: what it writes, what it does about a defect, and what it leaves to the collector."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.durability.killed import TASKS, three_tasks
from zeebe_fleet.engine import pump as module
from zeebe_fleet.engine.core.commands import BroadcastSignal, CompleteJob, CreateInstance, Deploy, SetVariables
from zeebe_fleet.engine.core.machine import Machine
from zeebe_fleet.engine.pump import Crashed, Pump, Stopped, Wish, open_pump

CREATE = CreateInstance("row")
DEPLOY = Deploy((("row.bpmn", three_tasks()),))
ONE = Wish(TASKS[0], "w", 60_000, 100)


@asynccontextmanager
async def running(data: Path | None, say: Callable[[str], None] = print) -> AsyncIterator[Pump]:
    """A pump at work."""
    pump = open_pump(data, say=say)
    await pump.start()
    try:
        yield pump
    finally:
        await pump.stop()


@dataclass(frozen=True, slots=True)
class Defective:
    """A command that changes something and then meets a defect."""

    process_instance_key: int

    def run(self, machine: Machine) -> None:
        """Change, then fail."""
        SetVariables(self.process_instance_key, '{"half":"done"}').run(machine)
        raise ZeroDivisionError


async def test_key_that_was_told_never_comes_again(tmp_path: Path) -> None:
    """Not even one of which nothing is left: a signal that nobody waits for, variables that are none."""
    async with running(tmp_path) as pump:
        await pump.run(DEPLOY)
        created = await pump.run(CREATE)
        told = await pump.run(BroadcastSignal("unheard"))
        told = max(told, await pump.run(SetVariables(created.process_instance_key)))
    async with running(tmp_path) as pump:
        assert (await pump.run(CREATE)).process_instance_key > told


async def test_defect_is_answered_and_nothing_of_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when a checkpoint is due; what came before it and what comes behind is carried out, and waits meanwhile."""
    monkeypatch.setattr(module, "RECORDS_A_CHECKPOINT", 1)
    said: list[str] = []
    async with running(tmp_path, said.append) as pump:
        await pump.run(DEPLOY)
        first = await pump.run(CREATE)
        polling = asyncio.ensure_future(pump.poll(Wish(TASKS[1], "w", 60_000), 10))
        (job,) = await pump.poll(ONE, None)
        answers: Any = await asyncio.gather(
            pump.run(CompleteJob(job.key)),
            pump.run(Defective(first.process_instance_key)),
            pump.run(CREATE),
            return_exceptions=True,
        )
        assert [type(one) for one in answers] == [type(None), Crashed, type(first)]
        assert answers[2].process_instance_key in pump.state.instances
        assert pump.state.instances[first.process_instance_key].variables is None
        assert [one.process_instance_key for one in await polling] == [first.process_instance_key]
    assert "Defective" in said[0]
    async with running(tmp_path) as pump:
        assert pump.state.instances[first.process_instance_key].variables is None


async def test_pump_stops_while_it_brings_its_state_back(tmp_path: Path) -> None:
    """Whoever waits is told so, and the directory is whole."""
    async with running(tmp_path, lambda text: None) as pump:
        await pump.run(DEPLOY)
        first = await pump.run(CREATE)
        defective = asyncio.ensure_future(pump.run(Defective(first.process_instance_key)))
        while pump._rebuilding is None:
            await asyncio.sleep(0)
        later = asyncio.ensure_future(pump.run(CREATE))
        await asyncio.sleep(0)
    assert isinstance(await asyncio.gather(later, return_exceptions=True), list)
    with pytest.raises(Stopped):
        await later
    with pytest.raises(Crashed):
        await defective
    async with running(tmp_path) as pump:
        assert pump.state.instances[first.process_instance_key].variables is None


async def test_collector_looks_at_nothing_that_lives_long(tmp_path: Path) -> None:
    """After the start and after each checkpoint what there is is left alone."""
    async with running(tmp_path) as pump:
        await pump.run(DEPLOY)
        for _ in range(200):
            await pump.run(CREATE)
        before = gc.get_freeze_count()
        pump.save()
        while pump._saving:
            await asyncio.sleep(0)
        held = gc.get_freeze_count()
        assert held - before > 200
    gc.unfreeze()
    async with running(tmp_path):
        assert gc.get_freeze_count() > 0
    gc.unfreeze()


async def test_pump_leaves_no_cycles_to_the_collector() -> None:
    """A thousand instances come and go by counting references alone: what is never looked at again may not leak."""
    async with running(None) as pump:
        await pump.run(DEPLOY)
        # The model is read when it is first needed, which leaves cycles once.
        await pump.run(CREATE)
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await asyncio.gather(*(pump.run(CREATE) for _ in range(1_000)))
            for job_type in TASKS:
                jobs = await pump.poll(Wish(job_type, "w", 60_000, 1_000), None)
                await asyncio.gather(*(pump.run(CompleteJob(job.key)) for job in jobs))
            assert len(pump.state.jobs) == 1
            gc.collect()
            ours = {type(one).__name__ for one in gc.garbage if type(one).__module__.startswith("zeebe_fleet.engine")}
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
    assert ours == set()

"""The switch that has the engine forget jobs at a kill, as the real one does: what it loses, and what not."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.engine.gateway.served import MODEL
from zeebe_fleet.engine.core.commands import CompleteJob, CreateInstance, Deploy
from zeebe_fleet.engine.core.jobs import ActivatedJob
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.journal import Journal, Settings
from zeebe_fleet.engine.pump import Pump, Wish, open_pump
from zeebe_fleet.engine.told import Told

ENOUGH_S = 15.0


async def begun(folder: Path) -> Pump:
    """A forgetful engine of a directory, with the model deployed."""
    pump = open_pump(folder, forgetful=True)
    await pump.start()
    await pump.run(Deploy((("p.bpmn", MODEL.format(name="p").encode()),)))
    return pump


async def job_of(pump: Pump) -> ActivatedJob:
    """The next job."""
    (job,) = await asyncio.wait_for(pump.poll(Wish("p", "tests", 60_000), ENOUGH_S), ENOUGH_S)
    return job


async def test_forgetful_engine_hands_out_what_a_kill_loses(tmp_path: Path) -> None:
    """Start and job are out; the disk of that moment knows neither, and both are made anew under other keys."""
    await (await begun(tmp_path / "data")).stop()
    late = Settings(late_s=60)
    pump = Pump(Journal.open(tmp_path / "data", say=print, settings=late), told=Told(tmp_path / "data"))
    await pump.start()
    created = await pump.run(CreateInstance("p"))
    lost = await job_of(pump)
    assert lost.process_instance_key == created.process_instance_key
    shutil.copytree(tmp_path / "data", tmp_path / "killed")
    await pump.stop()
    restarted = await begun(tmp_path / "killed")
    try:
        with pytest.raises(Rejected, match="no such job"):
            await restarted.run(CompleteJob(lost.key))
        anew = await job_of(restarted)
        assert anew.process_instance_key > lost.key
        await restarted.run(CompleteJob(anew.key))
        assert await restarted.poll(Wish("p", "tests", 60_000), None) == []
    finally:
        await restarted.stop()


async def test_forgetful_engine_keeps_what_it_answered(tmp_path: Path) -> None:
    """A job that is done is done: the disk as it is after the answer knows that."""
    pump = await begun(tmp_path / "data")
    await pump.run(CreateInstance("p"))
    await pump.run(CompleteJob((await job_of(pump)).key))
    shutil.copytree(tmp_path / "data", tmp_path / "killed")
    await pump.stop()
    restarted = await begun(tmp_path / "killed")
    try:
        assert await restarted.poll(Wish("p", "tests", 60_000), None) == []
    finally:
        await restarted.stop()

"""Deploying an app's processes to the real engine, and what a person is told about them."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.publication import deploy
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers.contract.errors import EngineRejected

SCAFFOLD = Path(__file__).parents[2] / "deploy" / "scaffold" / "myflows"
Place = tuple[Settings, Path]


@pytest.fixture
def app(
    engine: ZeebeEngine, addresses: Addresses, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """An app with a process and no task at all, and where its model is."""
    name = f"lonely_{uuid4().hex[:8]}"
    shutil.copytree(SCAFFOLD, tmp_path / name)
    (tmp_path / name / "tasks.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    zeebe = ZeebeSettings(address=addresses.engine_grpc, rest_address=addresses.engine_rest)
    model = next((tmp_path / name).rglob("*.bpmn"))
    return Settings(app=name, database_url=database_url, zeebe=zeebe), model


async def test_job_type_without_a_task_is_a_warning(app: Place) -> None:
    """The process is deployed all the same: another worker may do it."""
    settings, _ = app
    deployment = await deploy(settings)
    assert [one.process_name for one in deployment.processes] == ["greeting"]
    assert any("no task of this app does" in warning for warning in deployment.warnings)


async def test_model_without_the_fleets_listeners_is_a_warning(app: Place) -> None:
    """Its workflows are found by their first job, and their end only by asking."""
    settings, model = app
    model.write_text(model.read_text().replace('type="fleet-ended"', 'type="other"'))
    deployment = await deploy(settings)
    assert any("no fleet-adopt and fleet-ended listeners" in warning for warning in deployment.warnings)


async def test_model_that_the_engine_refuses_is_told_in_its_words(app: Place) -> None:
    """With file and line of what is wrong."""
    settings, model = app
    model.write_text(model.read_text().replace("<zeebe:taskDefinition ", "<zeebe:noDefinition ", 1))
    with pytest.raises(EngineRejected, match=r"greeting\.bpmn:\d+"):
        await deploy(settings)

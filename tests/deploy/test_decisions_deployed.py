"""Decisions that are deployed with their package, on the real engine."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.bpmn.decided import bpmn, decisions, write_package
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.publication import deploy
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.outcomes import Complete

App = tuple[Settings, Path]


@pytest.fixture
def app(
    engine: ZeebeEngine, addresses: Addresses, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> App:
    """An app without packages, and where they go."""
    name = f"decided_{uuid4().hex[:8]}"
    (tmp_path / name).mkdir()
    for file in ("__init__.py", "tasks.py"):
        (tmp_path / name / file).write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    zeebe = ZeebeSettings(address=addresses.engine_grpc, rest_address=addresses.engine_rest)
    return Settings(app=name, database_url=database_url, zeebe=zeebe), tmp_path / name / "processes"


async def percent(engine: ZeebeEngine, name: str, size: str) -> object:
    """Start a process and return what its decision gave."""
    await engine.start(process_name=name, variables={"size": size})
    (job,) = await engine.activate(f"{name}.tell", limit=1, lease_s=10, worker="tests", poll_s=5)
    await engine.complete(job.key, Complete({}))
    return job.variables["percent"]


async def versions(settings: Settings) -> dict[str, int]:
    """Deploy, and return the engine's versions."""
    return {one.process_name: one.version for one in (await deploy(settings)).processes}


async def test_task_decides_by_what_was_deployed_with_it(app: App, engine: ZeebeEngine) -> None:
    """A changed decision is a new version of its process; unchanged, both stay what they are."""
    settings, processes = app
    name = f"d{uuid4().hex[:8]}"
    folder = write_package(processes, name)
    other = f"d{uuid4().hex[:8]}"
    write_package(processes, other, percent="5")

    assert await versions(settings) == {name: 1, other: 1}
    assert [await percent(engine, name, size) for size in ("large", "small")] == [10, 0]
    assert await versions(settings) == {name: 1, other: 1}
    (folder / "rules.dmn").write_text(decisions(name, percent="20"))
    assert await versions(settings) == {name: 2, other: 1}
    assert [await percent(engine, one, "large") for one in (name, other)] == [20, 5]


async def test_instance_keeps_the_decision_it_was_started_with(app: App, engine: ZeebeEngine) -> None:
    """Where the task is bound to its deployment; the latest is taken where it says so."""
    settings, processes = app
    name = f"d{uuid4().hex[:8]}"
    folder = write_package(processes, name)
    (bound,) = (await deploy(settings)).processes
    (folder / "rules.dmn").write_text(decisions(name, percent="20"))
    (folder / f"{name}.bpmn").write_bytes(bpmn(name, binding="latest"))
    (latest,) = (await deploy(settings)).processes
    (folder / "rules.dmn").write_text(decisions(name, percent="30"))
    await deploy(settings)
    found = []
    for one in (bound, latest):
        await engine.start(definition_key=one.definition_key, variables={"size": "large"})
        (job,) = await engine.activate(f"{name}.tell", limit=1, lease_s=10, worker="tests", poll_s=5)
        await engine.complete(job.key, Complete({}))
        found.append(job.variables["percent"])
    assert found == [10, 30]


async def test_nothing_is_deployed_where_a_decision_is_refused(app: App, engine: ZeebeEngine) -> None:
    """With file, line and the engine's words, before the engine is asked at all."""
    settings, processes = app
    name = f"d{uuid4().hex[:8]}"
    folder = write_package(processes, name)
    other = write_package(processes, f"d{uuid4().hex[:8]}")
    (folder / "rules.dmn").write_text(decisions(name, policy="OUTPUT ORDER"))
    with pytest.raises(DefinitionError, match=r"rules\.dmn:5: Hit policy 'OUTPUT ORDER' is not supported"):
        await deploy(settings)
    assert await engine.definitions(other.name) == []

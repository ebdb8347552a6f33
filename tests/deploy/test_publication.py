"""Deploying an app's processes to the real engine, and what a person is told about them."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.package import load_packages
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.publication import batches, deploy
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers.contract.errors import EngineRejected

SCAFFOLD = Path(__file__).parents[2] / "deploy" / "scaffold" / "project" / "myflows"
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


def _named(folder: Path, name: str, *, calls: str = "") -> None:
    """Write a second process like the first, into a package of its own."""
    package = folder / "processes" / name
    shutil.copytree(folder / "processes/greeting", package)
    (package / "greeting.bpmn").rename(package / f"{name}.bpmn")
    for file in filter(Path.is_file, package.rglob("*.*")):
        file.write_text(file.read_text().replace("greeting", name))
    if calls:
        model = package / f"{name}.bpmn"
        call = (
            '<bpmn:callActivity id="call"><bpmn:extensionElements>'
            f'<zeebe:calledElement processId="{calls}" bindingType="deployment" /></bpmn:extensionElements>'
            "</bpmn:callActivity></bpmn:process>"
        )
        model.write_text(model.read_text().replace("</bpmn:process>", call))


async def _versions(settings: Settings) -> dict[str, int]:
    return {one.process_name: one.version for one in (await deploy(settings)).processes}


async def test_only_what_changed_gets_a_new_version(app: Place) -> None:
    """A package that is as it was keeps its version, whatever else is deployed with it."""
    settings, model = app
    other = f"other_{uuid4().hex[:8]}"
    _named(model.parents[2], other)
    first = await _versions(settings)
    model.write_text(model.read_text().replace("</bpmn:process>", f"<!-- {other} --></bpmn:process>"))

    assert await _versions(settings) == first | {"greeting": first["greeting"] + 1}
    assert await _versions(settings) == first | {"greeting": first["greeting"] + 1}


async def test_nothing_is_deployed_when_one_of_the_changed_is_refused(app: Place) -> None:
    """What changed is deployed all together or not at all."""
    settings, model = app
    other = f"other_{uuid4().hex[:8]}"
    _named(model.parents[2], other)
    first = await _versions(settings)
    good = model.read_text()
    model.write_text(good.replace("</bpmn:process>", "<!-- changed --></bpmn:process>"))
    bad = model.parents[1] / other / f"{other}.bpmn"
    was = bad.read_text()
    bad.write_text(was.replace("<zeebe:taskDefinition ", "<zeebe:noDefinition ", 1))
    with pytest.raises(EngineRejected):
        await deploy(settings)
    model.write_text(good)
    bad.write_text(was)

    assert await _versions(settings) == first


def test_packages_of_one_deployment_stay_together(tmp_path: Path) -> None:
    """A process that calls another of the same deployment is deployed with it, changed or not."""
    shutil.copytree(SCAFFOLD, tmp_path / "app")
    _named(tmp_path / "app", "caller", calls="greeting")
    _named(tmp_path / "app", "apart")
    packages = load_packages(tmp_path / "app/processes")
    known = {one.manifest.name: one.resources()[0].content.decode() for one in packages}
    names = [[one.manifest.name for one in batch] for batch in batches(packages, known)]
    changed = [[one.manifest.name for one in batch] for batch in batches(packages, known | {"greeting": "older"})]

    assert names == [["apart"], ["caller", "greeting"]]
    assert changed == [["caller", "greeting"], ["apart"]]

"""A version that decides is started with the decision it was published with."""

from __future__ import annotations

from pathlib import Path

from tests.bpmn.decided import write_package
from tests.graphql_api.versions.conftest import World, new_name
from zeebe_fleet.bpmn.tooling.artifact import artifact_of
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.deploy.arrivals import deploy_artifact
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.outcomes import Complete


async def percent(world: World, name: str, version: str) -> object:
    """Start a version, and return what its decision gave."""
    await world.started(name, version, variables={"size": "large"})
    (job,) = await world.engine.activate(f"{name}.tell", limit=1, lease_s=10, worker="tests", poll_s=5)
    await world.engine.complete(job.key, Complete({}))
    return job.variables["percent"]


async def test_version_decides_by_its_own_decision(world: World, tmp_path: Path) -> None:
    """An engine that has neither gets model and decision from the store; the older version keeps its own rules."""
    name = new_name()
    for version, off in (("1.0.0", "10"), ("1.0.1", "20")):
        folder = write_package(tmp_path / version, name, version, off)
        await world.shelf.put(artifact_of(load_package(folder)))
    told = [await percent(world, name, version) for version in ("1.0.0", "1.0.1", "1.0.0")]
    assert (told, await world.engine_versions(name)) == ([10, 20, 10], [1, 2])


async def test_version_that_is_deployed_on_purpose_brings_its_decision(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    """From its artifact, as a plain start finds it."""
    name = new_name()
    await world.shelf.put(artifact_of(load_package(write_package(tmp_path, name, "1.0.0", "15"))))
    (said,) = await deploy_artifact(settings, name, "1.0.0")
    assert "is version 1" in said
    await world.engine.start(process_name=name, variables={"size": "large"})
    (job,) = await world.engine.activate(f"{name}.tell", limit=1, lease_s=10, worker="tests", poll_s=5)
    await world.engine.complete(job.key, Complete({}))
    assert job.variables["percent"] == 15


async def test_version_is_not_taken_for_what_a_folder_deployed_with_another_decision(
    world: World, tmp_path: Path
) -> None:
    """The same model but for its decision is another definition, whatever either calls itself."""
    name = new_name()
    local = load_package(write_package(tmp_path / "tried", name, "1.0.0", "1"))
    text = local.resources()[0].content.decode()
    await world.definitions.save(await world.engine.deploy(local.resources()), lambda _: text)
    await world.shelf.put(artifact_of(load_package(write_package(tmp_path / "published", name, "1.0.0", "20"))))
    assert await percent(world, name, "1.0.0") == 20

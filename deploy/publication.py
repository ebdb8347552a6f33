"""Deploys an app's process packages and keeps what the engine called them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, load_packages
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.app import App, load_app
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED
from zeebe_fleet.workers.contract.ports import DeployedProcess

_OURS = frozenset({ADOPT, ENDED})


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was deployed, and what a person should know about it."""

    processes: Sequence[DeployedProcess]
    warnings: Sequence[str]


async def deploy(settings: Settings) -> Deployment:
    """Bring the records up to date, deploy all packages of the app at once, and remember their models.

    Raises:
        DefinitionError: a package cannot be read, or the data models lack a migration.
        EngineRejected: the engine refuses a model, in its own words.
    """
    app = load_app(settings.app)
    packages = load_packages(app.processes)
    await migrate(settings.database_url)
    await _bring_models(settings.database_url, app)
    resources = {resource.name: resource for package in packages for resource in package.resources()}
    async with bootstrap.core(settings) as core:
        deployed = await core.engine.deploy(list(resources.values()))
        inputs = {package.manifest.name: package.manifest.input for package in packages}
        await core.definitions.save(deployed, lambda name: resources[name].content.decode(), inputs)
    return Deployment(deployed, [w for package in packages for w in _warnings(package, app.tasks.keys())])


async def _bring_models(database_url: str, app: App) -> None:
    """Run the migrations of the app's data models; what none of them says is refused before anything is deployed."""
    if not app.namespaces:
        return
    from zeebe_fleet.adapters.postgres.models import check_models, upgrade_models

    await upgrade_models(database_url, app.namespaces)
    await check_models(database_url, app.namespaces, app.name)


def _warnings(package: ProcessPackage, job_types: Collection[str]) -> list[str]:
    name, model = package.manifest.name, package.model
    missing = sorted(set(model.job_types.values()) - set(job_types) - _OURS)
    found = [
        f"{name}: no task of this app does {job_type!r} jobs; instances will wait there for another worker."
        for job_type in missing
    ]
    if not model.has_listeners:
        found.append(
            f"{name}: no fleet-adopt and fleet-ended listeners; its workflows are adopted by their first job "
            "and their end is only found by asking."
        )
    return found

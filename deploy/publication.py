"""Deploys an app's process packages and keeps what the engine called them.

Of resources that are deployed together, engines give all a new version as soon as one is new. So only what changed is
deployed together, all of it or nothing; what did not change is deployed after it, by itself, and keeps its version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.case import case_folders, load_case
from zeebe_fleet.bpmn.tooling.case.definition import SystemStep
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, load_package, load_packages
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.app import App, load_app
from zeebe_fleet.deploy.arrivals import known_versions
from zeebe_fleet.deploy.lint.contracts import broken_contracts
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.cases import GENERIC_CASE
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED
from zeebe_fleet.workers.contract.ports import DeployedProcess
from zeebe_fleet.workers.task import Task

_OURS = frozenset({ADOPT, ENDED})


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was deployed, and what a person should know about it."""

    processes: Sequence[DeployedProcess]
    warnings: Sequence[str]


async def deploy(settings: Settings, app: App | None = None) -> Deployment:
    """Bring the records up to date, deploy the packages of the app, and remember their models.

    Args:
        settings: lead to engine and records.
        app: the app, where it is loaded already; else it is the settings'.

    Raises:
        DefinitionError: a package cannot be read, or the data models lack a migration.
        EngineRejected: the engine refuses a model, in its own words.
    """
    app = app or load_app(settings.app)
    packages = packages_of(app)
    await migrate(settings.database_url)
    await _bring_models(settings.database_url, app)
    resources = {resource.name: resource for package in packages for resource in package.resources()}
    deployed: list[DeployedProcess] = []
    async with bootstrap.core(settings) as core, known_versions(settings) as known:
        inputs = {package.manifest.name: package.manifest.input for package in packages}
        access = {package.manifest.name: package.manifest.access.to_json() for package in packages}
        for batch in batches(packages, await core.definitions.latest()):
            async with known.deploying():
                processes = await core.engine.deploy([one for package in batch for one in package.resources()])
                await core.definitions.save(processes, lambda name: resources[name].content.decode(), inputs, access)
            deployed += processes
    deployed.sort(key=lambda process: process.process_name)
    warnings = [w for package in packages for w in _warnings(package, app.tasks)]
    return Deployment(deployed, [*warnings, *_case_warnings(app)])


def packages_of(app: App) -> list[ProcessPackage]:
    """Return what is deployed for an app: its packages, and where it runs cases, the process that runs them."""
    packages = load_packages(app.processes)
    if app.runs_cases and GENERIC_CASE not in {package.manifest.name for package in packages}:
        packages.append(load_package(PROCESSES / GENERIC_CASE))
    return packages


def batches(packages: Sequence[ProcessPackage], known: Mapping[str, str]) -> list[list[ProcessPackage]]:
    """Return what to deploy together: first all that changed, then what did not, each by itself.

    Packages that call each other's processes of the same deployment stay together.

    Args:
        known: the newest models as deployed, by the name of the process.
    """
    changed: list[ProcessPackage] = []
    unchanged: list[list[ProcessPackage]] = []
    for bundle in _bundles(packages):
        if all(_text(package) == known.get(package.manifest.name) for package in bundle):
            unchanged.append(bundle)
        else:
            changed += bundle
    return [changed, *unchanged] if changed else unchanged


def _bundles(packages: Sequence[ProcessPackage]) -> list[list[ProcessPackage]]:
    bundles: list[list[ProcessPackage]] = []
    for package in packages:
        bound = [one for one in bundles if any(_calls(package, other) or _calls(other, package) for other in one)]
        bundles = [one for one in bundles if one not in bound]
        bundles.append([*(other for one in bound for other in one), package])
    return bundles


def _calls(package: ProcessPackage, other: ProcessPackage) -> bool:
    """Tell whether a package calls another's process as it is in the same deployment.

    Source: `bindingType` of `zeebe:calledElement`, Camunda 8.6, "Choosing the resource binding type".
    """
    called = package.document.root.iter(f"{{{xml.ZEEBE}}}calledElement")
    return any(one.get("bindingType") == "deployment" and one.get("processId") == other.manifest.name for one in called)


def _text(package: ProcessPackage) -> str:
    """Return the model as it is deployed, which says of its decisions what they are."""
    model, *_ = package.resources()
    return model.content.decode()


async def _bring_models(database_url: str, app: App) -> None:
    """Run the migrations of the app's data models; what none of them says is refused before anything is deployed."""
    if not app.namespaces:
        return
    from zeebe_fleet.adapters.postgres.models import check_models, upgrade_models

    await upgrade_models(database_url, app.namespaces)
    await check_models(database_url, app.namespaces, app.name)


def _case_warnings(app: App) -> list[str]:
    asked = {
        (definition.name, step.job_type)
        for definition in (load_case(folder).definition for folder in case_folders(app.processes))
        for step in definition.steps
        if isinstance(step, SystemStep)
    }
    return [_undone(name, job_type) for name, job_type in sorted(asked) if job_type not in app.tasks]


def _undone(name: str, job_type: str) -> str:
    return f"{name}: no task of this app does {job_type!r} jobs; instances will wait there for another worker."


def _warnings(package: ProcessPackage, tasks: Mapping[str, Task]) -> list[str]:
    name, model = package.manifest.name, package.model
    asked = {one for one in model.job_types.values() if not xml.is_expression(one)}
    missing = sorted(asked - tasks.keys() - _OURS)
    found = [_undone(name, job_type) for job_type in missing]
    found += [f"{name}: {one.element_id}: {one.message}" for one in broken_contracts(package, tasks)]
    if not model.has_listeners:
        found.append(
            f"{name}: no fleet-adopt and fleet-ended listeners; its workflows are adopted by their first job "
            "and their end is only found by asking."
        )
    return found

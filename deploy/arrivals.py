"""Published versions that are brought here: by who starts them, and by `fleet deploy --artifact`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from zeebe_fleet.adapters.postgres.published import PostgresVersions
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.bpmn.tooling.versions import ProcessVersions
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.bootstrap import Core
from zeebe_fleet.deploy.published import definitions_of
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.versions import ANY_VERSION, VersionRange


@asynccontextmanager
async def known_versions(settings: Settings) -> AsyncIterator[PostgresVersions]:
    """Open the records of published versions."""
    known = PostgresVersions(settings.database_url)
    try:
        yield known
    finally:
        await known.close()


@asynccontextmanager
async def process_versions(core: Core) -> AsyncIterator[ProcessVersions | None]:
    """Open what brings published versions here; nothing where no store of them is set."""
    artifacts = core.settings.artifacts
    published = definitions_of(artifacts)
    if published is None:
        yield None
        return
    async with known_versions(core.settings) as known:
        yield ProcessVersions(published, known, core.engine, partial(stamp, artifacts.publishers))


async def deploy_artifact(settings: Settings, name: str, version: str) -> list[str]:
    """Deploy a published version on purpose, whatever is deployed; returns what a person is told.

    Raises:
        FleetError: it cannot be had, is not to be believed, or the engine does not take it.
    """
    wanted = VersionRange.read(version) if version else ANY_VERSION
    if wanted is None:
        raise FleetError(f"{version[:100]!r} is not a version.", "Write --version 1.2.0, or a range: 1.2.x, 1.x, ^1.2.")
    await migrate(settings.database_url)
    async with bootstrap.core(settings) as core, process_versions(core) as versions:
        if versions is None:
            raise FleetError("No store of published definitions is set.", "Name it in FLEET_ARTIFACTS__STORE.")
        known, deployed = await versions.deploy(name, wanted)
    if known.kind == "case":
        return [f"{name} {known.version} is a case: it is known here now, and nothing of it is deployed."]
    return [
        f"{one.process_name} {known.version} is version {one.version} (key {one.definition_key}), the engine's latest"
        for one in deployed
    ]


def stamp(publishers: Path) -> Hashable:
    """Tell by another value that the file was written anew; where it cannot be read, nobody is believed."""
    try:
        state = publishers.stat()
    except OSError:
        return object()
    return state.st_ino, state.st_size, state.st_mtime_ns

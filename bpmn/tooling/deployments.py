"""Which definition of the engine a published version is, and whether one may be made of it.

An engine takes what was deployed last for its latest version: a version that is older than what is deployed would take
plain starts, timers, messages and calls back to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence

from zeebe_fleet.bpmn.tooling.artifact.reading import resources_of
from zeebe_fleet.workers.contract.artifacts import Artifact, parsed_name, version_order
from zeebe_fleet.workers.contract.errors import EngineRejected
from zeebe_fleet.workers.contract.ports import DeployedProcess, Engine, EngineDefinition
from zeebe_fleet.workers.contract.refusals import VersionNotDeployed
from zeebe_fleet.workers.contract.versions import DeployedModel, KnownVersion, KnownVersions

_MOST = 20
"""Of the definitions that the records do not know: each model is read from the engine."""


class Deployments:
    """Finds and makes definitions of published versions.

    Args:
        known: the records.
        engine: takes what is deployed.
    """

    def __init__(self, known: KnownVersions, engine: Engine) -> None:
        self._known = known
        self._engine = engine

    async def find(self, known: KnownVersion, read: Callable[[], Awaitable[Artifact]]) -> bool:
        """Tell whether a version is deployed, by its bytes, and note which definition it is.

        What the records do not know is asked of the engine: whoever deployed it may have died before it was noted.

        Args:
            read: reads the version.

        Raises:
            VersionNotDeployed: it is not, and something is that is newer, or might be.
        """
        models = await self._known.deployed(known.name)
        for model in models:
            if model.model_sha256 == known.model_sha256:
                await self._known.place(known, model.definition_key)
                return True
        strangers = await self._strangers(known.name, models)
        for one in strangers[:_MOST]:
            if hashlib.sha256(await self._engine.model(one.definition_key)).hexdigest() == known.model_sha256:
                found = DeployedProcess(known.name, one.version, one.definition_key, one.resource_name)
                await self._known.deploy(await read(), [found])
                return True
        check_newest(known, [*models, *map(_unvouched, strangers)])
        return False

    async def deploy(self, artifact: Artifact) -> Sequence[DeployedProcess]:
        """Deploy a version: the engine's latest from now on; the same bytes as its latest stay what they are."""
        deployed = await self._engine.deploy(resources_of(artifact))
        await self._known.deploy(artifact, deployed)
        return deployed

    async def _strangers(self, name: str, models: Sequence[DeployedModel]) -> list[EngineDefinition]:
        """Return what was deployed past the fleet, where the engine can say so: before 8.8 it cannot."""
        try:
            definitions = await self._engine.definitions(name)
        except EngineRejected:
            return []
        here = {one.definition_key for one in models}
        return [one for one in definitions if one.definition_key not in here]


def check_newest(known: KnownVersion, models: Sequence[DeployedModel]) -> None:
    """See that nothing which is deployed is newer than a version, or might be.

    Raises:
        VersionNotDeployed: something is.
    """
    for model in models:
        engine = f"engine:{model.engine_version}"
        said = [version_order(one) for one in model.versions if parsed_name(f"{known.name}_v{one}.yaml")]
        if not said:
            why = f"{engine} is deployed, and nothing says that it is older."
            raise VersionNotDeployed(known.name, known.version, why)
        if max(said) > version_order(known.version):
            newer = ".".join(map(str, max(said)))
            why = f"{newer} ({engine}) is deployed, and plain starts, timers, messages and calls would move back."
            raise VersionNotDeployed(known.name, known.version, why)


def _unvouched(definition: EngineDefinition) -> DeployedModel:
    said = [definition.version_tag] if definition.version_tag else []
    return DeployedModel(definition.definition_key, definition.version, "", said)

"""The store of definitions on one machine: a folder in the stack's data, with a key and a policy of its own.

What an app's packages hold is published there when the app comes up, so that it can be started by its version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from zeebe_fleet.bpmn.tooling.artifact.reading import BETWEEN
from zeebe_fleet.bpmn.tooling.publishing import NothingToPublish, Planner, State, gathered, publish
from zeebe_fleet.bpmn.tooling.versioning import Change
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.artifacts import Artifact
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError

_PUBLISHER = "this machine"


def with_local_store(settings: Settings) -> Settings:
    """Point the settings at the store of the local stack, unless they name one."""
    if settings.artifacts.store:
        return settings
    folder = _folder(settings)
    named = {"store": str(folder / "store"), "publishers": folder / "publishers.yaml"}
    return settings.model_copy(update={"artifacts": settings.artifacts.model_copy(update=named)})


async def publish_locally(settings: Settings, processes: Path) -> list[str]:
    """Publish what is new of an app's packages, where the store is the local one; nothing that fails ends a start.

    Returns:
        What a person should know: what differs from what is published under its version, and what cannot be published.
    """
    if settings.artifacts.store != str(_folder(settings) / "store"):
        return []
    try:
        return await _publish(settings.artifacts, await asyncio.to_thread(gathered, processes))
    except NothingToPublish:
        return []
    except (FleetError, OSError) as error:
        told = f"{error.message} {error.suggestion}" if isinstance(error, FleetError) else str(error)
        return [f"Nothing was published on this machine: {told}".strip()]


async def _publish(artifacts: ArtifactsSection, packages: Sequence[Artifact]) -> list[str]:
    """Look at those that are not there byte for byte; most often there is none."""
    store = Path(artifacts.store)
    fresh = [one for one in packages if not _is_there(one, store)]
    if not fresh:
        return []
    from zeebe_fleet.adapters.artifacts.folder import FolderStore
    from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy

    key = await asyncio.to_thread(_key, artifacts)
    opened, policy = FolderStore(store), read_policy(artifacts.publishers)
    plans = await Planner(opened, policy).plan(fresh)
    going = [plan for plan in plans if plan.state is State.NEW]
    async for _ in publish(going, opened, policy, key.get_secret_value()):
        pass
    return [
        f"{_why(plan.artifact, plan.refusal, plan.changes)} It is deployed all the same."
        for plan in plans
        if plan.refusal
    ]


def _why(artifact: Artifact, refusal: DefinitionError, changes: Sequence[Change]) -> str:
    """Say it in a line where it is the version alone: `fleet publish --dry-run` tells every change."""
    if not changes:
        return f"{refusal.message} {refusal.suggestion}"
    advice, _, _ = refusal.suggestion.partition(". ")
    return f"{artifact.name} {artifact.version} is published on this machine with other content. {advice.rstrip('.')}."


def _is_there(artifact: Artifact, store: Path) -> bool:
    signed = artifact.content[:-1] + BETWEEN
    try:
        with (store / artifact.file).open("rb") as file:
            return file.read(len(signed)) == signed
    except OSError:
        return False


def _key(artifacts: ArtifactsSection) -> SecretStr:
    """Return this machine's key; the policy that trusts it is made with it."""
    from zeebe_fleet.deploy.keys import key_in, new_key

    key = artifacts.publishers.with_name("signing.key")
    if not (key.exists() and artifacts.publishers.exists()):
        key.parent.mkdir(parents=True, exist_ok=True)
        key.unlink(missing_ok=True)
        artifacts.publishers.write_text(new_key(_PUBLISHER, key), encoding="utf-8")
    return key_in(key)


def _folder(settings: Settings) -> Path:
    return StateDir(settings.state).data / "definitions"

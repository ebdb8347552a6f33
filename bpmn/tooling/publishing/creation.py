"""Creates what was planned."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from zeebe_fleet.bpmn.tooling.artifact.policy import Policy
from zeebe_fleet.bpmn.tooling.artifact.reading import read_artifact
from zeebe_fleet.bpmn.tooling.artifact.signing import sign, verify
from zeebe_fleet.bpmn.tooling.publishing.planning import Plan, State
from zeebe_fleet.workers.contract.artifacts import Artifact, ArtifactExists, ArtifactStore, Published, Signed
from zeebe_fleet.workers.contract.errors import DefinitionError


async def publish(plans: Sequence[Plan], store: ArtifactStore, policy: Policy, key: str) -> AsyncIterator[Published]:
    """Create what is new, in order, and yield each when it is there.

    Each is signed, and the signature looked at as any reader does, before the first is created.

    Args:
        key: the private key, PEM.

    Raises:
        DefinitionError: the key's holder may not publish one of them, or somebody else just published another.
        StoreAway, StoreUnfit: the store does not answer, or cannot be relied on.
    """
    signed = [_signed(plan.artifact, policy, key) for plan in plans if plan.state is State.NEW]
    if signed:
        await store.check()
    for one in signed:
        try:
            await store.create(one.artifact.file, one.stored)
        except ArtifactExists:
            await _lost(one, store, policy)
        yield one


def _signed(artifact: Artifact, policy: Policy, key: str) -> Published:
    stored = sign(artifact, key)
    signed = read_artifact(stored, artifact.file)
    publisher = verify(signed, policy)
    if _is_retired(signed, policy):
        raise DefinitionError(
            f"{artifact.file}: the key of {publisher} is retired: it publishes no more.",
            f"Sign with the key that follows it, which {policy.file} names.",
        )
    return Published(artifact, publisher, stored)


def _is_retired(signed: Signed, policy: Policy) -> bool:
    """Tell whether it is the key that is retired: its holder may have another by now."""
    return any(publisher.retired for one in signed.signatures if (publisher := policy.by_key(one.keyid)))


async def _lost(one: Published, store: ArtifactStore, policy: Policy) -> None:
    """Say who was faster, unless they published the same."""
    file = one.artifact.file
    signed = read_artifact(await store.fetch(file), file)
    if signed.artifact.sha256 == one.artifact.sha256:
        return
    raise ArtifactExists(
        f"{file} was published by {verify(signed, policy)} meanwhile, with other content"
        f" (SHA-256 {signed.artifact.sha256}).",
        "What is published never changes: take up what they changed, and publish a higher version.",
    )

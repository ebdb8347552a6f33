"""What `fleet doctor` asks of the store of published definitions, and of who may publish; it creates nothing there."""

from __future__ import annotations

from zeebe_fleet.adapters.artifacts import store_of
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.deploy.settings import Settings


async def check_store(settings: Settings) -> str:
    """Look at what is published.

    Raises:
        FleetError: the store cannot be used, or nobody may publish.
    """
    artifacts = settings.artifacts
    store = store_of(artifacts.store, artifacts.access())
    published = await store.listing()
    policy = read_policy(artifacts.publishers)
    names = ", ".join(one.name for one in policy.publishers.values() if not one.revoked)
    return f"{store.address} has {len(published)} published version(s); signatures of {names or 'nobody'} count."

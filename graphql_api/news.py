"""Reads what changed, once for everybody who listens.

A change is told to all subscribers in the same turn of the loop; their reads become one query, whoever they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from zeebe_fleet.graphql_api.settings import ApiServices
from zeebe_fleet.workers.contract.api_records import ActivityRecord, WorkflowRecord
from zeebe_fleet.workers.contract.principal import FLEET, Principal

R = TypeVar("R")


class News:
    """What subscribers read of a change; nothing is kept, so that nobody is shown what was."""

    def __init__(self, services: ApiServices) -> None:
        self.workflow: DataLoader[UUID, WorkflowRecord | None] = _shared(services.workflows.by_id)
        self._activity: DataLoader[UUID, ActivityRecord | None] = _shared(
            lambda ids: services.activities.visible(FLEET, ids)
        )

    async def activity(self, principal: Principal, activity_id: UUID) -> ActivityRecord | None:
        """Return an activity, if the principal may see it."""
        found = await self._activity.load(activity_id)
        return found if found and found.may_be_seen_by(principal) else None


def _shared(load: Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, R]]]) -> DataLoader[UUID, R | None]:
    async def read(keys: list[UUID]) -> list[R | None]:
        found = await load(list(set(keys)))
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=read, cache=False)

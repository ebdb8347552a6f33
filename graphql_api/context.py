"""What every resolver is given: who asks, the ports, and loaders that read in batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from zeebe_fleet.graphql_api.auth import Session
from zeebe_fleet.graphql_api.news import News
from zeebe_fleet.graphql_api.policy.decisions import Accesses, Policy
from zeebe_fleet.graphql_api.sessions import NotSignedIn, Sessions
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.graphql_api.shares import Share
from zeebe_fleet.workers.contract.allowance import reading
from zeebe_fleet.workers.contract.api_records import (
    ActivityEventRecord,
    ActivityRecord,
    AttemptRecord,
    DefinitionRecord,
    ElementLoad,
    StepRecord,
    WorkflowEventRecord,
    WorkflowRecord,
)
from zeebe_fleet.workers.contract.principal import Principal

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks, for how long they may, and what decides about it."""

    principal: Principal
    session: Session | None
    sessions: Sessions
    accesses: Accesses
    share: Share

    async def check(self) -> None:
        """See to it that what follows is decided by what holds now.

        Raises:
            NotSignedIn: the session is over.
        """
        if await self.sessions.is_over(self.session):
            raise NotSignedIn("Your session is over.", "Sign in again.")
        await self.accesses.freshen()


class Context:
    """One request, or one subscription for as long as it lasts.

    The loaders batch and do not cache, so that a subscription never shows what it saw before.
    """

    def __init__(self, signed_in: SignedIn, services: ApiServices, settings: ApiSettings, news: News) -> None:
        self.signed_in = signed_in
        self.principal = principal = signed_in.principal
        self.services = services
        self.settings = settings
        self.news = news
        workflows, activities = services.workflows, services.activities
        self.workflow: DataLoader[UUID, WorkflowRecord | None] = _one(workflows.by_id)
        self.children: DataLoader[UUID, list[WorkflowRecord]] = _many(workflows.children)
        self.reruns: DataLoader[UUID, list[WorkflowRecord]] = _many(workflows.reruns)
        self.requests: DataLoader[UUID, list[WorkflowEventRecord]] = _many(workflows.events)
        self.steps: DataLoader[UUID, list[StepRecord]] = _many(workflows.steps)
        self.attempts: DataLoader[int, list[AttemptRecord]] = _many(workflows.attempts)
        self.definition: DataLoader[int, DefinitionRecord | None] = _one(workflows.definitions_of)
        self.loads: DataLoader[int, list[ElementLoad]] = _many(workflows.element_loads)
        self.events: DataLoader[UUID, list[ActivityEventRecord]] = _many(activities.events)
        self.activity: DataLoader[UUID, ActivityRecord | None] = _one(lambda ids: activities.visible(principal, ids))
        self.activities: DataLoader[UUID, list[ActivityRecord]] = _many(
            lambda ids: activities.of_workflows(principal, ids)
        )

    @property
    def policy(self) -> Policy:
        """What the principal may see and do, by what manifests say at this moment."""
        return Policy(self.principal, self.signed_in.accesses.by_process, self.settings.deployer_groups)

    async def changed_workflow(self, workflow_id: UUID) -> WorkflowRecord | None:
        """Return a workflow that changed, read for all who listen, if the principal may see it now."""
        await self.signed_in.accesses.freshen()
        record = await self.news.workflow.load(workflow_id)
        return record if record and self.policy.sees_workflow(record) else None

    def listening(self) -> Context:
        """Read workflows together with all others who listen, for as long as this subscription lasts."""
        self.workflow = self.news.workflow
        return self


Info = strawberry.Info[Context, Any]


def _one(load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
    async def read(keys: list[K]) -> list[V | None]:
        async with reading():
            found = await load(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=read, cache=False)


def _many(load: Callable[[Sequence[K]], Awaitable[Mapping[K, list[V]]]]) -> DataLoader[K, list[V]]:
    async def read(keys: list[K]) -> list[list[V]]:
        async with reading():
            found = await load(keys)
        return [found.get(key, []) for key in keys]

    return DataLoader(load_fn=read, cache=False)

"""What the API needs from the outside: the records it shows and changes, delivery to the engine, and news of changes.

Requests that change something return the ids of what is owed to the engine for them; the API hands those to
`Delivery` at once. Whatever is refused raises a `RequestRefused` and changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar
from uuid import UUID

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
from zeebe_fleet.workers.contract.audience import ProcessAccess
from zeebe_fleet.workers.contract.cases import GENERIC_CASE
from zeebe_fleet.workers.contract.giving_up import GiveUpPlan
from zeebe_fleet.workers.contract.ports import OpenActivity, UserTask
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import ActivityState, Origin, WorkflowState
from zeebe_fleet.workers.contract.versions import VersionRange

T = TypeVar("T")


class Urgency(Enum):
    """What activities can be ordered by, beside their creation: the most urgent first."""

    DUE = "DUE"
    FOLLOW_UP = "FOLLOW_UP"
    PRIORITY = "PRIORITY"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: `size` records behind the position `after`, in the order they were created."""

    size: int
    after: int | None = None
    newest_first: bool = True
    urgency: Urgency | None = None
    """Of activities: in this order instead."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The records of a page, and whether more lie behind it."""

    records: Sequence[T]
    has_next: bool


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A workflow to start: the latest version of a process, the one of `engine_version`, or a published one."""

    process_name: str
    engine_version: int | None = None
    business_key: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    version: VersionRange | None = None
    """Of what is published; beside it, `engine_version` is that of the process which runs a case."""
    resolved: str = ""
    """What the range has become, once that was found out."""
    runner: VersionRange | None = None
    """Of the process that runs a case, where its published version is asked for."""
    is_case: bool = False
    """Whether nothing else is meant: somebody started what runs cases."""
    runs_by: str = ""
    """What that range has become."""

    @property
    def asked(self) -> int | str | None:
        """The version as it was asked for."""
        if self.version is None:
            return self.engine_version
        by = self.runner.text if self.runner else self.engine_version
        return self.version.text if by is None else f"{self.version.text} by {by}"

    def found(self, name: str, version: str) -> Self:
        """Return the request with what a range of it has become: of what it starts, or of what runs that."""
        is_runner = self.runner is not None and name == GENERIC_CASE
        return replace(self, runs_by=version) if is_runner else replace(self, resolved=version)


@dataclass(frozen=True, slots=True)
class RerunRequest:
    """A workflow that failed for good, to be run again: by the version it had, or by another one."""

    workflow_id: UUID
    engine_version: int | None = None
    idempotency_key: str | None = None
    version: VersionRange | None = None
    """Of what is published."""
    resolved: str = ""
    """What the range has become, once that was found out."""

    @property
    def asked(self) -> int | str | None:
        """The version as it was asked for."""
        return self.version.text if self.version else self.engine_version

    def found(self, name: str, version: str) -> Self:
        """Return the request with what its range has become."""
        return replace(self, resolved=version)


@dataclass(frozen=True, slots=True)
class GiveUpRequest:
    """A workflow that failed for good, to be given up; `plan_id` names what is to be taken back."""

    workflow_id: UUID
    plan_id: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """A request that is committed: its record, and what the engine is owed for it.

    A repeated request names the record of the first one and owes nothing new.
    """

    record_id: UUID
    owed_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody without an overview may see: the workflows they started, and all of these processes."""

    starter: Principal
    process_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkflowFilter:
    """Which workflows to list; what is `None` does not restrict."""

    process_name: str | None = None
    states: tuple[WorkflowState, ...] | None = None
    business_key: str | None = None
    origin: Origin | None = None
    has_incident: bool | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """Which activities to list, among those the principal may see.

    Args:
        seen: workflows whose business keys are searched; nothing for who sees everything.
    """

    states: tuple[ActivityState, ...] | None = None
    mine: bool = False
    my_groups: bool = False
    process_name: str | None = None
    search: str | None = None
    overdue: bool = False
    seen: Seen | None = None


class Workflows(Protocol):
    """The workflows, as people ask for them."""

    async def request_start(self, principal: Principal, request: StartRequest) -> Requested:
        """Commit that a workflow shall start.

        Raises:
            IdempotencyConflict: the key was used for another body.
            UnknownProcess: the version asked for belongs to no process known here.
            UnknownProcessVersion: the process has no such version.
            InvalidVariables: they do not fit what that version starts with.
            NotHere: the version has to be found or brought here first, and nothing was committed.
        """

    async def request_rerun(self, principal: Principal, request: RerunRequest) -> Requested:
        """Commit that a workflow which failed for good shall run again, as a new one.

        One that is stuck is cancelled first: what is owed is to be delivered in its order, one after the other.

        Raises:
            WorkflowNotFound: there is none.
            WorkflowNotRerunnable: it runs, completed, was run again before, is part of another, or was erased.
            IdempotencyConflict: the key was used for another body.
            UnknownProcessVersion: the process has no such version.
            InvalidVariables: the variables of then do not fit the version asked for.
            NotHere: the version has to be found or brought here first, and nothing was committed.
        """

    async def give_up_plan(self, workflow_id: UUID) -> GiveUpPlan:
        """Say what giving a workflow up would take back, in order, and what of it would stay.

        Raises:
            WorkflowNotFound: there is none.
            CannotGiveUp: it cannot be given up.
        """

    async def request_give_up(self, principal: Principal, request: GiveUpRequest) -> Requested:
        """Commit that a workflow is given up: cancelled, and what it did taken back; asked twice, it is done once.

        Raises:
            WorkflowNotFound: there is none.
            CannotGiveUp: it did not fail for good, or is part of another.
            GiveUpPlanChanged: something else would be taken back.
            IdempotencyConflict: the key was used for another body.
        """

    async def undo_again(self, workflow_id: UUID) -> int:
        """Let undoings without a job that failed for good be tried again; returns how many there were."""

    async def note(self, principal: Principal, workflow_id: UUID, kind: str, data: Mapping[str, Any]) -> None:
        """Write down who asked for something, of a request that the engine answers."""

    async def events(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowEventRecord]]:
        """Return what people asked for of these workflows, in order."""

    async def reruns(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowRecord]]:
        """Return the workflows that run these again, in order."""

    async def request_cancel(self, principal: Principal, workflow_id: UUID) -> Requested:
        """Commit that a workflow shall be cancelled; asked twice, it is owed once.

        Raises:
            WorkflowNotFound: there is none.
            WorkflowEnded: it is over.
        """

    async def has_element(self, workflow_id: UUID, element_instance_key: int) -> bool:
        """Tell whether a step or an activity of the workflow is known to be of this element instance."""

    async def live_instances(self, workflow_id: UUID) -> list[tuple[UUID, int]]:
        """Return workflow and instance key of a workflow and of those below it that still run."""

    async def clear_incidents(self, resolved: Mapping[int, UUID]) -> None:
        """Note that these incidents of the engine no longer hold their workflows up."""

    async def knows(self, process_name: str) -> bool:
        """Tell whether a process of this name was deployed through the fleet."""

    async def by_id(self, workflow_ids: Sequence[UUID]) -> dict[UUID, WorkflowRecord]:
        """Return the workflows of these ids; unknown ones are left out."""

    async def page(self, wanted: WorkflowFilter, page: Page) -> Slice[WorkflowRecord]:
        """List workflows."""

    async def definitions(self, process_names: Sequence[str] | None, page: Page) -> Slice[DefinitionRecord]:
        """List deployed processes: all, or those of these names."""

    async def accesses(self) -> dict[str, ProcessAccess]:
        """Return who may start and see each process, by its name: as its newest version says."""

    async def definitions_of(self, definition_keys: Sequence[int]) -> dict[int, DefinitionRecord]:
        """Return the processes of these keys; what was not deployed through the fleet is left out."""

    async def element_loads(self, definition_keys: Sequence[int]) -> dict[int, list[ElementLoad]]:
        """Return where the live workflows of these definitions stand, as far as jobs and activities tell."""

    async def children(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowRecord]]:
        """Return the workflows that these called, in order."""

    async def steps(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[StepRecord]]:
        """Return the steps of these workflows, in order."""

    async def attempts(self, step_ids: Sequence[int]) -> dict[int, list[AttemptRecord]]:
        """Return the deliveries of these steps, in order."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A result for an activity, made for the `version` that was read."""

    activity_id: UUID
    version: int
    result: Mapping[str, Any]
    idempotency_key: str | None = None
    action: str | None = None
    """What was decided, where the activity offers several."""


CompletionCheck = Callable[[ActivityRecord], None]
"""Called under the activity's lock once the principal, the state and the version are found right;
raises `InvalidForm`."""


class Activities(Protocol):
    """Human work, as people and the human-task adapter ask for it."""

    async def create(self, task: UserTask) -> ActivityRecord:
        """Create the activity of a user task; the same task again returns the same activity.

        Without a known workflow, the live one of the instance is taken, or one of origin EXTERNAL made.
        """

    async def claim(self, principal: Principal, activity_id: UUID) -> ActivityRecord:
        """Take an open activity; taking one's own again changes nothing.

        Raises:
            ActivityNotFound: none that the principal may see.
            NotAllowed: the principal may see it, but is no candidate.
            ActivityAlreadyClaimed: somebody else has it.
            ActivityClosed: it is over.
        """

    async def release(self, principal: Principal, activity_id: UUID) -> ActivityRecord:
        """Give an activity back; an open one stays as it is.

        Raises:
            ActivityNotFound: none that the principal may see.
            ActivityNotClaimed: somebody else has it.
            ActivityClosed: it is over.
        """

    async def request_completion(
        self, principal: Principal, completion: Completion, check: CompletionCheck
    ) -> Requested:
        """Commit that an activity is done; without a job that waits for it, it is COMPLETED at once.

        Raises:
            ActivityNotFound: none that the principal may see.
            NotAllowed: the principal may see it, but is no candidate.
            ActivityAlreadyClaimed: somebody else has it.
            ActivityClosed: it is over.
            VersionConflict: it changed since it was read.
            IdempotencyConflict: the key was used for another body.
            InvalidForm: `check` says so.
        """

    async def seen(self, activity_ids: Sequence[UUID]) -> None:
        """Note that the jobs of these activities are alive."""

    async def close(self, principal: Principal, activity_id: UUID, reason: str) -> ActivityRecord:
        """Cancel a waiting activity whose user task is gone; one that is over stays as it is.

        Raises:
            ActivityNotFound: there is none.
        """

    async def to_probe(self, limit: int) -> list[OpenActivity]:
        """Return waiting activities whose job may be gone.

        First those whose workflow went on or ended since they were seen, then those unseen for a minute;
        within each, those unseen for longest.
        """

    async def visible(self, principal: Principal, activity_ids: Sequence[UUID]) -> dict[UUID, ActivityRecord]:
        """Return those of these activities that the principal may see."""

    async def page(self, principal: Principal, wanted: ActivityFilter, page: Page) -> Slice[ActivityRecord]:
        """List activities that the principal may see."""

    async def of_workflows(
        self, principal: Principal, workflow_ids: Sequence[UUID]
    ) -> dict[UUID, list[ActivityRecord]]:
        """Return the activities of these workflows that the principal may see, in order."""

    async def events(self, activity_ids: Sequence[UUID]) -> dict[UUID, list[ActivityEventRecord]]:
        """Return what happened to these activities, in order."""


class Requests(Protocol):
    """Remembers requests that no record of ours answers: messages and signals."""

    async def take(self, principal: Principal, key: str, body: Mapping[str, Any]) -> bool:
        """Take it on oneself to send a request; `False` when it was sent before.

        A request that somebody took and died on can be taken again after a while.

        Raises:
            IdempotencyConflict: the key was used for another body.
            EngineRefused: somebody is sending it right now.
        """

    async def sent(self, principal: Principal, key: str) -> None:
        """Note that the engine has it."""

    async def give_up(self, principal: Principal, key: str) -> None:
        """Free the key of a request that the engine did not take."""


class SpentTokens(Protocol):
    """Remembers tokens that are good for nothing any more though their time has not run out."""

    async def spend(self, token_id: str, until_s: float) -> bool:
        """Note that a token is spent; returns whether it was not before.

        Args:
            token_id: names the token, and says nothing of it.
            until_s: when its time runs out, in seconds since 1970: until then it is remembered.
        """

    async def spent(self) -> frozenset[str]:
        """Return those that would still be good by their time."""


class Delivery(Protocol):
    """What the engine must still be told."""

    async def deliver(self, owed_ids: Sequence[int]) -> None:
        """Try to tell the engine now; what fails stays owed and is sent later. Never raises for the engine."""


class OutsideWorld(Protocol):
    """The outside services of a demo, which can be told to misbehave."""

    async def outages(self) -> Mapping[str, datetime]:
        """Return the services that are out of order, and until when."""

    async def cause_outage(self, service: str, for_s: float) -> datetime:
        """Put a service out of order for a while; returns until when.

        Raises:
            InvalidArgument: there is no such service.
        """


class Change(NamedTuple):
    """A record that changed: kind is `workflow` or `activity`."""

    kind: str
    record_id: UUID


class Changes(Protocol):
    """News of changed workflows and activities."""

    def subscribe(self, *, steps: bool = False) -> AbstractAsyncContextManager[AsyncIterator[Change]]:
        """Listen: what commits after this context is entered is told.

        The iterator ends when the connection to PostgreSQL was lost, since changes may have been missed:
        whoever subscribes again should read again first.

        Args:
            steps: also tell of a workflow when one of its steps went on.
        """

"""What the workers need from the outside: the engine, the ledger, human work and outbound services.

Each port has one conformance suite in `tests/contract/`; every implementation passes it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from zeebe_fleet.workers.contract.cases import OfferedAction
from zeebe_fleet.workers.contract.engine_view import InstanceView
from zeebe_fleet.workers.contract.job import DefinitionKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.contract.records import Asked, Claim, DuplicateStart, Owed, Verdict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this engine can do, read once at start."""

    version: str
    partitions: int
    execution_listeners: bool
    """8.6 and newer."""
    job_streams: bool
    incident_search: bool
    """Whether an incident can be found by its job, so that `retryWorkflow` can resolve it."""
    user_task_listeners: bool
    """8.8 and newer."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A file to deploy."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DeployedProcess:
    """What the engine calls a process it accepted; the same bytes keep their version."""

    process_name: str
    version: int
    definition_key: DefinitionKey
    resource_name: str


@dataclass(frozen=True, slots=True)
class EngineDefinition:
    """A process as the engine has it, whoever deployed it."""

    definition_key: DefinitionKey
    version: int
    version_tag: str
    """What its model calls itself; empty when it says nothing."""
    resource_name: str


@dataclass(frozen=True, slots=True)
class StartedInstance:
    """A process instance the engine created."""

    process_instance_key: ProcessInstanceKey
    process_name: str
    version: int
    definition_key: DefinitionKey


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident nobody resolved yet."""

    incident_key: int
    process_instance_key: ProcessInstanceKey
    job_key: JobKey | None
    element_id: str
    message: str
    """In the words of whoever raised it, which may hold personal data: shown to nobody, stored nowhere."""
    error_type: str = ""
    """The engine's word for its kind, like `JOB_NO_RETRIES`."""
    element_instance_key: int | None = None
    created_at: datetime | None = None


class Engine(Protocol):
    """Zeebe, in its own verbs. Every call has a deadline and raises only `EngineError`s."""

    async def capabilities(self) -> Capabilities:
        """Read version and abilities; cached after the first answer."""

    async def deploy(self, resources: Sequence[Resource]) -> list[DeployedProcess]:
        """Deploy atomically.

        Raises:
            EngineRejected: with the engine's own words, naming file, element and line where known.
        """

    async def start(
        self,
        *,
        process_name: str = "",
        definition_key: DefinitionKey | None = None,
        variables: Mapping[str, Any] | None = None,
        tenant_id: str = "",
    ) -> StartedInstance:
        """Create an instance of the latest version by name, or of one version by its key."""

    async def cancel(self, process_instance_key: ProcessInstanceKey) -> None:
        """Cancel an instance; `EngineGone` when there is none."""

    async def publish_message(
        self, name: str, correlation_key: str, *, message_id: str, variables: Mapping[str, Any], ttl_s: float
    ) -> None:
        """Publish a message; a repeated `message_id` within its time to live is a success and does nothing."""

    async def broadcast_signal(self, name: str, variables: Mapping[str, Any]) -> None:
        """Broadcast a signal to every instance waiting for it."""

    async def set_variables(
        self, element_instance_key: int, variables: Mapping[str, Any], *, local: bool = True
    ) -> None:
        """Set variables in a scope; with none given it is a harmless probe (`EngineGone`: the scope is gone).

        Args:
            element_instance_key: the scope: an element instance, or the process instance.
            local: keep them in this scope; else each goes to the nearest scope above that has one of its name, or to
                the process instance.
        """

    async def find_incidents(self, process_instance_key: ProcessInstanceKey) -> list[OpenIncident]:
        """Return the open incidents of an instance, where this engine can say them.

        Raises:
            EngineRejected: this engine cannot be asked, with the version or setting that can.
        """

    async def newest_incidents(self, limit: int) -> list[OpenIncident]:
        """Return open incidents of all instances, the newest where there are more than `limit`.

        Raises:
            EngineRejected: this engine cannot be asked, with the version or setting that can.
        """

    async def instance_view(self, process_instance_key: ProcessInstanceKey) -> InstanceView:
        """Return an instance as the engine has it: its tokens, variables, jobs, incidents and calls.

        Raises:
            EngineRejected: this engine cannot be asked, with the version or setting that can.
            EngineGone: it knows no such instance, or not yet.
        """

    async def definitions(self, process_name: str) -> list[EngineDefinition]:
        """Return the engine's versions of a process, whoever deployed them: the newest hundred, the latest first.

        Raises:
            EngineRejected: this engine cannot be asked, with the version or setting that can.
        """

    async def model(self, definition_key: DefinitionKey) -> bytes:
        """Return a model as it was deployed.

        Raises:
            EngineRejected: this engine cannot be asked, with the version or setting that can.
            EngineGone: there is none of that key.
        """

    async def resolve_incident(self, incident: OpenIncident, *, retries: int = 3) -> None:
        """Give the job its retries back and resolve the incident."""

    async def activate(
        self,
        job_type: str,
        *,
        limit: int,
        lease_s: float,
        worker: str,
        variables: Sequence[str] = (),
        poll_s: float = 10.0,
    ) -> list[Job]:
        """Wait up to `poll_s` for jobs and lease at most `limit` of them; empty when there were none."""

    def stream(
        self, job_type: str, *, lease_s: float, worker: str, variables: Sequence[str] = ()
    ) -> AsyncGenerator[Job, None]:
        """Yield jobs as they become activatable; those that wait already come by `activate` alone.

        Reading slowly is how the engine is told to give the next job to somebody else.
        """

    async def complete(self, job_key: JobKey, outcome: Complete) -> None:
        """Complete a job; `EngineGone` when it was completed, cancelled or interrupted."""

    async def fail(self, job_key: JobKey, outcome: Fail) -> None:
        """Fail a job; with no retries left the engine raises an incident."""

    async def throw_error(self, job_key: JobKey, outcome: ThrowError) -> None:
        """Throw a BPMN error from a job."""

    async def hand_back(self, job: Job, outcome: HandBack) -> None:
        """Make a job available again with its retries unchanged."""

    async def extend(self, job_key: JobKey, lease_s: float) -> None:
        """Lease a job for `lease_s` from now.

        Raises:
            EngineGone: the job is no more.
            EngineConflict: the job is alive, but leased to nobody.
        """


class Answer(StrEnum):
    """What the engine said when it was told."""

    DONE = "DONE"
    GONE = "GONE"
    """It knows no such job: told before, or cancelled or interrupted meanwhile."""
    LATER = "LATER"
    """It did not answer, or cannot now."""


class Ledger(Protocol):
    """The records a job runs by: who may run, what was finished, what is owed."""

    async def claim(self, job: Job) -> Verdict:
        """Take the step of a job, in one short transaction with those of all jobs just received.

        Raises:
            RecordsUnavailable: nothing was taken, or nobody can tell.
        """

    async def intend(self, claim: Claim) -> None:
        """Commit that an effect which must not be repeated is about to happen.

        Raises:
            StaleError: the fence was raised meanwhile.
        """

    async def died(self, claim: Claim, how: str) -> int:
        """Note that the action ended the process it ran in alone; returns how often it did, in this round."""

    async def ping(self) -> None:
        """Raise `RecordsUnavailable` while PostgreSQL does not answer."""

    async def finish(self, claim: Claim, outcome: Outcome, session: AsyncSession | None = None) -> None:
        """Record what became of a step, and what the engine is owed, in one transaction.

        Args:
            claim: the step, held under its fence.
            outcome: what to record.
            session: the open transaction of the action's business writes, committed here; without one
                the record is committed together with those of other steps.

        Raises:
            StaleError: the fence was raised meanwhile; nothing is written.
            RecordsUnavailable: PostgreSQL is down; whether it committed is settled by the next claim.
        """

    async def hand_back(self, claim: Claim, outcome: HandBack) -> None:
        """Close the attempt without an outcome."""

    async def settle(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Note what the engine said to an acknowledgement."""

    async def move(self, verdict: DuplicateStart) -> bool:
        """Bind a workflow to the instance that the engine made anew, when it had forgotten the first one in a crash.

        Returns:
            Whether it was; not, when the workflow is over or the first one got anywhere.
        """

    async def is_asked(self, verdict: Asked) -> bool:
        """Tell whether the person who was asked has not answered yet."""

    async def claim_orphans(self, job_types: Collection[str], limit: int) -> list[Claim]:
        """Take steps whose effect the process never saw, to be undone by tasks of these types, without a job."""

    def session(self, claim: Claim) -> AsyncSession:
        """Return the transaction of Finish, for business writes; its first statement checks the fence.

        It begins when it is first used. Used after the fence was raised, it raises `StaleError`.
        """


DEFAULT_PRIORITY = 50
"""Of a user task whose model says none: 0 is the least urgent, 100 the most."""


@dataclass(frozen=True, slots=True)
class UserTask:
    """A user task of the engine, to become an activity; the pair of keys makes it unique."""

    workflow_id: UUID | None
    process_name: str
    process_version: int
    process_instance_key: ProcessInstanceKey
    definition_key: DefinitionKey
    element_id: str
    element_instance_key: int
    job_key: JobKey | None
    name: str
    form: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    candidate_groups: tuple[str, ...] = ()
    candidate_users: tuple[str, ...] = ()
    assignee: str | None = None
    due_at: datetime | None = None
    follow_up_at: datetime | None = None
    priority: int = DEFAULT_PRIORITY
    actions: tuple[OfferedAction, ...] = ()
    """What a person can decide; none where filling in the form is all there is."""


@dataclass(frozen=True, slots=True)
class OpenActivity:
    """An activity that waits, and the job that waits for it."""

    activity_id: UUID
    job_key: JobKey


class ActivitySystem(Protocol):
    """Where people do their work: ours through GraphQL, another one through its own API."""

    async def create_activity(self, task: UserTask) -> UUID:
        """Create the activity of a user task; the same task again returns the same activity."""

    async def activities_to_probe(self, limit: int) -> list[OpenActivity]:
        """Return waiting activities whose job may be gone, those unseen for longest first."""

    async def activity_seen(self, activity_ids: Sequence[UUID]) -> None:
        """Note that the jobs of these activities are alive."""

    async def close_activity(self, activity_id: UUID, reason: str) -> None:
        """Cancel an activity whose user task was cancelled or interrupted; closed ones stay as they are."""


class Outbox(Protocol):
    """What is owed to the engine, and what its answers mean to the records."""

    async def due(self, limit: int) -> list[Owed]:
        """Take rows whose time has come; nobody else gets them for a while."""

    async def take(self, owed_ids: Sequence[int]) -> list[Owed]:
        """Take these rows now, if nobody has them."""

    async def current(self, owed: Owed) -> bool:
        """Tell whether the step is still under the fence this was written under."""

    async def instance_of(self, workflow_id: UUID) -> ProcessInstanceKey | None:
        """Return the instance of a workflow, once there is one."""

    async def started(self, owed: Owed, instance: StartedInstance) -> bool:
        """Bind a workflow to its instance; `False` when another instance was faster."""

    async def told(self, owed: Owed, answer: Answer) -> None:
        """Note the engine's answer; `LATER` keeps the row and brings its next try near."""

    async def refused(self, owed: Owed, reason: str) -> None:
        """Note that the engine will never accept this; a person must look.

        A start ends its workflow. An answer goes back to who gave it. A business error makes an incident of its step.
        A result stays owed, beside an incident.
        """

    async def held_up(self, owed: Owed, reason: str) -> None:
        """Note an incident that is over when this has been told."""

    async def wait(self, timeout_s: float) -> None:
        """Return when something new is owed on somebody's request, or after `timeout_s`."""


class History(Protocol):
    """The records of what is over."""

    async def prune(self, before: datetime) -> int:
        """Delete workflows that ended before a moment; returns how many. Of several at once, one does."""


class Sweeper(Protocol):
    """Finds out what nobody told: ended instances and uncertain steps."""

    async def quiet(self, limit: int) -> list[tuple[UUID, ProcessInstanceKey]]:
        """Return running workflows of which nothing was heard for a while, longest first."""

    async def alive(self, workflow_ids: Sequence[UUID]) -> None:
        """Note that the engine knows these workflows' instances."""

    async def ended(self, workflow_id: UUID) -> None:
        """Note that the engine no longer knows the instance."""

    async def hold_up(self, incidents: Sequence[OpenIncident], *, whole: bool) -> None:
        """Note what holds workflows up by what the engine says, and what no longer does.

        Args:
            incidents: those open at the engine.
            whole: whether there are no others.
        """

    async def settle_uncertain(self) -> None:
        """Decide about steps and activities whose acknowledgement met no job, from what happened since."""

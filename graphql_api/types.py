"""What people see: workflows, their steps, activities, and deployed processes."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from zeebe_fleet.graphql_api.cases import CaseProgress, progress_of
from zeebe_fleet.graphql_api.context import Context, Info
from zeebe_fleet.graphql_api.described import described, resolved
from zeebe_fleet.graphql_api.effects import EffectState, effects_of
from zeebe_fleet.graphql_api.engine_view import EngineView
from zeebe_fleet.graphql_api.give_up import GiveUpPlan
from zeebe_fleet.graphql_api.incidents import WorkflowIncident, incidents_of
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.workers.contract.allowance import take
from zeebe_fleet.workers.contract.api_records import (
    ActivityEventRecord,
    ActivityRecord,
    AttemptRecord,
    DefinitionRecord,
    StepRecord,
    WorkflowEventRecord,
    WorkflowRecord,
)
from zeebe_fleet.workers.contract.cases import GENERIC_CASE
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.records import ActivityState, Origin, StepKind, StepState, WorkflowState
from zeebe_fleet.workers.contract.refusals import CannotGiveUp

for _enum in (ActivityState, EffectState, Origin, StepKind, StepState, WorkflowState):
    strawberry.enum(_enum)


class Shown:
    """A GraphQL type whose fields are a record's fields of the same names."""

    @classmethod
    def _of(cls, shown: Any, /, **extra: Any) -> Self:
        names = [one.name for one in fields(cls) if one.init and one.name not in extra]  # type: ignore[arg-type]
        return cls(**{name: getattr(shown, name) for name in names}, **extra)


@described
class StepAttempt(Shown):
    """One delivery of a step's job."""

    fence: int
    round: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    error: JSON | None

    @classmethod
    def of(cls, record: AttemptRecord) -> Self:
        """Show a record."""
        return cls._of(record)


@described
class Step(Shown):
    """A job of a workflow."""

    record: strawberry.Private[StepRecord]
    may_read_data: strawberry.Private[bool]
    step_id: EngineKey
    job_key: EngineKey | None
    job_type: str
    kind: StepKind
    element_id: str
    call_path: list[str]
    loop_counter: int | None
    preceding: list[str]
    round: int
    delivery: int
    state: StepState
    error: JSON | None
    compensated_by: EngineKey | None
    rerun_of: EngineKey | None
    recalled: bool
    claimed_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, record: StepRecord, *, may_read_data: bool) -> Self:
        """Show a record."""
        return cls._of(record, record=record, may_read_data=may_read_data)

    @resolved
    def input(self) -> JSON | None:
        """Variables it was given; for operators and whoever started the workflow."""
        return _json(self.record.input)

    @resolved
    def result(self) -> JSON | None:
        """What it returned; for operators and whoever started the workflow."""
        return _json(self.record.result)

    @resolved
    async def attempts(self, info: Info) -> list[StepAttempt]:
        """Every delivery, the oldest first."""
        return [StepAttempt.of(one) for one in await info.context.attempts.load(self.record.step_id)]


@described
class Effect(Shown):
    """What a step did to the world, and whether it stands.

    A step that only returned what an earlier run had recorded did nothing; its effect is that of `rerunOf`.
    """

    step_id: EngineKey
    element_id: str
    job_type: str
    idempotency_key: UUID
    state: EffectState
    taken_back_by: EngineKey | None
    rerun_of: EngineKey | None
    at: datetime | None


@described
class WorkflowEvent(Shown):
    """Something that somebody asked for: CANCEL, RETRY, RERUN, SET_VARIABLES, GIVE_UP, ERASE; or GIVEN_UP, its end."""

    kind: str
    subject: str
    data: JSON
    at: datetime

    @classmethod
    def of(cls, record: WorkflowEventRecord) -> Self:
        """Show a record."""
        return cls._of(record, subject=str(record.principal["subject"]))


@described
class ActivityEvent(Shown):
    """Something that happened to an activity."""

    kind: str
    subject: str
    data: JSON
    at: datetime

    @classmethod
    def of(cls, record: ActivityEventRecord) -> Self:
        """Show a record."""
        return cls._of(record, subject=str(record.principal["subject"]))


@described
class ActivityAction:
    """Something a person can decide in an activity; `data` is the JSON Schema of what must be filled in for it."""

    id: str
    label: str
    data: JSON


@described
class Activity(Shown):
    """A piece of human work."""

    record: strawberry.Private[ActivityRecord]
    activity_id: UUID
    workflow_id: UUID
    element_id: str
    element_instance_key: EngineKey
    job_key: EngineKey | None
    name: str
    form: JSON | None
    input: JSON
    result: JSON | None
    candidate_groups: list[str]
    candidate_users: list[str]
    assignee: str | None
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    state: ActivityState
    version: int
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, record: ActivityRecord) -> Self:
        """Show a record."""
        return cls._of(record, record=record)

    @resolved
    def actions(self) -> list[ActivityAction]:
        """What can be decided, each with what it asks for; none where filling in the form is all there is."""
        offered = self.record.actions or ()
        return [ActivityAction(id=one["id"], label=one["label"], data=JSON(one["data"])) for one in offered]

    @resolved
    async def workflow(self, info: Info) -> Annotated[Workflow, strawberry.lazy(__name__)] | None:
        """The workflow that waits for it."""
        found = await info.context.workflow.load(self.workflow_id)
        return Workflow.of(found, info.context) if found else None

    @resolved
    async def events(self, info: Info) -> list[ActivityEvent]:
        """What happened to it, the oldest first."""
        return [ActivityEvent.of(one) for one in await info.context.events.load(self.activity_id)]


@described
class ElementLoad(Shown):
    """How many live workflows stand at an element, and how many of them an incident holds there."""

    element_id: str
    active: int
    incidents: int


@described
class ProcessDefinition(Shown):
    """A process as deployed."""

    record: strawberry.Private[DefinitionRecord]
    definition_key: EngineKey
    process_name: str
    process_version: str
    version_tag: str | None
    resource_name: str
    deployed_at: datetime

    @classmethod
    def of(cls, record: DefinitionRecord) -> Self:
        """Show a record."""
        return cls._of(record, record=record, process_version=f"engine:{record.version}")

    @resolved
    def bpmn(self) -> str:
        """The model, as XML."""
        take(self.record.bpmn)
        return self.record.bpmn

    @resolved
    def may_start(self, info: Info) -> bool:
        """Whether you may start it."""
        return info.context.policy.starts(self.process_name)

    @resolved
    def input_schema(self) -> JSON | None:
        """JSON Schema of the variables an instance starts with."""
        return _json(self.record.input_schema)

    @resolved
    async def load(self, info: Info) -> list[ElementLoad]:
        """Where its live workflows stand, as far as jobs and activities tell."""
        found = await info.context.loads.load(self.record.definition_key)
        return [ElementLoad._of(one) for one in found]


@described
class Workflow(Shown):
    """One run of a process."""

    record: strawberry.Private[WorkflowRecord]
    may_read_data: strawberry.Private[bool]
    workflow_id: UUID
    process_name: str
    process_version: str | None
    artifact_name: str | None
    artifact_version: str | None
    artifact_sha256: str | None
    definition_key: EngineKey | None
    process_instance_key: EngineKey | None
    parent_workflow_id: UUID | None
    call_path: list[str]
    loop_counter: int | None
    business_key: str | None
    state: WorkflowState
    origin: Origin
    started_by: str
    incident: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    erased_at: datetime | None
    given_up_at: datetime | None
    taken_back_at: datetime | None

    @classmethod
    def of(cls, record: WorkflowRecord, context: Context) -> Self:
        """Show a record, with its data if the principal may read them."""
        reads, subject = context.policy.reads_data(record), str(record.principal["subject"])
        version = f"engine:{record.process_version}" if record.process_version else None
        return cls._of(record, record=record, process_version=version, started_by=subject, may_read_data=reads)

    @resolved
    def input(self) -> JSON | None:
        """Variables it was started with; for operators and whoever started it."""
        return _json(self.record.input)

    @resolved
    def output(self) -> JSON | None:
        """Variables it ended with; for operators and whoever started it."""
        return _json(self.record.output)

    @resolved
    async def steps(self, info: Info) -> list[Step]:
        """Its steps, in the order in which they were first claimed."""
        found = await info.context.steps.load(self.workflow_id)
        return [Step.of(one, may_read_data=self.may_read_data) for one in found]

    @resolved
    async def activities(self, info: Info) -> list[Activity]:
        """The activities of it that you may see."""
        return [Activity.of(one) for one in await info.context.activities.load(self.workflow_id)]

    @resolved
    async def definition(self, info: Info) -> ProcessDefinition | None:
        """The process it is a run of, if it was deployed through the fleet."""
        found = await info.context.definition.load(self.definition_key) if self.definition_key else None
        return ProcessDefinition.of(found) if found else None

    @resolved
    async def case(self, info: Info) -> CaseProgress | None:
        """Where a case stands in its definition, and how it came there; nothing of any other process."""
        return await progress_of(info.context, self.workflow_id) if self.process_name == GENERIC_CASE else None

    @resolved
    def operate_url(self, info: Info) -> str | None:
        """The same instance in Operate, where there is one."""
        base = info.context.settings.operate_url
        return f"{base}/processes/{self.process_instance_key}" if base and self.process_instance_key else None

    @resolved
    async def engine_view(self, info: Info) -> EngineView | None:
        """The instance as the engine has it; for operators. Nothing before it began, and after it was erased."""
        if self.process_instance_key is None or self.erased_at is not None:
            return None
        key = ProcessInstanceKey(int(self.process_instance_key))
        return EngineView.of(await info.context.services.engine.instance_view(key))

    @resolved
    async def incidents(self, info: Info) -> list[WorkflowIncident]:
        """What holds it, or what it called, up, with the reason as it was given; for operators."""
        return await incidents_of(info.context, self.workflow_id)

    @resolved
    async def give_up_plan(self, info: Info) -> GiveUpPlan | None:
        """What giving it up would take back, in order, and what of it would stay; for operators.

        Nothing of one that cannot be given up: it runs well, is over, or is part of another.
        """
        try:
            return GiveUpPlan.of(await info.context.services.workflows.give_up_plan(self.workflow_id))
        except CannotGiveUp:
            return None

    @resolved
    async def parent(self, info: Info) -> Annotated[Workflow, strawberry.lazy(__name__)] | None:
        """The workflow that called it."""
        if self.parent_workflow_id is None:
            return None
        found = await info.context.workflow.load(self.parent_workflow_id)
        return Workflow.of(found, info.context) if found else None

    @resolved
    async def rerun_of(self, info: Info) -> Annotated[Workflow, strawberry.lazy(__name__)] | None:
        """The workflow that failed and that this one runs again; of a called one, its counterpart there."""
        found = await info.context.workflow.load(self.record.rerun_of) if self.record.rerun_of else None
        return Workflow.of(found, info.context) if found else None

    @resolved
    async def reruns(self, info: Info) -> list[Annotated[Workflow, strawberry.lazy(__name__)]]:
        """The workflows that run it again: one at most, for a run that failed too is run again itself."""
        found = await info.context.reruns.load(self.workflow_id)
        return [Workflow.of(one, info.context) for one in found]

    @resolved
    async def effects(self, info: Info) -> list[Effect]:
        """What its steps did, in order, and whether it stands."""
        found = await info.context.steps.load(self.workflow_id)
        return [Effect._of(one) for one in effects_of(found)]

    @resolved
    async def events(self, info: Info) -> list[WorkflowEvent]:
        """What people asked for of it, the oldest first."""
        return [WorkflowEvent.of(one) for one in await info.context.requests.load(self.workflow_id)]

    @resolved
    async def children(self, info: Info) -> list[Annotated[Workflow, strawberry.lazy(__name__)]]:
        """The workflows it called."""
        found = await info.context.children.load(self.workflow_id)
        return [Workflow.of(one, info.context) for one in found]


@described
class Me:
    """Who asks."""

    subject: str
    groups: list[str]
    roles: list[str]


def _json(value: Any) -> JSON | None:
    return None if value is None else JSON(value)

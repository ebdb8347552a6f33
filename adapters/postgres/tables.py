"""The tables of the records, as SQLAlchemy sees them.

The hot path (`ledger.py`) writes them in batched SQL; everything else reads and writes through these classes.
Alembic owns the schema; a test holds both to the same shape.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from zeebe_fleet.workers.contract.job import DEFAULT_TENANT

Json = dict[str, Any]


class Base(DeclarativeBase):
    """Maps Python types to the column types the records use."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: TIMESTAMP(timezone=True),
        str: Text(),
        UUID: PgUUID(as_uuid=True),
        Json: JSONB(),
        list[str]: ARRAY(Text()),
    }


class ProcessDefinition(Base):
    """A deployed process: what the engine calls it, and the model itself."""

    __tablename__ = "process_definition"

    definition_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    process_name: Mapped[str]
    version: Mapped[int]
    version_tag: Mapped[str | None]
    tenant_id: Mapped[str] = mapped_column(server_default=DEFAULT_TENANT)
    resource_name: Mapped[str]
    bpmn: Mapped[str]
    #: JSON Schema of the variables an instance starts with
    input_schema: Mapped[Json | None]
    #: who may start it and see its workflows; absent: operators alone
    access: Mapped[Json | None]
    deployed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("process_definition_name", "process_name", "version"),)


class ProcessArtifact(Base):
    """A published version of a definition, as it was verified when it came here; nothing of it changes."""

    __tablename__ = "process_artifact"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    #: process or case
    kind: Mapped[str]
    #: of the signed content
    sha256: Mapped[str]
    #: the publisher, by the policy of that time
    signed_by: Mapped[str]
    #: by the clock of the store
    published_at: Mapped[datetime | None]
    description: Mapped[str]
    #: of a case, the head of its definition
    manifest: Mapped[Json]
    #: as it was read from the store, signatures included
    content: Mapped[bytes]
    #: of the model as it is deployed; absent for a case
    model_sha256: Mapped[str | None]
    #: what the engine runs for it, once it was deployed; the only column that changes
    definition_key: Mapped[int | None] = mapped_column(BigInteger)
    known_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("process_artifact_definition", "definition_key", postgresql_where=text("definition_key IS NOT NULL")),
    )


class Workflow(Base):
    """One run of a process: our own identity for it, whatever the engine calls it."""

    __tablename__ = "workflow"

    workflow_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: order of creation, for cursors
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    process_name: Mapped[str]
    process_version: Mapped[int | None]
    definition_key: Mapped[int | None] = mapped_column(BigInteger)
    process_instance_key: Mapped[int | None] = mapped_column(BigInteger)
    parent_workflow_id: Mapped[UUID | None] = mapped_column(ForeignKey("workflow.workflow_id"))
    #: the one that failed, and that this one runs again; of a called one, its counterpart there
    rerun_of: Mapped[UUID | None] = mapped_column(ForeignKey("workflow.workflow_id"))
    #: element ids of the call activities that lead here, outermost first
    call_path: Mapped[list[str]] = mapped_column(server_default="{}")
    #: which run of a multi-instance called it
    loop_counter: Mapped[int | None]
    business_key: Mapped[str | None]
    #: the published definition it was started by, if it was: of a case, not the process that runs it
    artifact_name: Mapped[str | None]
    artifact_version: Mapped[str | None]
    artifact_sha256: Mapped[str | None]
    tenant_id: Mapped[str] = mapped_column(server_default=DEFAULT_TENANT)
    input: Mapped[Json] = mapped_column(server_default="{}")
    output: Mapped[Json | None]
    state: Mapped[str]
    origin: Mapped[str]
    principal: Mapped[Json]
    #: why the workflow stands still, while it does
    incident: Mapped[str | None]
    #: the engine's, once it has told of it; also of the last one, when that was resolved
    incident_key: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: when the engine was last seen to know this instance
    probed_at: Mapped[datetime | None]
    #: when what people entered was removed from it
    erased_at: Mapped[datetime | None]
    #: when somebody gave it up
    given_up_at: Mapped[datetime | None]
    #: when nothing was left of it to be taken back
    taken_back_at: Mapped[datetime | None]
    #: itself, or the one with which it was given up: that called it, or ran it again
    given_up_for: Mapped[UUID | None]

    __table_args__ = (
        Index(
            "workflow_live_instance",
            "process_instance_key",
            unique=True,
            postgresql_where=text("state IN ('STARTING', 'RUNNING')"),
        ),
        Index("workflow_instance", "process_instance_key"),
        Index("workflow_process", "process_name", "position"),
        Index("workflow_business_key", "business_key"),
        ForeignKeyConstraint(
            ["artifact_name", "artifact_version"],
            ["process_artifact.name", "process_artifact.version"],
            name="workflow_artifact_fkey",
        ),
        Index("workflow_artifact", "artifact_name", "position", postgresql_where=text("artifact_name IS NOT NULL")),
        Index("workflow_parent", "parent_workflow_id"),
        Index("workflow_state", "state", "position"),
        Index("workflow_rerun_of", "rerun_of", unique=True, postgresql_where=text("rerun_of IS NOT NULL")),
        Index(
            "workflow_giving_up",
            "given_up_at",
            postgresql_where=text("given_up_at IS NOT NULL AND taken_back_at IS NULL"),
        ),
        Index("workflow_incident", "position", postgresql_where=text("incident IS NOT NULL")),
        Index("workflow_starter", text("(principal->>'subject')"), "position"),
        Index("workflow_created", "created_at", postgresql_using="brin"),
    )


class Step(Base):
    """One job of a workflow, however often it was delivered; `step_id` is also their order."""

    __tablename__ = "step"

    step_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflow.workflow_id"))
    #: absent for a step that the fleet runs without a job: the undoing of an orphaned step
    job_key: Mapped[int | None] = mapped_column(BigInteger)
    job_type: Mapped[str]
    kind: Mapped[str]
    element_id: Mapped[str]
    element_instance_key: Mapped[int] = mapped_column(BigInteger)
    process_instance_key: Mapped[int] = mapped_column(BigInteger)
    definition_key: Mapped[int] = mapped_column(BigInteger)
    #: element ids of the call activities that lead here, outermost first
    call_path: Mapped[list[str]] = mapped_column(server_default="{}")
    loop_counter: Mapped[int | None]
    #: element ids of the steps whose flows lead here, from the model
    preceding: Mapped[list[str]] = mapped_column(server_default="{}")
    #: raised by each delivery; only its holder may finish
    fence: Mapped[int] = mapped_column(Integer, server_default="1")
    #: raised when the job comes back after an incident
    round: Mapped[int] = mapped_column(Integer, server_default="1")
    #: deliveries in this round
    delivery: Mapped[int] = mapped_column(Integer, server_default="1")
    #: processes that this step ended while it ran alone in them, in this round
    deaths: Mapped[int] = mapped_column(Integer, server_default="0")
    #: when an effect that must not be repeated was about to happen
    intent_at: Mapped[datetime | None]
    idempotency_key: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    state: Mapped[str]
    input: Mapped[Json] = mapped_column(server_default="{}")
    input_hash: Mapped[str | None]
    result: Mapped[Json | None]
    error: Mapped[Json | None]
    compensated_by: Mapped[int | None] = mapped_column(ForeignKey("step.step_id"))
    #: the step of an earlier run that this one stands for; no foreign key, for that run may be pruned
    rerun_of: Mapped[int | None] = mapped_column(BigInteger)
    #: whether it returned what that step had recorded, without running
    recalled: Mapped[bool] = mapped_column(server_default=text("false"))
    claimed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("workflow_id", "job_key", name="step_workflow_job"),
        Index("step_element", "workflow_id", "element_id", text("coalesce(loop_counter, 0)")),
        Index("step_compensated_by", "compensated_by", postgresql_where=text("compensated_by IS NOT NULL")),
        Index("step_progress", "claimed_at", "finished_at", postgresql_using="brin"),
        Index("step_without_job", "job_type", postgresql_where=text("job_key IS NULL")),
        Index("step_unsettled", "step_id", postgresql_where=text("state IN ('UNCERTAIN', 'ORPHANED')")),
    )


class StepAttempt(Base):
    """One delivery of a step; a later one never overwrites it."""

    __tablename__ = "step_attempt"

    step_id: Mapped[int] = mapped_column(ForeignKey("step.step_id"), primary_key=True)
    fence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round: Mapped[int]
    worker: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    error: Mapped[Json | None]


class WorkflowEvent(Base):
    """What somebody asked for of a workflow; append-only."""

    __tablename__ = "workflow_event"

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflow.workflow_id"), index=True)
    kind: Mapped[str]
    principal: Mapped[Json]
    data: Mapped[Json] = mapped_column(server_default="{}")
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Activity(Base):
    """A piece of human work."""

    __tablename__ = "activity"

    activity_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflow.workflow_id"))
    element_id: Mapped[str]
    element_instance_key: Mapped[int] = mapped_column(BigInteger)
    process_instance_key: Mapped[int] = mapped_column(BigInteger)
    definition_key: Mapped[int] = mapped_column(BigInteger)
    #: absent for human work that no job waits for
    job_key: Mapped[int | None] = mapped_column(BigInteger)
    #: the step whose outcome a person is asked about
    step_id: Mapped[int | None] = mapped_column(ForeignKey("step.step_id"))
    name: Mapped[str]
    form: Mapped[Json | None]
    input: Mapped[Json] = mapped_column(server_default="{}")
    result: Mapped[Json | None]
    candidate_groups: Mapped[list[str]] = mapped_column(server_default="{}")
    candidate_users: Mapped[list[str]] = mapped_column(server_default="{}")
    assignee: Mapped[str | None]
    due_at: Mapped[datetime | None]
    #: from when it is to be looked at
    follow_up_at: Mapped[datetime | None]
    #: 0 the least urgent, 100 the most
    priority: Mapped[int] = mapped_column(server_default="50")
    #: what a person can decide, as the definition had it when the activity was made
    actions: Mapped[list[Json] | None] = mapped_column(JSONB)
    #: the activity of an earlier run whose result this one was given
    rerun_of: Mapped[UUID | None]
    state: Mapped[str]
    #: raised by every change; a completion names the version it saw
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    probed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("workflow_id", "element_instance_key", name="activity_workflow_element"),
        Index("activity_state", "state", "position"),
        Index("activity_due", text("coalesce(due_at, 'infinity')"), "position"),
        Index("activity_follow_up", text("coalesce(follow_up_at, 'infinity')"), "position"),
        Index("activity_priority", text("(-priority)"), "position"),
        Index("activity_workflow", "workflow_id"),
        Index("activity_assignee", "assignee", "position", postgresql_where=text("assignee IS NOT NULL")),
        Index("activity_step", "step_id", postgresql_where=text("step_id IS NOT NULL")),
        Index(
            "activity_probe",
            "probed_at",
            postgresql_where=text("state IN ('OPEN', 'CLAIMED') AND job_key IS NOT NULL"),
        ),
    )


class ActivityEvent(Base):
    """What happened to an activity, and who did it; append-only."""

    __tablename__ = "activity_event"

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.activity_id"), index=True)
    kind: Mapped[str]
    principal: Mapped[Json]
    data: Mapped[Json] = mapped_column(server_default="{}")
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class OwedRow(Base):
    """What the engine must still be told."""

    __tablename__ = "owed"

    owed_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: START, CANCEL, COMPLETE, FAIL, THROW_ERROR
    verb: Mapped[str]
    step_id: Mapped[int | None] = mapped_column(ForeignKey("step.step_id"), unique=True)
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activity.activity_id"), unique=True)
    workflow_id: Mapped[UUID | None] = mapped_column(ForeignKey("workflow.workflow_id"))
    job_key: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[Json] = mapped_column(server_default="{}")
    #: the step's fence when this was written
    fence: Mapped[int | None]
    principal: Mapped[Json]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_try: Mapped[datetime] = mapped_column(server_default=func.now())
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("owed_next_try", "next_try"),
        Index(
            "owed_workflow_verb",
            "workflow_id",
            "verb",
            unique=True,
            postgresql_where=text("step_id IS NULL AND activity_id IS NULL"),
        ),
    )


class RequestKey(Base):
    """A mutation that was answered; the same key from the same principal gets the same answer."""

    __tablename__ = "request_key"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    #: of the principal; the version before does not say it
    issuer: Mapped[str | None]
    body_hash: Mapped[str]
    response: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SpentToken(Base):
    """A session that was signed out, or a way back from a provider that was walked."""

    __tablename__ = "spent_token"

    token_id: Mapped[str] = mapped_column(primary_key=True)
    #: when it would have run out by itself
    until: Mapped[datetime]
    spent_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("spent_token_until", "until"),)

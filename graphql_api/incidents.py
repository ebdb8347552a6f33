"""What holds a workflow up: as the engine says it, and as the records of its steps know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from zeebe_fleet.graphql_api.context import Context, Info
from zeebe_fleet.graphql_api.described import described, resolved
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.workers.contract.api_records import StepRecord, WorkflowRecord
from zeebe_fleet.workers.contract.engine_view import EngineIncident, EngineJob
from zeebe_fleet.workers.contract.errors import EngineError, EngineRejected
from zeebe_fleet.workers.contract.job import JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Engine, OpenIncident
from zeebe_fleet.workers.contract.records import StepState

if TYPE_CHECKING:
    from zeebe_fleet.graphql_api.types import StepAttempt

_MOST = 20
"""Instances that are asked for: the workflow's own, and those it called."""
_ACTIVE = "ACTIVE"


@described
class WorkflowIncident:
    """What holds a workflow, or one that it called, up; in the words of whoever said so.

    `key` is the engine's, and absent where only the records tell of it; `unasked` then says why the engine did not.
    """

    workflow_id: UUID
    key: EngineKey | None
    error_type: str
    message: str
    element_id: str
    element_instance_key: EngineKey | None
    job_key: EngineKey | None
    job_type: str
    created_at: datetime | None
    unasked: str | None
    step_id: EngineKey | None

    @resolved
    async def attempts(
        self, info: Info
    ) -> list[Annotated[StepAttempt, strawberry.lazy("zeebe_fleet.graphql_api.types")]]:
        """How its step went, delivery by delivery, the oldest first; none of a job that no worker of ours took."""
        from zeebe_fleet.graphql_api.types import StepAttempt

        found = await info.context.attempts.load(self.step_id) if self.step_id is not None else []
        return [StepAttempt.of(one) for one in found]


async def incidents_of(context: Context, workflow_id: UUID) -> list[WorkflowIncident]:
    """Return what holds a workflow and those it called up."""
    instances = dict((await context.services.workflows.live_instances(workflow_id))[:_MOST])
    found: list[WorkflowIncident] = []
    for one, record in (await context.services.workflows.by_id([workflow_id, *instances])).items():
        if record.erased_at is None:
            steps = (await context.services.workflows.steps([one])).get(one, [])
            found += await _of(context.services.engine, record, steps, instances.get(one))
    return found


async def _of(
    engine: Engine, record: WorkflowRecord, steps: Sequence[StepRecord], instance_key: int | None
) -> list[WorkflowIncident]:
    unasked = None
    if instance_key is not None:
        try:
            told = await _told(engine, ProcessInstanceKey(instance_key))
        except EngineError as error:
            unasked = f"{error.message} {error.suggestion}".strip()
        else:
            if told:
                return list(_by_engine(record, steps, told))
    return list(_by_records(record, steps, unasked)) if record.incident else []


async def _told(engine: Engine, key: ProcessInstanceKey) -> list[tuple[OpenIncident, EngineJob | None]]:
    """Ask the engine, and of which jobs its incidents are; of one that has no search, ask its Operate."""
    try:
        view = await engine.instance_view(key)
    except EngineRejected:
        return [(one, None) for one in await engine.find_incidents(key)]
    jobs = {one.key: one for one in view.jobs}
    return [(_open(key, one), jobs.get(one.job_key or 0)) for one in view.incidents if one.state == _ACTIVE]


def _open(key: ProcessInstanceKey, shown: EngineIncident) -> OpenIncident:
    return OpenIncident(
        incident_key=shown.key,
        process_instance_key=key,
        job_key=None if shown.job_key is None else JobKey(shown.job_key),
        element_id=shown.element_id,
        message=shown.message,
        error_type=shown.error_type,
        element_instance_key=shown.element_instance_key,
        created_at=shown.created_at,
    )


def _by_engine(
    record: WorkflowRecord, steps: Sequence[StepRecord], told: Sequence[tuple[OpenIncident, EngineJob | None]]
) -> Iterator[WorkflowIncident]:
    of_job = {step.job_key: step for step in steps}
    for one, job in told:
        step = of_job.get(one.job_key) if one.job_key is not None else None
        yield WorkflowIncident(
            workflow_id=record.workflow_id,
            key=EngineKey(one.incident_key),
            error_type=one.error_type,
            message=one.message,
            element_id=one.element_id or (step.element_id if step else ""),
            element_instance_key=_key(one.element_instance_key or (step.element_instance_key if step else None)),
            job_key=_key(one.job_key),
            job_type=step.job_type if step else job.job_type if job else "",
            created_at=one.created_at,
            unasked=None,
            step_id=_key(step.step_id if step else None),
        )


def _by_records(record: WorkflowRecord, steps: Sequence[StepRecord], unasked: str | None) -> Iterator[WorkflowIncident]:
    """Tell of the steps that stand on an incident; of what stands for another reason, that reason."""
    stuck = [step for step in steps if step.state is StepState.INCIDENT]
    for step in stuck or (None,):
        said = (step.error or {}).get("message") if step else None
        yield WorkflowIncident(
            workflow_id=record.workflow_id,
            key=None,
            error_type="",
            message=said or record.incident or "",
            element_id=step.element_id if step else "",
            element_instance_key=_key(step.element_instance_key if step else None),
            job_key=_key(step.job_key if step else None),
            job_type=step.job_type if step else "",
            created_at=step.finished_at if step else None,
            unasked=unasked,
            step_id=_key(step.step_id if step else None),
        )


def _key(value: int | None) -> EngineKey | None:
    return None if value is None else EngineKey(value)

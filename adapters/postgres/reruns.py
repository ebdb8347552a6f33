"""Running again what failed for good: a new workflow that stands for the old one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.postgres.requests import first_response
from zeebe_fleet.adapters.postgres.starts import Choice, choose, start_payload
from zeebe_fleet.adapters.postgres.tables import OwedRow, Workflow, WorkflowEvent
from zeebe_fleet.workers.contract.api_ports import Requested, RerunRequest, StartRequest
from zeebe_fleet.workers.contract.cases import CASE_VARIABLES
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import LIVE, Origin, WorkflowState
from zeebe_fleet.workers.contract.refusals import WorkflowNotFound, WorkflowNotRerunnable
from zeebe_fleet.workers.contract.versions import VersionRange

#: what a START waits for until the workflow that it runs again is over
_NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz")

STUCK = text("""
WITH RECURSIVE tree AS (
    SELECT workflow_id, incident FROM workflow WHERE workflow_id = :workflow_id
    UNION ALL
    SELECT called.workflow_id, called.incident
    FROM tree JOIN workflow called ON called.parent_workflow_id = tree.workflow_id
    WHERE called.state IN ('STARTING', 'RUNNING')
)
SELECT EXISTS (SELECT 1 FROM tree WHERE incident IS NOT NULL)
""")

NEWEST = text("""
WITH RECURSIVE later AS (
    SELECT workflow_id, 0 AS generation FROM workflow WHERE workflow_id = :workflow_id
    UNION ALL
    SELECT again.workflow_id, generation + 1 FROM later JOIN workflow again ON again.rerun_of = later.workflow_id
)
SELECT workflow_id FROM later ORDER BY generation DESC LIMIT 1
""")

ROOT = text("""
WITH RECURSIVE up AS (
    SELECT workflow_id, parent_workflow_id FROM workflow WHERE workflow_id = :workflow_id
    UNION ALL
    SELECT workflow.workflow_id, workflow.parent_workflow_id FROM up
    JOIN workflow ON workflow.workflow_id = up.parent_workflow_id
)
SELECT workflow_id FROM up WHERE parent_workflow_id IS NULL
""")


async def request_rerun(session: AsyncSession, principal: Principal, request: RerunRequest) -> Requested:
    """Commit that a workflow shall run again: the new row, the request key, and what is owed, a cancellation first.

    Args:
        session: in a transaction.
    """
    again_id = uuid4()
    body = {"rerunWorkflow": str(request.workflow_id), "version": request.asked}
    workflow = await session.get(Workflow, request.workflow_id, with_for_update=True)
    if workflow is None:
        raise WorkflowNotFound
    given = await first_response(session, principal, request.idempotency_key, body, {"workflow_id": str(again_id)})
    if given is not None:
        return Requested(UUID(given["workflow_id"]))
    await _check(session, workflow)
    choice = await _chosen(session, workflow, request)
    again = Workflow(
        workflow_id=again_id,
        rerun_of=workflow.workflow_id,
        process_name=choice.process_name,
        process_version=choice.engine_version,
        definition_key=choice.definition_key,
        business_key=workflow.business_key,
        tenant_id=workflow.tenant_id,
        input=workflow.input,
        state=WorkflowState.REQUESTED,
        origin=Origin.API,
        principal=principal.to_json(),
        **choice.artifact,
    )
    session.add(again)
    note(session, principal, workflow.workflow_id, "RERUN", {"workflow_id": str(again_id)})
    await session.flush()
    cancel = await owe_cancel(session, principal, workflow, "RERUN") if workflow.state in LIVE else None
    start = await _owe_start(session, again, {**again.input, **choice.added}, held=cancel is not None)
    return Requested(again_id, (start,) if cancel is None else (cancel, start))


async def _chosen(session: AsyncSession, workflow: Workflow, request: RerunRequest) -> Choice:
    """Choose the version it had, unless another one is asked for; a case keeps its own when its process changes."""
    name, version = workflow.artifact_name or workflow.process_name, workflow.artifact_version
    is_case = name != workflow.process_name
    if request.version is None and request.engine_version is None:
        kept = {one: getattr(workflow, one) for one in ("artifact_name", "artifact_version", "artifact_sha256")}
        return Choice(workflow.process_name, workflow.definition_key, workflow.process_version, None, kept)
    variables = {key: one for key, one in workflow.input.items() if not (is_case and key in CASE_VARIABLES)}
    kept_version = VersionRange.read(version) if is_case and version else None
    wanted = request.version or kept_version
    return await choose(
        session,
        StartRequest(name, request.engine_version, variables=variables, version=wanted, resolved=request.resolved),
    )


async def _check(session: AsyncSession, workflow: Workflow) -> None:
    state = WorkflowState(workflow.state)
    known = {"workflow_id": workflow.workflow_id}
    if state is WorkflowState.COMPLETED:
        raise WorkflowNotRerunnable(
            state, "The workflow is COMPLETED: there is nothing to do again.", "Start another one."
        )
    if workflow.parent_workflow_id is not None:
        raise WorkflowNotRerunnable(
            state,
            "The workflow was called by another one and cannot run without it.",
            "Run that one again: what this one has finished is not done twice.",
            await session.scalar(ROOT, known),
        )
    newest: UUID = await session.scalar(NEWEST, known)
    if newest != workflow.workflow_id:
        raise WorkflowNotRerunnable(
            state, "The workflow was run again before.", "If that run failed too, run it again instead.", newest
        )
    if workflow.erased_at is not None:
        raise WorkflowNotRerunnable(state, "What the workflow was started with has been erased.", "Start another one.")
    if workflow.given_up_at is not None and workflow.taken_back_at is None:
        raise WorkflowNotRerunnable(
            state, "The workflow is given up, and what it did is being taken back.", "Run it again when that is over."
        )
    if state in LIVE and not await session.scalar(STUCK, known):
        raise WorkflowNotRerunnable(
            state, f"The workflow is {state}, and nothing holds it up.", "Wait for its end, or cancel it first."
        )


async def owe_cancel(session: AsyncSession, principal: Principal, workflow: Workflow, why: str) -> int:
    """Owe the engine a cancellation for the sake of something else that was asked for; returns what is owed."""
    note(session, principal, workflow.workflow_id, "CANCEL", {"for": why})
    owed = insert(OwedRow).values(verb="CANCEL", workflow_id=workflow.workflow_id, principal=principal.to_json())
    await session.execute(owed.on_conflict_do_nothing())
    owing = select(OwedRow.owed_id).where(OwedRow.workflow_id == workflow.workflow_id, OwedRow.verb == "CANCEL")
    return (await session.scalars(owing)).one()


async def _owe_start(session: AsyncSession, again: Workflow, variables: Mapping[str, Any], *, held: bool) -> int:
    owed = insert(OwedRow).values(
        verb="START",
        workflow_id=again.workflow_id,
        payload=start_payload(again, variables, again.workflow_id),
        principal=again.principal,
        next_try=_NEVER if held else func.now(),
    )
    return (await session.scalars(owed.returning(OwedRow.owed_id))).one()


def note(session: AsyncSession, principal: Principal, workflow_id: UUID, kind: str, data: Mapping[str, Any]) -> None:
    """Write down who asked for something."""
    session.add(WorkflowEvent(workflow_id=workflow_id, kind=kind, principal=principal.to_json(), data=dict(data)))

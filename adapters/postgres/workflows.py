"""Workflows as people ask for them: started, cancelled, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.giving_up import check_give_up, give_up_plan, request_give_up, undo_again
from zeebe_fleet.adapters.postgres.loads import loads_query
from zeebe_fleet.adapters.postgres.paging import grouped, read_all, take_page
from zeebe_fleet.adapters.postgres.requests import Sessions, first_response, transaction
from zeebe_fleet.adapters.postgres.reruns import note, request_rerun
from zeebe_fleet.adapters.postgres.starts import choose, kind_of, requested, start_owed
from zeebe_fleet.adapters.postgres.tables import (
    Activity,
    OwedRow,
    ProcessDefinition,
    Step,
    StepAttempt,
    Workflow,
    WorkflowEvent,
)
from zeebe_fleet.workers.contract.api_ports import (
    GiveUpRequest,
    Page,
    Requested,
    RerunRequest,
    Seen,
    Slice,
    StartRequest,
    WorkflowFilter,
)
from zeebe_fleet.workers.contract.api_records import (
    AttemptRecord,
    DefinitionRecord,
    ElementLoad,
    StepRecord,
    WorkflowEventRecord,
    WorkflowRecord,
)
from zeebe_fleet.workers.contract.audience import ProcessAccess
from zeebe_fleet.workers.contract.giving_up import GiveUpPlan
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import LIVE, WorkflowState
from zeebe_fleet.workers.contract.refusals import (
    WorkflowEnded,
    WorkflowNotFound,
)

#: of a case, and of a process that is published and not deployed, its newest known version says it
_ACCESSES = text("""
(SELECT DISTINCT ON (process_name) process_name, access FROM process_definition
ORDER BY process_name, version DESC, definition_key DESC)
UNION ALL
(SELECT DISTINCT ON (name) name, manifest->'access' FROM process_artifact
WHERE NOT EXISTS (SELECT FROM process_definition WHERE process_name = name)
ORDER BY name, string_to_array(version, '.')::int[] DESC)
""")


class PostgresWorkflows:
    """The workflow records, behind the `Workflows` port.

    Args:
        sessions: of the records' database.
        model_of: the model of a definition, by its key; without it nobody knows what takes back what.
    """

    def __init__(self, sessions: Sessions, model_of: ModelOf | None = None) -> None:
        self._sessions = sessions
        self._model_of = model_of

    async def request_start(self, principal: Principal, request: StartRequest) -> Requested:
        """Commit that a workflow shall start: its row, the request key, and the START that is owed."""
        workflow_id = uuid4()
        body = {
            "startWorkflow": request.process_name,
            "version": request.asked,
            "business_key": request.business_key,
            "variables": request.variables,
        }
        async with transaction(self._sessions) as session:
            given = await first_response(
                session, principal, request.idempotency_key, body, {"workflow_id": str(workflow_id)}
            )
            if given is not None:
                return Requested(UUID(given["workflow_id"]))
            choice = await choose(session, request)
            session.add(requested(workflow_id, principal, request, choice))
            await session.flush()
            owed = start_owed(workflow_id, principal, request, choice)
            session.add(owed)
            await session.flush()
            return Requested(workflow_id, (owed.owed_id,))

    async def request_rerun(self, principal: Principal, request: RerunRequest) -> Requested:
        """Commit that a workflow which failed for good shall run again, as a new one."""
        async with transaction(self._sessions) as session:
            return await request_rerun(session, principal, request)

    async def give_up_plan(self, workflow_id: UUID) -> GiveUpPlan:
        """Say what giving a workflow up would take back, in order, and what of it would stay."""
        async with transaction(self._sessions) as session:
            workflow = await session.get(Workflow, workflow_id)
            if workflow is None:
                raise WorkflowNotFound
            await check_give_up(session, workflow)
            return await give_up_plan(session, workflow_id, self._model_of)

    async def request_give_up(self, principal: Principal, request: GiveUpRequest) -> Requested:
        """Commit that a workflow is given up; asked twice, it is done once."""
        async with transaction(self._sessions) as session:
            return await request_give_up(session, principal, request, self._model_of)

    async def undo_again(self, workflow_id: UUID) -> int:
        """Let undoings without a job that failed for good be tried again."""
        async with transaction(self._sessions) as session:
            return await undo_again(session, workflow_id)

    async def note(self, principal: Principal, workflow_id: UUID, kind: str, data: Mapping[str, Any]) -> None:
        """Write down who asked for something, of a request that the engine answers."""
        async with transaction(self._sessions) as session:
            note(session, principal, workflow_id, kind, data)

    async def request_cancel(self, principal: Principal, workflow_id: UUID) -> Requested:
        """Commit that a workflow shall be cancelled; asked twice, it is owed once."""
        async with transaction(self._sessions) as session:
            workflow = await session.get(Workflow, workflow_id, with_for_update=True)
            if workflow is None:
                raise WorkflowNotFound
            if workflow.state not in LIVE:
                raise WorkflowEnded(WorkflowState(workflow.state), workflow.ended_at)
            owed = insert(OwedRow).values(verb="CANCEL", workflow_id=workflow_id, principal=principal.to_json())
            created = await session.execute(owed.on_conflict_do_nothing().returning(OwedRow.owed_id))
            note(session, principal, workflow_id, "CANCEL", {})
            return Requested(workflow_id, tuple(created.scalars()))

    async def has_element(self, workflow_id: UUID, element_instance_key: int) -> bool:
        """Tell whether a step or an activity of the workflow is known to be of this element instance."""
        wanted = [
            select(kind.workflow_id)
            .where(kind.workflow_id == workflow_id, kind.element_instance_key == element_instance_key)
            .limit(1)
            for kind in (Step, Activity)
        ]
        async with transaction(self._sessions) as session:
            return any([await session.scalar(query) is not None for query in wanted])

    async def live_instances(self, workflow_id: UUID) -> list[tuple[UUID, int]]:
        """Return workflow and instance key of a workflow and of those below it that still run."""
        tree = select(Workflow.workflow_id).where(Workflow.workflow_id == workflow_id).cte("tree", recursive=True)
        tree = tree.union_all(
            select(Workflow.workflow_id).join(tree, Workflow.parent_workflow_id == tree.c.workflow_id)
        )
        query = select(Workflow.workflow_id, Workflow.process_instance_key).where(
            Workflow.workflow_id.in_(select(tree.c.workflow_id)),
            Workflow.state.in_(LIVE),
            Workflow.process_instance_key.is_not(None),
        )
        async with transaction(self._sessions) as session:
            return [(row[0], row[1] or 0) for row in await session.execute(query)]

    async def clear_incidents(self, resolved: Mapping[int, UUID]) -> None:
        """Note that these incidents of the engine no longer hold their workflows up."""
        async with transaction(self._sessions) as session:
            for incident_key, workflow_id in resolved.items():
                freed = update(Workflow).where(Workflow.workflow_id == workflow_id)
                await session.execute(freed.values(incident=None, incident_key=incident_key))

    async def knows(self, process_name: str) -> bool:
        """Tell whether a process of this name was deployed through the fleet."""
        query = select(ProcessDefinition.definition_key).where(ProcessDefinition.process_name == process_name)
        async with transaction(self._sessions) as session:
            return await session.scalar(query.limit(1)) is not None

    async def by_id(self, workflow_ids: Sequence[UUID]) -> dict[UUID, WorkflowRecord]:
        """Return the workflows of these ids; unknown ones are left out."""
        async with transaction(self._sessions) as session:
            query = select(Workflow).where(Workflow.workflow_id.in_(workflow_ids))
            return {one.workflow_id: one for one in await read_all(session, query, WorkflowRecord)}

    async def page(self, wanted: WorkflowFilter, page: Page) -> Slice[WorkflowRecord]:
        """List workflows."""
        async with transaction(self._sessions) as session:
            query = await _filtered(session, wanted)
            return await take_page(session, query, Workflow.position, page, WorkflowRecord)

    async def definitions(self, process_names: Sequence[str] | None, page: Page) -> Slice[DefinitionRecord]:
        """List deployed processes: all, or those of these names."""
        query = select(ProcessDefinition)
        if process_names is not None:
            query = query.where(ProcessDefinition.process_name.in_(process_names))
        async with transaction(self._sessions) as session:
            return await take_page(session, query, ProcessDefinition.definition_key, page, DefinitionRecord)

    async def accesses(self) -> dict[str, ProcessAccess]:
        """Return who may start and see each process, by its name: as its newest version says."""
        async with transaction(self._sessions) as session:
            return {name: ProcessAccess.from_json(said) for name, said in await session.execute(_ACCESSES)}

    async def definitions_of(self, definition_keys: Sequence[int]) -> dict[int, DefinitionRecord]:
        """Return the processes of these keys; what was not deployed through the fleet is left out."""
        query = select(ProcessDefinition).where(ProcessDefinition.definition_key.in_(definition_keys))
        async with transaction(self._sessions) as session:
            return {one.definition_key: one for one in await read_all(session, query, DefinitionRecord)}

    async def element_loads(self, definition_keys: Sequence[int]) -> dict[int, list[ElementLoad]]:
        """Return where the live workflows of these definitions stand, as far as jobs and activities tell."""
        loads: dict[int, list[ElementLoad]] = {}
        async with transaction(self._sessions) as session:
            for definition_key, *load in await session.execute(loads_query(definition_keys)):
                loads.setdefault(definition_key, []).append(ElementLoad(*load))
        return loads

    async def children(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowRecord]]:
        """Return the workflows that these called, in order."""
        query = select(Workflow).where(Workflow.parent_workflow_id.in_(workflow_ids)).order_by(Workflow.position)
        async with transaction(self._sessions) as session:
            rows = await read_all(session, query, WorkflowRecord)
        return grouped(rows, lambda row: row.parent_workflow_id or row.workflow_id)

    async def reruns(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowRecord]]:
        """Return the workflows that run these again, in order."""
        query = select(Workflow).where(Workflow.rerun_of.in_(workflow_ids)).order_by(Workflow.position)
        async with transaction(self._sessions) as session:
            rows = await read_all(session, query, WorkflowRecord)
        return grouped(rows, lambda row: row.rerun_of or row.workflow_id)

    async def events(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowEventRecord]]:
        """Return what people asked for of these workflows, in order."""
        query = (
            select(WorkflowEvent).where(WorkflowEvent.workflow_id.in_(workflow_ids)).order_by(WorkflowEvent.event_id)
        )
        async with transaction(self._sessions) as session:
            rows = await read_all(session, query, WorkflowEventRecord)
        return grouped(rows, lambda row: row.workflow_id)

    async def steps(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[StepRecord]]:
        """Return the steps of these workflows, in order."""
        query = select(Step).where(Step.workflow_id.in_(workflow_ids)).order_by(Step.step_id)
        async with transaction(self._sessions) as session:
            rows = await read_all(session, query, StepRecord)
        return grouped(rows, lambda row: row.workflow_id)

    async def attempts(self, step_ids: Sequence[int]) -> dict[int, list[AttemptRecord]]:
        """Return the deliveries of these steps, in order."""
        query = select(StepAttempt).where(StepAttempt.step_id.in_(step_ids)).order_by(StepAttempt.fence)
        async with transaction(self._sessions) as session:
            rows = await read_all(session, query, AttemptRecord)
        return grouped(rows, lambda row: row.step_id)


async def _filtered(session: AsyncSession, wanted: WorkflowFilter) -> Select[Any]:
    query = select(Workflow)
    if wanted.process_name is not None:
        query = query.where(await runs_of(session, wanted.process_name))
    if wanted.states is not None:
        query = query.where(Workflow.state.in_(wanted.states))
    if wanted.business_key is not None:
        query = query.where(Workflow.business_key == wanted.business_key)
    if wanted.origin is not None:
        query = query.where(Workflow.origin == wanted.origin)
    if wanted.seen is not None:
        query = query.where(in_sight(wanted.seen))
    if wanted.has_incident is not None:
        query = query.where(Workflow.incident.is_not(None) if wanted.has_incident else Workflow.incident.is_(None))
    return query


def in_sight(seen: Seen) -> ColumnElement[bool]:
    """Restrict to what somebody without an overview may see: of a case, its own name decides."""
    by_itself = and_(Workflow.artifact_name.is_(None), Workflow.process_name.in_(seen.process_names))
    return or_(started_by(seen.starter), by_itself, Workflow.artifact_name.in_(seen.process_names))


async def runs_of(session: AsyncSession, name: str) -> ColumnElement[bool]:
    """Restrict to runs of a process, or of a case: which it is, is looked up, for the sake of one index alone."""
    return (Workflow.artifact_name if await kind_of(session, name) == "case" else Workflow.process_name) == name


def started_by(principal: Principal) -> ColumnElement[bool]:
    """Restrict to what somebody started, of the same provider; older records do not say by which one."""
    issuer = func.coalesce(Workflow.principal["issuer"].astext, principal.issuer)
    return and_(Workflow.principal["subject"].astext == principal.subject, issuer == principal.issuer)

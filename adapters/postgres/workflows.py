"""Workflows as people ask for them: started, cancelled, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from jsonschema import ValidationError
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.json_schema import UnfitSchema, errors_of
from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.giving_up import check_give_up, give_up_plan, request_give_up, undo_again
from zeebe_fleet.adapters.postgres.loads import loads_query
from zeebe_fleet.adapters.postgres.paging import grouped, take_page
from zeebe_fleet.adapters.postgres.requests import Sessions, first_response, record, transaction
from zeebe_fleet.adapters.postgres.reruns import note, request_rerun
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
from zeebe_fleet.workers.contract.job import WORKFLOW_ID
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import LIVE, Origin, WorkflowState
from zeebe_fleet.workers.contract.refusals import (
    InvalidVariables,
    UnknownProcess,
    UnknownProcessVersion,
    WorkflowEnded,
    WorkflowNotFound,
)

_ACCESSES = text(
    "SELECT DISTINCT ON (process_name) process_name, access FROM process_definition "
    "ORDER BY process_name, version DESC, definition_key DESC"
)


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
            "version": request.engine_version,
            "business_key": request.business_key,
            "variables": request.variables,
        }
        async with transaction(self._sessions) as session:
            given = await first_response(
                session, principal, request.idempotency_key, body, {"workflow_id": str(workflow_id)}
            )
            if given is not None:
                return Requested(UUID(given["workflow_id"]))
            definition_key = await _definition_key(session, request)
            await _check_variables(session, request, definition_key)
            session.add(_requested(workflow_id, principal, request, definition_key))
            await session.flush()
            owed = _start_owed(workflow_id, principal, request, definition_key)
            session.add(owed)
            await session.flush()
            return Requested(workflow_id, (owed.owed_id,))

    async def request_rerun(self, principal: Principal, request: RerunRequest) -> Requested:
        """Commit that a workflow which failed for good shall run again, as a new one."""
        async with transaction(self._sessions) as session:
            definition_key = None
            if request.engine_version is not None:
                workflow = await session.get(Workflow, request.workflow_id)
                if workflow is None:
                    raise WorkflowNotFound
                wanted = StartRequest(workflow.process_name, request.engine_version)
                definition_key = await _definition_key(session, wanted)
            return await request_rerun(session, principal, request, definition_key)

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
            rows = await session.scalars(select(Workflow).where(Workflow.workflow_id.in_(workflow_ids)))
            return {row.workflow_id: record(WorkflowRecord, row) for row in rows}

    async def page(self, wanted: WorkflowFilter, page: Page) -> Slice[WorkflowRecord]:
        """List workflows."""
        async with transaction(self._sessions) as session:
            return await take_page(session, _filtered(wanted), Workflow.position, page, WorkflowRecord)

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
            return {row.definition_key: record(DefinitionRecord, row) for row in await session.scalars(query)}

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
            rows = [record(WorkflowRecord, row) for row in await session.scalars(query)]
        return grouped(rows, lambda row: row.parent_workflow_id or row.workflow_id)

    async def reruns(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowRecord]]:
        """Return the workflows that run these again, in order."""
        query = select(Workflow).where(Workflow.rerun_of.in_(workflow_ids)).order_by(Workflow.position)
        async with transaction(self._sessions) as session:
            rows = [record(WorkflowRecord, row) for row in await session.scalars(query)]
        return grouped(rows, lambda row: row.rerun_of or row.workflow_id)

    async def events(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[WorkflowEventRecord]]:
        """Return what people asked for of these workflows, in order."""
        query = (
            select(WorkflowEvent).where(WorkflowEvent.workflow_id.in_(workflow_ids)).order_by(WorkflowEvent.event_id)
        )
        async with transaction(self._sessions) as session:
            rows = [record(WorkflowEventRecord, row) for row in await session.scalars(query)]
        return grouped(rows, lambda row: row.workflow_id)

    async def steps(self, workflow_ids: Sequence[UUID]) -> dict[UUID, list[StepRecord]]:
        """Return the steps of these workflows, in order."""
        query = select(Step).where(Step.workflow_id.in_(workflow_ids)).order_by(Step.step_id)
        async with transaction(self._sessions) as session:
            rows = [record(StepRecord, row) for row in await session.scalars(query)]
        return grouped(rows, lambda row: row.workflow_id)

    async def attempts(self, step_ids: Sequence[int]) -> dict[int, list[AttemptRecord]]:
        """Return the deliveries of these steps, in order."""
        query = select(StepAttempt).where(StepAttempt.step_id.in_(step_ids)).order_by(StepAttempt.fence)
        async with transaction(self._sessions) as session:
            rows = [record(AttemptRecord, row) for row in await session.scalars(query)]
        return grouped(rows, lambda row: row.step_id)


async def _definition_key(session: AsyncSession, request: StartRequest) -> int | None:
    """Return the key of the version asked for; `None` leaves the choice of the latest to the engine."""
    if request.engine_version is None:
        return None
    query = select(ProcessDefinition.version, ProcessDefinition.definition_key).where(
        ProcessDefinition.process_name == request.process_name
    )
    known = {row[0]: row[1] for row in await session.execute(query)}
    if not known:
        raise UnknownProcess(request.process_name)
    if request.engine_version not in known:
        versions = ", ".join(f"engine:{version}" for version in sorted(known)[-5:])
        raise UnknownProcessVersion(
            f"Process {request.process_name!r} has no version engine:{request.engine_version}.",
            f"It has {versions}; leave processVersion out for the latest.",
        )
    return known[request.engine_version]


async def _check_variables(session: AsyncSession, request: StartRequest, definition_key: int | None) -> None:
    """Hold variables against what the process says it starts with; values are not repeated in what is said."""
    wanted = (
        ProcessDefinition.definition_key == definition_key
        if definition_key is not None
        else ProcessDefinition.process_name == request.process_name
    )
    newest = ProcessDefinition.version.desc()
    schema = await session.scalar(select(ProcessDefinition.input_schema).where(wanted).order_by(newest).limit(1))
    if not schema:
        return
    try:
        wrong = errors_of(schema, request.variables)
    except UnfitSchema as error:
        raise InvalidVariables(
            f"{request.process_name} cannot start with these variables: {error}.",
            "Have the input schema of its manifest corrected and deployed, or send less.",
        ) from None
    if wrong:
        found = "; ".join(
            f"{error.json_path.removeprefix('$').lstrip('.') or 'variables'}: {_rule(error)}" for error in wrong
        )
        raise InvalidVariables(
            f"{request.process_name} cannot start with these variables: {found}.",
            "See processDefinitions { inputSchema } for what it takes.",
        )


def _rule(error: ValidationError) -> str:
    """Say which rule is broken, never the value: it may be personal data."""
    if error.validator == "required":
        there: Any = error.instance
        required: Any = error.validator_value
        missing = [name for name in required if name not in there]
        return f"{', '.join(missing)} missing"
    return f"must be of {error.validator} {error.validator_value!r}"


def _requested(workflow_id: UUID, principal: Principal, request: StartRequest, definition_key: int | None) -> Workflow:
    return Workflow(
        workflow_id=workflow_id,
        process_name=request.process_name,
        process_version=request.engine_version,
        definition_key=definition_key,
        business_key=request.business_key,
        input=dict(request.variables),
        state=WorkflowState.REQUESTED,
        origin=Origin.API,
        principal=principal.to_json(),
    )


def _start_owed(workflow_id: UUID, principal: Principal, request: StartRequest, definition_key: int | None) -> OwedRow:
    process: Mapping[str, Any] = (
        {"definition_key": definition_key} if definition_key else {"process_name": request.process_name}
    )
    variables = {**request.variables, WORKFLOW_ID: str(workflow_id)}
    return OwedRow(
        verb="START",
        workflow_id=workflow_id,
        payload={**process, "variables": variables},
        principal=principal.to_json(),
    )


def _filtered(wanted: WorkflowFilter) -> Select[Any]:
    query = select(Workflow)
    if wanted.process_name is not None:
        query = query.where(Workflow.process_name == wanted.process_name)
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
    """Restrict to what somebody without an overview may see."""
    return or_(started_by(seen.starter), Workflow.process_name.in_(seen.process_names))


def started_by(principal: Principal) -> ColumnElement[bool]:
    """Restrict to what somebody started, of the same provider; older records do not say by which one."""
    issuer = func.coalesce(Workflow.principal["issuer"].astext, principal.issuer)
    return and_(Workflow.principal["subject"].astext == principal.subject, issuer == principal.issuer)

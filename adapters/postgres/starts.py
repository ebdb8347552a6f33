"""Which process a start means, by which definition, with which variables: decided in the start's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, RowMapping, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.postgres.start_variables import check_variables
from zeebe_fleet.adapters.postgres.tables import OwedRow, ProcessArtifact, ProcessDefinition, Workflow
from zeebe_fleet.workers.contract.api_ports import StartRequest
from zeebe_fleet.workers.contract.cases import CASE_VARIABLES, GENERIC_CASE, PROCESS_NAME, PROCESS_VERSION
from zeebe_fleet.workers.contract.job import WORKFLOW_ID
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import Origin, WorkflowState
from zeebe_fleet.workers.contract.refusals import InvalidVariables, UnknownProcess, UnknownProcessVersion, VariableError
from zeebe_fleet.workers.contract.versions import ANY_VERSION, NotHere

_VERSIONS = (
    select(
        *(getattr(ProcessArtifact, one) for one in ("name", "version", "kind", "sha256", "manifest", "definition_key")),
        ProcessDefinition.version.label("engine_version"),
    )
    .outerjoin(ProcessDefinition, ProcessDefinition.definition_key == ProcessArtifact.definition_key)
    .order_by(cast(func.string_to_array(ProcessArtifact.version, "."), ARRAY(Integer)).desc())
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What will be started."""

    process_name: str
    """As the engine knows it."""
    definition_key: int | None = None
    """Nothing leaves the choice of the latest to the engine."""
    engine_version: int | None = None
    schema: Mapping[str, Any] | None = None
    """Of the variables."""
    artifact: Mapping[str, str] = field(default_factory=dict)
    """Columns of the workflow that say which published version it is."""

    @property
    def added(self) -> dict[str, str]:
        """Variables that the fleet adds."""
        return case_variables(self.process_name, self.artifact)


def case_variables(process_name: str, artifact: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that tell the generic process which case it runs; none for any other process."""
    name = artifact.get("artifact_name")
    return {PROCESS_NAME: name, PROCESS_VERSION: artifact["artifact_version"]} if name and name != process_name else {}


async def choose(session: AsyncSession, request: StartRequest) -> Choice:
    """Find what a start means, and hold its variables against what that starts with.

    Raises:
        NotHere: its version has to be found or brought here first.
        UnknownProcess: there is none of that name.
        UnknownProcessVersion: the engine has no such version of it.
        InvalidVariables: they do not fit that very version.
    """
    choice = await (_published(session, request) if request.version else _deployed(session, request))
    if choice.added and (taken := sorted(set(CASE_VARIABLES) & set(request.variables))):
        wrong = [VariableError(name, "reserved", "is set by the fleet") for name in taken]
        raise InvalidVariables(f"The fleet sets {' and '.join(taken)} itself.", "Leave reserved names out.", wrong)
    check_variables(request.process_name, choice.schema, request.variables)
    return choice


def requested(workflow_id: UUID, principal: Principal, request: StartRequest, choice: Choice) -> Workflow:
    """Make the row of a workflow that shall start."""
    return Workflow(
        workflow_id=workflow_id,
        process_name=choice.process_name,
        process_version=choice.engine_version,
        definition_key=choice.definition_key,
        business_key=request.business_key,
        input=dict(request.variables),
        state=WorkflowState.REQUESTED,
        origin=Origin.API,
        principal=principal.to_json(),
        **choice.artifact,
    )


def start_owed(workflow_id: UUID, principal: Principal, request: StartRequest, choice: Choice) -> OwedRow:
    """Make what the engine is owed for it."""
    return OwedRow(
        verb="START",
        workflow_id=workflow_id,
        payload=start_payload(choice, {**request.variables, **choice.added}, workflow_id),
        principal=principal.to_json(),
    )


def start_payload(what: Choice | Workflow, variables: Mapping[str, Any], workflow_id: UUID) -> dict[str, Any]:
    """Say what the engine is asked for: one definition by its key, or the latest by name."""
    key = what.definition_key
    process: dict[str, Any] = {"definition_key": key} if key else {"process_name": what.process_name}
    return {**process, "variables": {**variables, WORKFLOW_ID: str(workflow_id)}}


async def _published(session: AsyncSession, request: StartRequest) -> Choice:
    """Choose the version that is meant: the one that is named, or what a range has become."""
    wanted = request.version or ANY_VERSION
    version = request.resolved or (wanted.text if wanted.is_exact else "")
    query = _VERSIONS.where(ProcessArtifact.name == request.process_name, ProcessArtifact.version == version)
    row = (await session.execute(query)).mappings().first() if version else None
    if row is None or (row["kind"] == "process" and row["definition_key"] is None):
        raise NotHere(request.process_name, wanted)
    if row["kind"] == "case":
        return await _case(session, request, row)
    if request.is_case:
        wrong = [VariableError(PROCESS_NAME, "case", "must name a case")]
        raise InvalidVariables(f"{row['name']} is a process, and no case.", "Start it by its own name.", wrong)
    return _process(row)


async def _deployed(session: AsyncSession, request: StartRequest) -> Choice:
    """Choose what the engine calls the latest, or one of its versions; of a case, the newest that is published."""
    query = select(ProcessDefinition.version, ProcessDefinition.definition_key, ProcessDefinition.input_schema).where(
        ProcessDefinition.process_name == request.process_name
    )
    if request.engine_version is None:
        query = query.order_by(ProcessDefinition.version.desc()).limit(1)
        newest = (await session.execute(query)).first()
        if newest is None and await kind_of(session, request.process_name):
            return await _published(session, request)
        return Choice(request.process_name, schema=newest.input_schema if newest else None)
    known = {row.version: row for row in await session.execute(query)}
    if not known and await kind_of(session, request.process_name) == "case":
        return await _published(session, request)
    row = _of_engine(request.process_name, request.engine_version, known)
    return Choice(request.process_name, row.definition_key, row.version, row.input_schema)


def _of_engine(process_name: str, version: int, known: Mapping[int, Any]) -> Any:
    if not known:
        raise UnknownProcess(process_name)
    if version not in known:
        versions = ", ".join(f"engine:{version}" for version in sorted(known)[-5:])
        raise UnknownProcessVersion(
            f"Process {process_name!r} has no version engine:{version}.",
            f"It has {versions}; leave processVersion out for the latest.",
        )
    return known[version]


async def kind_of(session: AsyncSession, name: str) -> str | None:
    """Say whether something known here is published under a name as a process, or as a case."""
    return await session.scalar(select(ProcessArtifact.kind).where(ProcessArtifact.name == name).limit(1))


def _process(row: RowMapping) -> Choice:
    return Choice(
        row["name"], row["definition_key"], row["engine_version"], row["manifest"].get("input"), _columns(row)
    )


async def _case(session: AsyncSession, request: StartRequest, row: RowMapping) -> Choice:
    """Choose the newest generic process, or the version that is asked for: it changes without its definitions."""
    if request.runner is not None:
        by = await _published(session, StartRequest(GENERIC_CASE, version=request.runner, resolved=request.runs_by))
        return replace(by, schema=row["manifest"].get("input"), artifact=_columns(row))
    runner = await _deployed(session, StartRequest(GENERIC_CASE, request.engine_version))
    key, version = runner.definition_key, runner.engine_version
    if key is None:
        newest = select(ProcessDefinition.definition_key, ProcessDefinition.version).where(
            ProcessDefinition.process_name == GENERIC_CASE
        )
        found = (await session.execute(newest.order_by(ProcessDefinition.version.desc()).limit(1))).first()
        if found is None:
            raise UnknownProcess(GENERIC_CASE, f"{request.process_name} is a case, and {GENERIC_CASE} is not deployed.")
        key, version = found
    return Choice(GENERIC_CASE, key, version, row["manifest"].get("input"), _columns(row))


def _columns(row: RowMapping) -> dict[str, str]:
    return {f"artifact_{one}": row[one] for one in ("name", "version", "sha256")}

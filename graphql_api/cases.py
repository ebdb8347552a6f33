"""Where a case stands in its definition: the steps and transitions, and the way it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.graphql_api.described import described
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.workers.contract.api_records import StepRecord
from zeebe_fleet.workers.contract.cases import (
    CASE_DEFINITION,
    CASE_MOVE,
    CASE_STATUS,
    CASE_STEP,
    CaseReference,
)
from zeebe_fleet.workers.contract.errors import PermanentError
from zeebe_fleet.workers.contract.records import StepState

_JOBS = "case."
_DONE = (StepState.COMPLETED, StepState.UNCERTAIN)


@described
class CaseStep:
    """A step of the definition: human, system, decision or final."""

    case_step_id: str
    name: str
    kind: str
    status: str | None


@described
class CaseTransition:
    """A way from one step to another; after an action, an outcome or an error, or after a job that went well."""

    source: str
    on: str
    label: str
    target: str


@described
class CaseMove:
    """A transition that was taken; the first leads from nowhere to the first step."""

    source: str | None
    on: str
    target: str
    step_id: EngineKey
    at: datetime | None


@described
class CaseProgress:
    """Where a case stands in its definition, and how it came there."""

    name: str
    version: str
    sha256: str
    status: str | None
    at_step: str
    steps: list[CaseStep]
    transitions: list[CaseTransition]
    moves: list[CaseMove]


async def progress_of(context: Context, workflow_id: UUID) -> CaseProgress | None:
    """Return where a case stands; nothing before its definition was fetched, or when it cannot be had any more."""
    done = [step for step in await context.steps.load(workflow_id) if _is_move(step)]
    results = [step.result or {} for step in done]
    reference = next(filter(None, (CaseReference.of(one.get(CASE_DEFINITION)) for one in results)), None)
    if reference is None or context.services.cases is None:
        return None
    try:
        graph = await context.services.cases.graph(reference)
    except PermanentError:
        return None  # the records lost it, or somebody set the variable: the steps are there all the same
    return CaseProgress(
        name=reference.name,
        version=reference.version,
        sha256=reference.sha256,
        status=_last(results, CASE_STATUS),
        at_step=str((_last(results, CASE_STEP) or {}).get("id", "")),
        steps=[CaseStep(case_step_id=one.id, name=one.name, kind=one.kind, status=one.status) for one in graph.steps],
        transitions=[
            CaseTransition(source=one.source, on=one.on, label=one.label, target=one.target) for one in graph.ways
        ],
        moves=list(_moves(done)),
    )


def _is_move(step: StepRecord) -> bool:
    return step.job_type.startswith(_JOBS) and step.state in _DONE


def _last(results: Sequence[Mapping[str, Any]], name: str) -> Any:
    return next((one[name] for one in reversed(results) if name in one), None)


def _moves(done: Sequence[StepRecord]) -> Iterator[CaseMove]:
    for step in done:
        move = (step.result or {}).get(CASE_MOVE)
        if isinstance(move, Mapping):
            source, on, target = move.get("from"), str(move.get("on", "")), str(move.get("to", ""))
            yield CaseMove(source=source, on=on, target=target, step_id=EngineKey(step.step_id), at=step.finished_at)

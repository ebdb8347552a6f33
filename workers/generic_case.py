"""The jobs of `generic_case`, the process that runs case definitions: each is one move along their transitions.

The definition stays in the records; the process carries which one it is, and the step it is in. What each job returns
says which transition was taken, so that the records of its steps are the way the case went.
"""

from __future__ import annotations

from typing import Annotated, Any

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.cases import (
    CASE_ACTION,
    CASE_DEFINITION,
    CASE_STEP,
    Case,
    CaseReference,
    Variables,
)
from zeebe_fleet.workers.contract.errors import PermanentError
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.contract.variable import Variable
from zeebe_fleet.workers.task import task

_Definition = Annotated[dict[str, Any], Variable(CASE_DEFINITION)]
_Step = Annotated[dict[str, Any], Variable(CASE_STEP)]


@task("case.fetch-definition", all_variables=True)
async def fetch_definition(ctx: TaskContext, process_name: str, process_version: str) -> dict[str, Any]:
    """Fetch exactly that artifact, and enter the first step."""
    variables = _own(ctx)
    reference, case = await ctx.cases.fetch(ctx.workflow_id, process_name, process_version, variables)
    return {CASE_DEFINITION: reference.to_json()} | case.begin(variables)


@task("case.follow", all_variables=True)
async def follow(ctx: TaskContext, case_definition: _Definition, case_step: _Step) -> dict[str, Any]:
    """Leave a human step by the action that was chosen, or a system step whose job went well."""
    case, step_id = await _case(ctx, case_definition), _id(case_step)
    if case_step.get("kind") == "human":
        action = ctx.job.variables.get(CASE_ACTION)
        return case.act(step_id, action if isinstance(action, str) else None, _own(ctx))
    return case.go_on(step_id, _own(ctx), await ctx.cases.job_end(ctx.workflow_id, ctx.job.key))


@task("case.follow-error", all_variables=True)
async def follow_error(ctx: TaskContext, case_definition: _Definition, case_step: _Step) -> dict[str, Any]:
    """Leave a system step by the error that its job ended in."""
    case = await _case(ctx, case_definition)
    return case.catch(_id(case_step), _own(ctx), await ctx.cases.job_end(ctx.workflow_id, ctx.job.key))


@task("case.decide", all_variables=True)
async def decide(ctx: TaskContext, case_definition: _Definition, case_step: _Step) -> dict[str, Any]:
    """Leave a decision by its outcome."""
    return (await _case(ctx, case_definition)).decide(_id(case_step), _own(ctx))


@task("case.commit")
async def commit(ctx: TaskContext, case_definition: _Definition, case_step: _Step) -> dict[str, Any]:
    """Give the case the status of its final step."""
    return (await _case(ctx, case_definition)).commit(_id(case_step))


async def _case(ctx: TaskContext, definition: Variables) -> Case:
    reference = CaseReference.of(definition)
    if reference is None:
        raise PermanentError(
            f"The variable {CASE_DEFINITION} names no definition.", "Set it back to what the first step returned."
        )
    return await ctx.cases.case(reference)


def _id(step: Variables) -> str:
    return str(step.get("id", ""))


def _own(ctx: TaskContext) -> Variables:
    """Return the variables of the case, without those by which the fleet knows its instance."""
    return {name: value for name, value in ctx.job.variables.items() if name not in RESERVED_VARIABLES}

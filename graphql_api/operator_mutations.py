"""What operators do to a workflow that is in trouble; for everybody else there is no such workflow."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from zeebe_fleet.graphql_api.answers import VariablesSet, WorkflowGivenUp
from zeebe_fleet.graphql_api.arguments import read_key, read_text, read_variables
from zeebe_fleet.graphql_api.context import Context, Info
from zeebe_fleet.graphql_api.errors import (
    CannotGiveUp,
    ElementInstanceNotFound,
    EngineRefused,
    GiveUpPlanChanged,
    IdempotencyConflict,
    InvalidVariables,
    WorkflowEnded,
    WorkflowNotFound,
    answered,
)
from zeebe_fleet.graphql_api.repetition import send_once
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.graphql_api.types import Workflow
from zeebe_fleet.workers.contract import refusals
from zeebe_fleet.workers.contract.api_ports import GiveUpRequest
from zeebe_fleet.workers.contract.api_records import WorkflowRecord
from zeebe_fleet.workers.contract.errors import EngineGone
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.records import LIVE

SetVariablesResult = Annotated[
    VariablesSet
    | WorkflowNotFound
    | WorkflowEnded
    | ElementInstanceNotFound
    | InvalidVariables
    | IdempotencyConflict
    | EngineRefused,
    strawberry.union("SetVariablesResult"),
]

GiveUpWorkflowResult = Annotated[
    WorkflowGivenUp | WorkflowNotFound | CannotGiveUp | GiveUpPlanChanged | IdempotencyConflict,
    strawberry.union("GiveUpWorkflowResult"),
]


@strawberry.type
class OperatorMutations:
    """Mutations of operators."""

    @answered
    async def set_variables(
        self,
        info: Info,
        workflow_id: UUID,
        variables: JSON,
        element_instance_key: EngineKey | None = None,
        local: bool = False,
        idempotency_key: str | None = None,
    ) -> SetVariablesResult:
        """Set variables of a running workflow, or of an element under way in it; for operators.

        With `local` they stay in that scope; else each goes to the nearest scope above that has one of its name, or
        to the whole workflow. What waits for an incident gets them when it is retried.
        """
        context = info.context
        record = await read_as_operator(context, workflow_id)
        checked = read_variables(variables, context.settings.limits.variables_bytes)
        if not checked:
            raise refusals.InvalidVariables("There is no variable to set.", 'Send for example {"amount": 100}.')
        body = {
            "setVariables": str(workflow_id),
            "variables": checked,
            "scope": None if element_instance_key is None else str(element_instance_key),
            "local": local,
        }

        async def send() -> None:
            scope = await _scope(context, record, element_instance_key)
            try:
                await context.services.engine.set_variables(scope, checked, local=local)
            except EngineGone:
                if element_instance_key is None:
                    raise
                raise refusals.ElementInstanceNotFound from None
            noted = {"names": sorted(checked), "scope": str(scope), "local": local}
            await context.services.workflows.note(context.principal, workflow_id, "SET_VARIABLES", noted)

        await send_once(context, idempotency_key, body, send)
        return VariablesSet(workflow=Workflow.of(record, context), names=sorted(checked))

    @answered
    async def give_up_workflow(
        self, info: Info, workflow_id: UUID, plan_id: str, idempotency_key: str | None = None
    ) -> GiveUpWorkflowResult:
        """Give a workflow up that failed for good, by the plan that `giveUpPlan` told of; for operators.

        It is cancelled, and then workers take back what it did, in the order of the plan. Asked twice, it is done once.
        """
        context = info.context
        await read_as_operator(context, workflow_id)
        request = GiveUpRequest(workflow_id, str(read_text("planId", plan_id)), read_key(idempotency_key))
        requested = await context.services.workflows.request_give_up(context.principal, request)
        await context.services.delivery.deliver(requested.owed_ids)
        return WorkflowGivenUp(workflow=Workflow.of(await read_as_operator(context, workflow_id), context))


async def read_as_operator(context: Context, workflow_id: UUID) -> WorkflowRecord:
    """Read a workflow that only operators may touch.

    Raises:
        WorkflowNotFound: there is none, or whoever asks is no operator.
    """
    found = await context.services.workflows.by_id([workflow_id])
    return context.policy.check_operated(found.get(workflow_id))


async def _scope(context: Context, record: WorkflowRecord, element_instance_key: int | None) -> int:
    """Return the key of the scope that is meant, and see that it is of this workflow."""
    instance_key = record.process_instance_key
    if record.state not in LIVE:
        raise refusals.WorkflowEnded(record.state, record.ended_at)
    if instance_key is None:
        raise refusals.EngineRefused("The workflow has not begun at the engine yet.", "Try again in a moment.")
    if element_instance_key is None or element_instance_key == instance_key:
        return instance_key
    if not await context.services.workflows.has_element(record.workflow_id, element_instance_key):
        view = await context.services.engine.instance_view(ProcessInstanceKey(instance_key))
        if all(one.key != element_instance_key for one in view.elements):
            raise refusals.ElementInstanceNotFound
    return element_instance_key

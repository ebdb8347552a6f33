"""The welcome, sent by another process: a worker as a client of the GraphQL API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from zeebe_fleet.workers.answer import read_answer
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import PermanentError, TransientError
from zeebe_fleet.workers.task import task

START_WORKFLOW = """
mutation Welcome($variables: JSON!, $key: String!) {
  startWorkflow(processName: "hello_world", variables: $variables, idempotencyKey: $key) {
    __typename
    ... on WorkflowStarted { workflow { workflowId } }
    ... on UserError { message suggestion }
  }
}
"""


class WelcomeSent(BaseModel):
    """The workflow that carries the welcome."""

    welcome_workflow_id: UUID


class _Workflow(BaseModel):
    workflow_id: UUID = Field(alias="workflowId")


class _Started(BaseModel):
    workflow: _Workflow


@task("welcome.send")
async def send_welcome(ctx: TaskContext, account_id: str, discount_decision: str | None = None) -> WelcomeSent:
    """Start `hello_world`; under the step's key a repeated call finds the workflow it started before."""
    gift = " Your discount is granted." if discount_decision == "approve" else ""
    variables = {"message": f"Welcome, customer {account_id}!{gift}"}
    query = {"query": START_WORKFLOW, "variables": {"variables": variables, "key": ctx.idempotency_key}}
    answer = _result(await ctx.http("fleet_api").post("/graphql", json=query))
    return WelcomeSent(welcome_workflow_id=read_answer(answer, _Started, of="fleet_api").workflow.workflow_id)


def _result(answer: Any) -> dict[str, Any]:
    """Return the started workflow; a member of the union that says why not is for a person to resolve."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not data or not isinstance(data.get("startWorkflow"), dict):
        raise TransientError("fleet_api answered with errors instead of a result.")
    result: dict[str, Any] = data["startWorkflow"]
    if result.get("__typename") != "WorkflowStarted":
        raise PermanentError(f"fleet_api: {result.get('message')}", str(result.get("suggestion") or ""))
    return result

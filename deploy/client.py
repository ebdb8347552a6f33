"""A small client of the GraphQL API, for the demo and the smoke run: what a person or a script would send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.workers.contract.errors import FleetError

_START = """
mutation ($name: String!, $variables: JSON, $key: String, $businessKey: String) {
  startWorkflow(processName: $name, variables: $variables, idempotencyKey: $key, businessKey: $businessKey) {
    __typename
    ... on WorkflowStarted { workflow { workflowId } }
    ... on UserError { message suggestion }
  }
}
"""

_WORKFLOW = """
query ($id: UUID!) {
  workflow(workflowId: $id) {
    workflowId state incident processInstanceKey output
    steps { elementId state kind claimedAt finishedAt attempts { outcome } }
    activities { activityId name elementId state version assignee }
  }
}
"""

_LATEST = """
query ($first: Int!) {
  workflows(first: $first) {
    edges {
      node {
        workflowId processName state incident createdAt endedAt
        steps { elementId kind }
        activities { name state assignee candidateGroups }
      }
    }
  }
}
"""

_COMPLETE = """
mutation ($id: UUID!, $version: Int!, $result: JSON!, $action: String) {
  completeActivity(activityId: $id, version: $version, result: $result, action: $action) {
    __typename
    ... on UserError { message suggestion }
  }
}
"""

_RETRY = """
mutation ($id: UUID!) {
  retryWorkflow(workflowId: $id) { __typename ... on UserError { message suggestion } }
}
"""

_RERUN = """
mutation ($id: UUID!, $key: String) {
  rerunWorkflow(workflowId: $id, idempotencyKey: $key) {
    __typename
    ... on WorkflowRerunning { workflow { workflowId } }
    ... on UserError { message suggestion }
  }
}
"""

OPERATIONS = (_START, _WORKFLOW, _LATEST, _COMPLETE, _RETRY, _RERUN)
"""All that is asked but what others ask through it."""

_ANSWER_S = 30.0
_LOOK_AGAIN_S = 0.1


class FleetClient:
    """Speaks to one API as one persona."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=_ANSWER_S, cookies=no_cookies())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def sign_in(self, persona: str) -> None:
        """Become a persona."""
        answer = await self._http.post("/login", json={"persona": persona})
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    async def start(
        self,
        process_name: str,
        variables: Mapping[str, Any],
        *,
        key: str | None = None,
        business_key: str | None = None,
    ) -> str:
        """Start a workflow and return its id."""
        answer = await self._ask(_START, name=process_name, variables=variables, key=key, businessKey=business_key)
        started = _accepted(answer["startWorkflow"])
        return str(started["workflow"]["workflowId"])

    async def workflow(self, workflow_id: str) -> dict[str, Any]:
        """Read a workflow with its steps and activities."""
        workflow: dict[str, Any] = (await self._ask(_WORKFLOW, id=workflow_id))["workflow"]
        return workflow

    async def latest(self, first: int = 10) -> list[dict[str, Any]]:
        """Read the latest workflows in short, the newest first."""
        answer = await self._ask(_LATEST, first=first)
        return [edge["node"] for edge in answer["workflows"]["edges"]]

    async def complete(
        self, activity: Mapping[str, Any], result: Mapping[str, Any], *, action: str | None = None
    ) -> None:
        """Complete an activity in the version that was read; `action` is what a step of a case offers."""
        named = {"id": activity["activityId"], "version": activity["version"]}
        answer = await self._ask(_COMPLETE, **named, result=result, action=action)
        _accepted(answer["completeActivity"])

    async def retry(self, workflow_id: str) -> None:
        """Resolve the open incidents of a workflow."""
        _accepted((await self._ask(_RETRY, id=workflow_id))["retryWorkflow"])

    async def rerun(self, workflow_id: str, *, key: str | None = None) -> str:
        """Run a workflow that failed for good again; returns the id of the new one."""
        answer = await self._ask(_RERUN, id=workflow_id, key=key)
        return str(_accepted(answer["rerunWorkflow"])["workflow"]["workflowId"])

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send an operation of one's own; raises `FleetError` when the API answers with errors."""
        return await self._ask(query, **variables)

    async def until(
        self, workflow_id: str, holds: Callable[[dict[str, Any]], Any], *, what: str, timeout_s: float = 60.0
    ) -> dict[str, Any]:
        """Wait until something holds of a workflow.

        Raises:
            FleetError: it did not in time; says how the workflow stands.
        """
        workflow: dict[str, Any] = {}
        try:
            async with asyncio.timeout(timeout_s):
                while not holds(workflow := await self.workflow(workflow_id)):
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            raise FleetError(
                f"Workflow {workflow_id} did not come to {what} within {timeout_s:g} s: it is "
                f"{workflow.get('state')}, incident {workflow.get('incident')!r}."
            ) from None
        return workflow

    async def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = await self._http.post("/graphql", json={"query": query, "variables": variables})
        body = answer.json()
        if body.get("errors") or "data" not in body:
            raise FleetError(f"The API answered {answer.status_code}: {body.get('errors') or body}")
        data: dict[str, Any] = body["data"]
        return data


def _accepted(answer: dict[str, Any]) -> dict[str, Any]:
    if "message" in answer:
        raise FleetError(answer["message"], answer.get("suggestion") or "")
    return answer

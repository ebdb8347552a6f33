"""Our own activity system, through its GraphQL API and in its service role.

What comes back                                   becomes
no connection, no answer in time, 408, 429, 5xx   InfrastructureError: the job goes back, no retry spent
an error of code UNAVAILABLE, no JSON             InfrastructureError
401, 403, NotAllowed                              InfrastructureError: the token is wrong, not the task
any other refusal                                 PermanentError
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import InfrastructureError, PermanentError
from zeebe_fleet.workers.contract.job import JobKey
from zeebe_fleet.workers.contract.ports import DEFAULT_PRIORITY, OpenActivity, UserTask

_REFUSED = "... on UserError { message suggestion }"
_CREATE = (
    "mutation ($input: CreateActivityInput!) { answer: createActivity(input: $input) { __typename "
    f"... on ActivityCreated {{ activity {{ activityId }} }} {_REFUSED} }} }}"
)
_TO_PROBE = "query ($limit: Int!) { answer: activitiesToProbe(limit: $limit) { activityId jobKey } }"
_SEEN = (
    "mutation ($ids: [UUID!]!) { answer: activitySeen(activityIds: $ids) { __typename "
    f"... on ActivitiesSeen {{ activityIds }} {_REFUSED} }} }}"
)
_CLOSE = (
    "mutation ($id: UUID!, $reason: String!) { answer: closeActivity(activityId: $id, reason: $reason) { __typename "
    f"... on ActivityCancelled {{ activity {{ activityId }} }} {_REFUSED} }} }}"
)
OPERATIONS = (_CREATE, _TO_PROBE, _SEEN, _CLOSE)
"""All that is ever asked."""

# A proxy of the environment is for the outside, not for an API on this machine.
_DIRECT = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}


class GraphQLActivitySystem:
    """Creates and closes activities; close it when the process ends.

    Args:
        api_url: base address of the API.
        service_token: bearer token of the service role, or what reads it where it is kept.
        timeout_s: deadline of a request.
    """

    def __init__(self, api_url: str, service_token: str | Callable[[], str], *, timeout_s: float = 10.0) -> None:
        self._url = f"{api_url.rstrip('/')}/graphql"
        self._token = service_token
        self._http = httpx.AsyncClient(
            headers={"User-Agent": "zeebe-fleet"},
            timeout=timeout_s,
            cookies=no_cookies(),
            mounts=_DIRECT,
        )

    async def create_activity(self, task: UserTask) -> UUID:
        """Create the activity of a user task; the same task again returns the same activity."""
        answer = _accepted(await self._ask(_CREATE, {"input": _input(task)}), "ActivityCreated")
        return UUID(answer["activity"]["activityId"])

    async def activities_to_probe(self, limit: int) -> list[OpenActivity]:
        """Return waiting activities whose job may be gone, those unseen for longest first."""
        found = await self._ask(_TO_PROBE, {"limit": limit})
        return [OpenActivity(UUID(one["activityId"]), JobKey(int(one["jobKey"]))) for one in found]

    async def activity_seen(self, activity_ids: Sequence[UUID]) -> None:
        """Note that the jobs of these activities are alive."""
        _accepted(await self._ask(_SEEN, {"ids": [str(one) for one in activity_ids]}), "ActivitiesSeen")

    async def close_activity(self, activity_id: UUID, reason: str) -> None:
        """Cancel an activity whose user task is gone; closed and unknown ones stay as they are."""
        answer = await self._ask(_CLOSE, {"id": str(activity_id), "reason": reason})
        _accepted(answer, "ActivityCancelled", "ActivityNotFound")

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, query: str, variables: Mapping[str, Any]) -> Any:
        try:
            token = self._token() if callable(self._token) else self._token
            sent = {"query": query, "variables": variables}
            response = await self._http.post(self._url, json=sent, headers={"Authorization": f"Bearer {token}"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._down(type(error).__name__) from error
        if response.status_code in (401, 403):
            raise _not_let_in()
        try:
            body = response.json()
            errors, data = body.get("errors"), body.get("data")
        except (ValueError, AttributeError):
            raise self._down(f"status {response.status_code}, no JSON") from None
        if errors or not data:
            raise self._refusal(response.status_code, errors or [{}])
        return data["answer"]

    def _refusal(self, status: int, errors: Sequence[Mapping[str, Any]]) -> InfrastructureError | PermanentError:
        first = errors[0]
        message = str(first.get("message", f"status {status}"))
        extensions = first.get("extensions") or {}
        if extensions.get("code") == "NOT_ALLOWED":
            return _not_let_in()
        if extensions.get("code") in ("UNAVAILABLE", "INTERNAL") or status in (408, 429) or status >= 500:
            return self._down(message)
        return PermanentError(f"The API refused: {message}", str(extensions.get("suggestion", "")))

    def _down(self, why: str) -> InfrastructureError:
        return InfrastructureError(
            f"The API at {shown(self._url)} does not work ({why}).", "Check its address, and that it runs."
        )


def _not_let_in() -> InfrastructureError:
    return InfrastructureError(
        "The API does not know the service token.",
        "Give API and human-task adapter the same FLEET_API__SERVICE_TOKEN.",
    )


def _accepted(answer: Mapping[str, Any], *expected: str) -> Mapping[str, Any]:
    if answer["__typename"] == "NotAllowed":
        raise _not_let_in()
    if answer["__typename"] not in expected:
        raise PermanentError(f"The API refused: {answer['message']}", answer["suggestion"])
    return answer


def _input(task: UserTask) -> dict[str, Any]:
    """Write a user task; keys as strings, since 64-bit numbers don't survive every JSON reader.

    What an older API does not know is named only where it says something.
    """
    newer: dict[str, Any] = {}
    if task.follow_up_at:
        newer["followUpAt"] = task.follow_up_at.isoformat()
    if task.priority != DEFAULT_PRIORITY:
        newer["priority"] = task.priority
    if task.actions:
        newer["actions"] = [action.to_json() for action in task.actions]
    return {
        "processName": task.process_name,
        "processVersion": task.process_version,
        "processInstanceKey": str(task.process_instance_key),
        "definitionKey": str(task.definition_key),
        "elementId": task.element_id,
        "elementInstanceKey": str(task.element_instance_key),
        "name": task.name,
        "workflowId": str(task.workflow_id) if task.workflow_id else None,
        "jobKey": None if task.job_key is None else str(task.job_key),
        "form": task.form,
        "variables": task.variables,
        "candidateGroups": list(task.candidate_groups),
        "candidateUsers": list(task.candidate_users),
        "assignee": task.assignee,
        "dueAt": task.due_at.isoformat() if task.due_at else None,
        **newer,
    }

"""Camunda user tasks: assigned, updated, completed; what is read of them is in `search_routes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.commands import AssignUserTask, CompleteUserTask, UpdateUserTask
from zeebe_fleet.engine.rest.answers import nothing
from zeebe_fleet.engine.rest.body import Body, path_key
from zeebe_fleet.engine.rest.problems import invalid

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House


async def assign(request: Request, house: House) -> Response:
    """`POST /v2/user-tasks/{key}/assignment`."""
    body = await Body.of(request)
    assignee = body.text("assignee", "")
    if not assignee.strip():
        raise invalid("No assignee provided.")
    allow_override = body.flag("allowOverride", True)
    return await _settled(
        house, AssignUserTask(path_key(request), assignee, allow_override, body.text("action", "") or "assign")
    )


async def unassign(request: Request, house: House) -> Response:
    """`DELETE /v2/user-tasks/{key}/assignee`."""
    return await _settled(house, AssignUserTask(path_key(request), "", action="unassign"))


async def update(request: Request, house: House) -> Response:
    """`PATCH /v2/user-tasks/{key}`: what is null or left out stays; what else is sent is passed over."""
    body = await Body.of(request, optional=True)
    changes, action = attributes(body.inner("changeset")), body.text("action", "")
    if not changes and not action:
        raise invalid(f"No update data provided: an action, or in the changeset one of [{', '.join(_KINDS)}].")
    return await _settled(house, UpdateUserTask(path_key(request), changes, action or "update"))


async def complete(request: Request, house: House) -> Response:
    """`POST /v2/user-tasks/{key}/completion`."""
    body = await Body.of(request, optional=True)
    return await _settled(
        house, CompleteUserTask(path_key(request), body.document(), body.text("action", "") or "complete")
    )


async def _settled(house: House, command: Any) -> Response:
    """Answer once the listeners are through, if there are any."""
    with house.waits.one():
        await house.admission.run(command)
    return nothing()


_KINDS: Mapping[str, str] = {
    "candidateGroups": "candidateGroupsList",
    "candidateUsers": "candidateUsersList",
    "dueDate": "dueDate",
    "followUpDate": "followUpDate",
    "priority": "priority",
}


def attributes(sent: Body, *more: str) -> tuple[tuple[str, Any], ...]:
    """Read the attributes that somebody wants to change; `more` are those only some may."""
    found: list[tuple[str, Any]] = []
    for name in (*_KINDS, *more):
        if sent.fields().get(name) is None:
            continue
        if name.startswith("candidate"):
            found.append((_KINDS[name], list(sent.texts(name))))
        else:
            found.append((name, sent.number(name) if name == "priority" else sent.text(name)))
    return tuple(found)

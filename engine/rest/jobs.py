"""Jobs: activated and ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.commands import (
    CompleteJob,
    FailJob,
    JobResult,
    ThrowError,
    UpdateJobRetries,
    UpdateJobTimeout,
)
from zeebe_fleet.engine.core.state import root_key
from zeebe_fleet.engine.rest.answers import json_answer, nothing
from zeebe_fleet.engine.rest.body import Body, path_key
from zeebe_fleet.engine.rest.house import House
from zeebe_fleet.engine.rest.problems import Problem, invalid
from zeebe_fleet.engine.rest.user_tasks import attributes
from zeebe_fleet.engine.version import TASK_LISTENERS, Version
from zeebe_fleet.engine.wishes import wait_s, wish

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.jobs import ActivatedJob
    from zeebe_fleet.engine.core.people import Properties
    from zeebe_fleet.engine.pump import Wish


async def activate(request: Request, house: House) -> Response:
    """`POST /v2/jobs/activation`: a long poll, which a client may leave at any moment."""
    body = await Body.of(request)
    house.admission.check()
    wanted, seconds = _wanted(body), wait_s(body.number("requestTimeout", 0))
    with house.waits.one():
        jobs = await _unless_left(request, house, wanted, seconds)
    return json_answer({"jobs": [_row(one, house) for one in jobs]})


def _wanted(body: Body) -> Wish:
    return wish(
        "activate jobs",
        type_=body.text("type"),
        worker=body.text("worker", "") or "default",
        timeout_ms=body.number("timeout"),
        max_jobs=body.number("maxJobsToActivate"),
        fetch=body.texts("fetchVariable"),
        tenants=body.texts("tenantIds"),
    )


async def _unless_left(request: Request, house: House, wanted: Wish, seconds: float | None) -> Sequence[ActivatedJob]:
    """Poll; the server goes on with a request whose client went away, so that is watched here."""
    poll = asyncio.ensure_future(house.pump.poll(wanted, seconds))
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((poll, leaving), return_when=asyncio.FIRST_COMPLETED)
        jobs = await poll if poll.done() else []
        if leaving.done():
            house.pump.give_back(jobs)
        return jobs
    finally:
        for one in (poll, leaving):
            one.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait((one,))


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _row(job: ActivatedJob, house: House) -> dict[str, Any]:
    version = house.version
    row: dict[str, Any] = {
        "type": job.type,
        "processDefinitionId": job.bpmn_process_id,
        "processDefinitionVersion": job.process_definition_version,
        "elementId": job.element_id,
        "customHeaders": json.loads(job.headers),
        "worker": job.worker,
        "retries": job.retries,
        "deadline": job.deadline_ms,
        "variables": json.loads(job.variables),
        "tenantId": job.tenant,
        "jobKey": str(job.key),
        "processInstanceKey": str(job.process_instance_key),
        "processDefinitionKey": str(job.process_definition_key),
        "elementInstanceKey": str(job.element_instance_key),
    }
    if version.has((8, 8)):
        row |= {"kind": job.kind, "listenerEventType": job.listener_event, "tags": []}
        if job.user_task is not None:
            row["userTask"] = _user_task(job.user_task, version)
        elif version.nulls:
            row["userTask"] = None
    if version.has((8, 9)):
        row["rootProcessInstanceKey"] = str(root_key(house.pump.state, job.process_instance_key))
    return row


def _user_task(task: Properties, version: Version) -> dict[str, Any]:
    row = {
        "action": task.action,
        "assignee": task.assignee or None,
        "candidateGroups": task.candidate_groups,
        "candidateUsers": task.candidate_users,
        "changedAttributes": task.changed_attributes,
        "dueDate": task.due_date or None,
        "followUpDate": task.follow_up_date or None,
        "formKey": str(task.form_key) if task.form_key else None,
        "priority": task.priority,
        "userTaskKey": str(task.key),
    }
    return row if version.nulls else {name: value for name, value in row.items() if value is not None}


async def complete(request: Request, house: House) -> Response:
    """`POST /v2/jobs/{key}/completion`."""
    body = await Body.of(request, optional=True)
    result = _result(body.inner("result"), house.version)
    await house.admission.run(CompleteJob(path_key(request), body.document(), result))
    return nothing()


def _result(sent: Body, version: Version) -> JobResult | None:
    """Read what a listener to a user task says; versions that have none pass it over."""
    if not sent.fields() or not version.has(TASK_LISTENERS):
        return None
    if sent.text("type", "userTask") != "userTask":
        raise Problem(501, "UNIMPLEMENTED", "The engine in the box serves no job's result but that of a user task.")
    corrections = attributes(sent.inner("corrections"), "assignee")
    return JobResult(sent.flag("denied", False), sent.text("deniedReason", ""), corrections)


async def fail(request: Request, house: House) -> Response:
    """`POST /v2/jobs/{key}/failure`."""
    body = await Body.of(request, optional=True)
    command = FailJob(
        path_key(request),
        body.number("retries", 0),
        body.text("errorMessage", ""),
        body.number("retryBackOff", 0),
        body.document(),
    )
    await house.admission.run(command)
    return nothing()


async def throw_error(request: Request, house: House) -> Response:
    """`POST /v2/jobs/{key}/error`."""
    body = await Body.of(request)
    command = ThrowError(path_key(request), body.text("errorCode"), body.text("errorMessage", ""), body.document())
    await house.admission.run(command)
    return nothing()


async def update(request: Request, house: House) -> Response:
    """`PATCH /v2/jobs/{key}`: its retries, its timeout, or both."""
    key = path_key(request)
    changes = (await Body.of(request)).inner("changeset")
    sent = {name for name in ("retries", "timeout") if changes.fields().get(name) is not None}
    if not sent:
        raise invalid("At least one of [retries, timeout] is required.")
    if "retries" in sent:
        await house.admission.run(UpdateJobRetries(key, changes.number("retries")))
    if "timeout" in sent:
        await house.admission.run(UpdateJobTimeout(key, changes.number("timeout")))
    return nothing()

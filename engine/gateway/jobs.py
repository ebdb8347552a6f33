"""Jobs handed out: by polls, which get what waits, and by streams, which get what becomes available."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from grpc.aio import ServicerContext

from zeebe_fleet.engine.core.commands import YieldJobs
from zeebe_fleet.engine.gateway.newer import MESSAGES
from zeebe_fleet.engine.gateway.status import refuse
from zeebe_fleet.engine.pump import Stopped
from zeebe_fleet.engine.version import TASK_LISTENERS
from zeebe_fleet.engine.wishes import wait_s, wish

if TYPE_CHECKING:
    from zeebe_fleet.engine.admission import Admission
    from zeebe_fleet.engine.core.jobs import ActivatedJob
    from zeebe_fleet.engine.core.people import Properties
    from zeebe_fleet.engine.pump import Pump, Wish
    from zeebe_fleet.engine.version import Version
    from zeebe_fleet.engine.waits import Waits

_ActivatedJob, _UserTask, _Answer = (
    MESSAGES[name] for name in ("ActivatedJob", "UserTaskProperties", "ActivateJobsResponse")
)
Context = ServicerContext[Any, Any]
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""What clients take by default."""
_FRAME_BYTES = 8
"""What a message takes inside another besides itself, at most."""


class Jobs:
    """Serves `ActivateJobs` and `StreamActivatedJobs`."""

    def __init__(self, pump: Pump, admission: Admission, waits: Waits, version: Version) -> None:
        self._pump = pump
        self._says_kinds = version.has(TASK_LISTENERS)
        self._admission = admission
        self._waits = waits

    async def activate(self, request: Any, context: Context) -> None:
        """Answer a poll: with jobs as soon as there are some, with nothing when its time is over."""
        try:
            self._admission.check()
            wanted = _polled(request)
            with self._waits.one():
                jobs = await self._pump.poll(wanted, wait_s(request.requestTimeout))
        except Exception as error:
            await refuse(context, error)
        written = 0
        try:
            for answer in answers([message_of(one, self._says_kinds) for one in jobs]):
                # Whether a write that breaks has reached the client is unknown: what is in it keeps its lease.
                written += len(answer.jobs)
                await context.write(answer)
        finally:
            self._pump.give_back(jobs[written:])

    async def stream(self, request: Any, context: Context) -> None:
        """Push jobs, one write at a time: a stream that nobody reads is given no more."""
        try:
            jobs = self._pump.stream(_streamed(request))
        except Exception as error:
            await refuse(context, error)
        try:
            with self._waits.one():
                # The client knows from here on that what becomes available is also for it.
                await context.send_initial_metadata(())
                while True:
                    await context.write(message_of(await jobs.next(), self._says_kinds))
        except Exception as error:
            await refuse(context, error)
        finally:
            await self._give_back(jobs.close())

    async def _give_back(self, unread: Sequence[int]) -> None:
        """Let others have what was leased to a stream and never written."""
        if unread:
            with suppress(Stopped):
                await self._pump.run(YieldJobs(tuple(unread)))


def _polled(request: Any) -> Wish:
    return wish(
        "activate jobs",
        type_=request.type,
        worker=request.worker,
        timeout_ms=request.timeout,
        max_jobs=request.maxJobsToActivate,
        fetch=request.fetchVariable,
        tenants=request.tenantIds,
    )


def _streamed(request: Any) -> Wish:
    return wish(
        "stream activated jobs",
        type_=request.type,
        worker=request.worker,
        timeout_ms=request.timeout,
        fetch=request.fetchVariable,
        tenants=request.tenantIds,
    )


def answers(messages: Sequence[Any]) -> Iterator[Any]:
    """Put jobs into answers that clients take, each as full as it gets."""
    some: list[Any] = []
    length = 0
    for message in messages:
        bytes_ = message.ByteSize() + _FRAME_BYTES
        if some and length + bytes_ > MAX_ANSWER_BYTES:
            yield _Answer(jobs=some)
            some, length = [], 0
        some.append(message)
        length += bytes_
    if some:
        yield _Answer(jobs=some)


def message_of(job: ActivatedJob, says_kind: bool) -> Any:
    """Write a job as the gateway's message; before 8.8 it says nothing of its kind."""
    message = _ActivatedJob(
        key=job.key,
        type=job.type,
        processInstanceKey=job.process_instance_key,
        bpmnProcessId=job.bpmn_process_id,
        processDefinitionVersion=job.process_definition_version,
        processDefinitionKey=job.process_definition_key,
        elementId=job.element_id,
        elementInstanceKey=job.element_instance_key,
        customHeaders=job.headers,
        worker=job.worker,
        retries=job.retries,
        deadline=job.deadline_ms,
        variables=job.variables,
        tenantId=job.tenant,
    )
    if says_kind:
        message.kind, message.listenerEventType = _KINDS[job.kind], _EVENTS[job.listener_event]
        if job.user_task is not None:
            message.userTask.CopyFrom(_user_task(job.user_task))
    return message


def _numbers(field: str) -> dict[str, int]:
    values = _ActivatedJob.DESCRIPTOR.fields_by_name[field].enum_type.values
    return {value.name: value.number for value in values}


_KINDS, _EVENTS = _numbers("kind"), _numbers("listenerEventType")


def _user_task(task: Properties) -> Any:
    return _UserTask(
        action=_sendable(task.action),
        assignee=_sendable(task.assignee) or None,
        candidateGroups=map(_sendable, task.candidate_groups),
        candidateUsers=map(_sendable, task.candidate_users),
        changedAttributes=task.changed_attributes,
        dueDate=task.due_date or None,
        followUpDate=task.follow_up_date or None,
        formKey=task.form_key or None,
        priority=task.priority,
        userTaskKey=task.key,
    )


def _sendable(text: str) -> str:
    """Half a surrogate pair is JSON, but no UTF-8, which is all that a message holds."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()

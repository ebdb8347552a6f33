"""Jobs: made for an element instance or a listener, found by workers, ended by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, documents, people, variables
from zeebe_fleet.engine.core.expressions import number, text
from zeebe_fleet.engine.core.moments import LATEST_MS
from zeebe_fleet.engine.core.rejection import Rejected, Stuck
from zeebe_fleet.engine.core.state import (
    ACTIVATABLE,
    DEFAULT_TENANT,
    ELEMENT_JOB,
    ERROR_THROWN,
    FAILED,
    START_LISTENER,
    TASK_LISTENER,
    Job,
)

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.people import UserTask
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import JobDefinition

KINDS = ("BPMN_ELEMENT", "EXECUTION_LISTENER", "EXECUTION_LISTENER", *["TASK_LISTENER"] * len(people.EVENTS))
LISTENER_EVENTS = ("UNSPECIFIED", "START", "END", *(event.upper() for event in people.EVENTS))
MAX_MESSAGE = 10_000
"""Characters of a failure's message that are kept."""


class ActivatedJob:
    """A job as a worker is given it; `variables` and `headers` are JSON texts."""

    __slots__ = (
        "bpmn_process_id",
        "deadline_ms",
        "element_id",
        "element_instance_key",
        "headers",
        "key",
        "kind",
        "listener_event",
        "process_definition_key",
        "process_definition_version",
        "process_instance_key",
        "retries",
        "tenant",
        "type",
        "user_task",
        "variables",
        "worker",
    )

    def __init__(self, job: Job, given: str) -> None:
        instance = job.instance
        definition = instance.definition
        self.key = job.key
        self.type = job.type
        self.process_instance_key = instance.process_instance_key
        self.bpmn_process_id = definition.bpmn_process_id
        self.process_definition_version = definition.version
        self.process_definition_key = definition.key
        self.element_id = instance.element.id
        self.element_instance_key = instance.key
        self.headers = job.headers
        self.worker = job.worker
        self.retries = job.retries
        self.deadline_ms = job.deadline_ms
        self.variables = given
        self.tenant = DEFAULT_TENANT
        self.kind = KINDS[job.kind]
        self.listener_event = LISTENER_EVENTS[job.kind]
        task = instance.user_task
        self.user_task = None if task is None or job.kind < TASK_LISTENER else people.properties(task)

    @property
    def size(self) -> int:
        """Bytes it takes, about."""
        return documents.bytes_of(self.variables) + documents.bytes_of(self.headers) + 400


def prepare(machine: Machine, instance: ElementInstance, definition: JobDefinition) -> tuple[str, int]:
    """Evaluate a job's type and retries.

    Raises:
        Stuck: an expression failed.
    """
    return text(machine, instance, definition.type), number(machine, instance, definition.retries)


def create(machine: Machine, instance: ElementInstance, type_: str, retries: int, headers: Mapping[str, str]) -> None:
    """Make the job of an element; its retries may be none already."""
    _created(machine, instance, type_, retries, ELEMENT_JOB, documents.write(headers) if headers else documents.EMPTY)


def create_listener(machine: Machine, instance: ElementInstance, listener: JobDefinition, kind: int) -> None:
    """Make the job of an execution listener; it has its element's headers.

    Raises:
        Stuck: an expression failed.
    """
    type_, retries = prepare(machine, instance, listener)
    headers = instance.element.headers
    _created(machine, instance, type_, retries, kind, documents.write(dict(headers)) if headers else documents.EMPTY)


def create_task_listener(machine: Machine, task: UserTask, listener: JobDefinition) -> None:
    """Make the job of a listener to the transition of a user task.

    Raises:
        Stuck: an expression failed.
    """
    type_, retries = prepare(machine, task.instance, listener)
    headers = documents.write(people.headers(task))
    _created(machine, task.instance, type_, retries, TASK_LISTENER + task.state, headers)


def _created(machine: Machine, instance: ElementInstance, type_: str, retries: int, kind: int, headers: str) -> None:
    machine.emit(
        "JOB_CREATED", instance.process_instance_key, machine.key(), instance.key, type_, retries, kind, headers
    )


def activate(
    machine: Machine, job: Job, worker: str, timeout_ms: int, fetch: tuple[str, ...], max_bytes: int
) -> ActivatedJob | None:
    """Lease a job to a worker; None when it became an incident for its size."""
    given = documents.joined(_seen(job, fetch))
    given_bytes = documents.bytes_of(given)
    if given_bytes + documents.bytes_of(job.headers) > max_bytes:
        too_big = Stuck(
            "MESSAGE_SIZE_EXCEEDED",
            f"The job with key '{job.key}' can not be activated, because with {given_bytes} bytes of variables it is "
            f"larger than the configured message size. Try to reduce the size by reducing the number of fetched "
            f"variables or modifying the variable values.",
        )
        owner = job.instance.process_instance_key
        machine.emit("JOB_DISABLED", owner, job.key)
        course.stop(machine, job.instance, too_big, job.key)
        return None
    owner = job.instance.process_instance_key
    machine.emit("JOB_ACTIVATED", owner, job.key, worker, from_now(machine, timeout_ms))
    return ActivatedJob(job, given)


def _seen(job: Job, fetch: tuple[str, ...]) -> dict[str, str]:
    """Return the variables a job is given; a listener to a user task also sees what is about to be set."""
    found, task = variables.visible(job.instance, fetch), job.instance.user_task
    if task is not None and job.kind >= TASK_LISTENER:
        coming = documents.cut(task.given)
        found.update({name: text for name, text in coming.items() if not fetch or name in fetch})
    return found


def from_now(machine: Machine, span_ms: int) -> int:
    """Return the time after a span, which may be as long as a client can write it."""
    return min(machine.now_ms + span_ms, LATEST_MS)


def find(machine: Machine, job_key: int, intent: str, doing: str) -> Job:
    """Return a living job.

    Raises:
        Rejected: it is gone.
    """
    job = machine.state.jobs.get(job_key)
    if job is None:
        raise Rejected("NOT_FOUND", f"Expected to {doing} job with key '{job_key}', but no such job was found", intent)
    return job


def require_alive(job: Job, intent: str, doing: str) -> None:
    """Make sure that a job takes verbs.

    Raises:
        Rejected: it has failed, or has thrown an error that nobody caught.
    """
    if job.status in (FAILED, ERROR_THROWN):
        state = "FAILED" if job.status == FAILED else "ERROR_THROWN"
        raise Rejected(
            "INVALID_STATE", f"Expected to {doing} job with key '{job.key}', but it is in state '{state}'", intent
        )


def finished(machine: Machine, job: Job, given: dict[str, str]) -> None:
    """A job is completed: its element instance goes on."""
    instance = job.instance
    owner = instance.process_instance_key
    machine.emit("JOB_COMPLETED", owner, job.key)
    if job.kind == ELEMENT_JOB:
        deliver(machine, instance, given)
        return
    machine.emit("LISTENER_PASSED", owner, instance.key, instance.listener + 1)
    if job.kind == START_LISTENER:
        variables.set_local(machine, instance, given)
        machine.later("activate", instance.key)
    else:
        variables.propagate(machine, instance.scope or instance, given)
        machine.later("completing", instance.key)


def deliver(machine: Machine, instance: ElementInstance, result: Mapping[str, str]) -> None:
    """Give what work has come to where it belongs, for output mappings to read or for all, and go on."""
    if instance.element.outputs:
        variables.set_local(machine, instance, result)
    else:
        variables.propagate(machine, instance, result)
    course.complete(machine, instance)


def failed(machine: Machine, job: Job) -> None:
    """A job has no retries left: its incident, with what it said."""
    kind = KINDS[job.kind]
    error_type = "JOB_NO_RETRIES" if job.kind == ELEMENT_JOB else f"{kind}_NO_RETRIES"
    course.stop(machine, job.instance, Stuck(error_type, job.error_message or "No more retries left."), job.key)


def is_waiting(job: Job | None) -> bool:
    """Whether a worker may have it."""
    return job is not None and job.status == ACTIVATABLE

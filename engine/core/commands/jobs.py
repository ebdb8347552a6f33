"""What workers say of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, documents, errors, hearing, jobs, variables
from zeebe_fleet.engine.core.hearing import JobResult
from zeebe_fleet.engine.core.rejection import Rejected, Stuck
from zeebe_fleet.engine.core.state import ACTIVATED, DEFAULT_TENANT, ELEMENT_JOB, TASK_LISTENER

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine

TOO_LARGE_BYTES = 2 * 1024 * 1024
"""Of variables in one command: more does not fit into a batch of records."""


_LISTENERS = {"EXECUTION_LISTENER": "an execution listener", "TASK_LISTENER": "a task listener"}


def require_small(document: str, intent: str) -> None:
    """Refuse variables that no batch of records holds.

    Raises:
        Rejected: they are too large.
    """
    length = documents.bytes_of(document)
    if length > TOO_LARGE_BYTES:
        raise Rejected(
            "EXCEEDED_BATCH_RECORD_SIZE",
            f"Expected to write a batch of records, but its {length} bytes of variables exceed its maximum size "
            f"of {TOO_LARGE_BYTES} bytes",
            intent,
        )


@dataclass(frozen=True, slots=True)
class ActivateJobs:
    """Lease jobs of one type to a worker; answers with those there are.

    Args:
        max_bytes: what they may take together; a job alone above it becomes an incident.
    """

    type: str
    worker: str
    timeout_ms: int
    max_jobs: int
    fetch: tuple[str, ...] = ()
    max_bytes: int = 4 * 1024 * 1024

    def run(self, machine: Machine) -> list[jobs.ActivatedJob]:
        """Take from the queue, the oldest first."""
        state = machine.state
        queue = state.queues.get(self.type)
        found: list[jobs.ActivatedJob] = []
        left = self.max_bytes
        while queue and len(found) < self.max_jobs:
            job = state.jobs.get(queue[0])
            if job is None or not jobs.is_waiting(job):
                queue.popleft()
                continue
            activated = jobs.activate(machine, job, self.worker, self.timeout_ms, self.fetch, self.max_bytes)
            if activated is not None:
                if found and activated.size > left:
                    YieldJobs((activated.key,)).run(machine)
                    state.queues[self.type].rotate(1)
                    break
                left -= activated.size
                found.append(activated)
            queue.popleft()
        if not queue:
            state.queues.pop(self.type, None)
        return found


@dataclass(frozen=True, slots=True)
class YieldJobs:
    """Give back jobs that were leased and never left the engine."""

    job_keys: tuple[int, ...]

    def run(self, machine: Machine) -> None:
        """Let others have those that are still leased."""
        for key in self.job_keys:
            job = machine.state.jobs.get(key)
            if job is not None and job.status == ACTIVATED:
                machine.emit("JOB_YIELDED", job.instance.process_instance_key, key)


@dataclass(frozen=True, slots=True)
class CompleteJob:
    """Say that a job is done; whoever holds its lease.

    Args:
        result: what a listener to a user task says of it; of other jobs it is passed over, as Camunda does.
    """

    job_key: int
    variables: str = documents.EMPTY
    result: JobResult | None = None

    def run(self, machine: Machine) -> None:
        """Let its element instance go on."""
        job = jobs.find(machine, self.job_key, "COMPLETE", "complete")
        jobs.require_alive(job, "COMPLETE", "complete")
        require_small(self.variables, "COMPLETE")
        given = documents.cut(self.variables)
        if job.kind >= TASK_LISTENER:
            hearing.heard(machine, job, given, self.result or JobResult())
        else:
            jobs.finished(machine, job, given)


@dataclass(frozen=True, slots=True)
class FailJob:
    """Say that a job failed."""

    job_key: int
    retries: int
    message: str = ""
    backoff_ms: int = 0
    variables: str = documents.EMPTY

    def run(self, machine: Machine) -> None:
        """Have it tried again, or make an incident."""
        job = jobs.find(machine, self.job_key, "FAIL", "fail")
        jobs.require_alive(job, "FAIL", "fail")
        require_small(self.variables, "FAIL")
        given = documents.cut(self.variables)
        owner = job.instance.process_instance_key
        variables.set_local(machine, job.instance, given)
        recurs_ms = jobs.from_now(machine, self.backoff_ms) if self.backoff_ms > 0 and self.retries > 0 else 0
        machine.emit("JOB_FAILED", owner, job.key, max(0, self.retries), self.message[: jobs.MAX_MESSAGE], recurs_ms)
        if self.retries <= 0:
            jobs.failed(machine, job)


@dataclass(frozen=True, slots=True)
class ThrowError:
    """Throw a BPMN error from a job."""

    job_key: int
    code: str
    message: str = ""
    variables: str = documents.EMPTY

    def run(self, machine: Machine) -> None:
        """Let who catches it go on, or make an incident."""
        job = jobs.find(machine, self.job_key, "THROW_ERROR", "throw an error for")
        jobs.require_alive(job, "THROW_ERROR", "throw an error for")
        if job.kind != ELEMENT_JOB:
            listener = _LISTENERS[jobs.KINDS[job.kind]]
            raise Rejected(
                "INVALID_STATE",
                f"Expected to throw an error for job with key '{job.key}', but it is the job of {listener}, "
                f"from which no BPMN error can be thrown",
                "THROW_ERROR",
            )
        require_small(self.variables, "THROW_ERROR")
        given = documents.cut(self.variables)
        owner, instance = job.instance.process_instance_key, job.instance
        message = self.message[: jobs.MAX_MESSAGE]
        catcher = errors.catcher_of(machine, instance, self.code)
        machine.emit("JOB_ERROR_THROWN", owner, job.key, self.code, message, catcher is not None)
        if catcher is not None:
            errors.caught(machine, catcher, given)
        else:
            told = errors.unhandled(machine, instance, self.code, message)
            course.stop(machine, instance, Stuck("UNHANDLED_ERROR_EVENT", told), job.key)


@dataclass(frozen=True, slots=True)
class UpdateJobRetries:
    """Give a job retries; one at an incident goes on when that is resolved."""

    job_key: int
    retries: int

    def run(self, machine: Machine) -> None:
        """Set them."""
        job = jobs.find(machine, self.job_key, "UPDATE_RETRIES", "update retries for")
        if self.retries < 1:
            raise Rejected(
                "INVALID_ARGUMENT",
                f"Expected to update retries for job with key '{self.job_key}' with a positive amount of retries, "
                f"but the amount given was '{self.retries}'",
                "UPDATE_RETRIES",
            )
        machine.emit("JOB_RETRIES_UPDATED", job.instance.process_instance_key, job.key, self.retries)


@dataclass(frozen=True, slots=True)
class UpdateJobTimeout:
    """Have a lease end `timeout_ms` from now."""

    job_key: int
    timeout_ms: int

    def run(self, machine: Machine) -> None:
        """Set it."""
        doing = "update the timeout of"
        job = jobs.find(machine, self.job_key, "UPDATE_TIMEOUT", doing)
        jobs.require_alive(job, "UPDATE_TIMEOUT", doing)
        if job.status != ACTIVATED:
            raise Rejected(
                "INVALID_STATE",
                f"Expected to update the timeout of job with key '{self.job_key}', but it is not active",
                "UPDATE_TIMEOUT",
            )
        deadline_ms = jobs.from_now(machine, self.timeout_ms)
        machine.emit("JOB_TIMEOUT_UPDATED", job.instance.process_instance_key, job.key, deadline_ms)


def require_default_tenant(tenant: str, doing: str, intent: str) -> None:
    """Refuse every tenant but the default one: there are no others.

    Raises:
        Rejected: another one is named.
    """
    if tenant not in ("", DEFAULT_TENANT):
        raise Rejected(
            "INVALID_ARGUMENT",
            f"Expected to handle request {doing} with tenant identifier '{tenant}', but multi-tenancy is disabled",
            intent,
        )

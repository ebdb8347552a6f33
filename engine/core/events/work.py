"""Jobs, incidents and variables."""

from __future__ import annotations

from zeebe_fleet.engine.core.events.kinds import event
from zeebe_fleet.engine.core.state import (
    ACTIVATABLE,
    ACTIVATED,
    ERROR_THROWN,
    FAILED,
    Incident,
    Job,
    State,
)


@event("JOB", "CREATED")
def job_created(
    state: State,
    process_instance_key: int,
    key: int,
    instance_key: int,
    type: str,
    retries: int,
    kind: int,
    headers: str,
) -> None:
    """A job waits for a worker."""
    instance = state.instances[instance_key]
    job = Job(key, instance, type, retries, kind, headers)
    instance.job = job
    state.jobs[key] = job
    state.offer(job)


@event("JOB", "ACTIVATED")
def job_activated(state: State, process_instance_key: int, key: int, worker: str, deadline_ms: int) -> None:
    """A worker has it until its deadline."""
    job = state.jobs[key]
    job.status = ACTIVATED
    job.worker = worker
    job.deadline_ms = deadline_ms
    state.wheel.put(key, deadline_ms)


@event("JOB", "COMPLETED")
def job_completed(
    state: State, process_instance_key: int, key: int, denied: bool | None = None, reason: str = ""
) -> None:
    """It is done; of a listener to a user task, whether it denies the transition, and why."""
    _removed(state, key)


@event("JOB", "CANCELED")
def job_canceled(state: State, process_instance_key: int, key: int) -> None:
    """What it was for ends."""
    _removed(state, key)


def _removed(state: State, key: int) -> None:
    job = state.jobs.pop(key)
    job.instance.job = None
    state.wheel.discard(key)


@event("JOB", "FAILED")
def job_failed(state: State, process_instance_key: int, key: int, retries: int, message: str, recurs_ms: int) -> None:
    """It failed; with retries and no backoff it waits for a worker again."""
    job = state.jobs[key]
    job.retries = retries
    job.error_message = message
    state.wheel.discard(key)
    if retries > 0 and not recurs_ms:
        _offered(state, job)
        return
    job.status = FAILED
    job.deadline_ms = recurs_ms
    if retries > 0:
        state.wheel.put(key, recurs_ms)


@event("JOB", "DISABLED")
def job_disabled(state: State, process_instance_key: int, key: int) -> None:
    """No worker can have it; it keeps its retries."""
    state.wheel.discard(key)
    state.jobs[key].status = FAILED


@event("JOB", "TIMED_OUT")
def job_timed_out(state: State, process_instance_key: int, key: int) -> None:
    """Its lease has ended."""
    state.wheel.discard(key)
    _offered(state, state.jobs[key])


@event("JOB", "RECURRED_AFTER_BACKOFF")
def job_recurred(state: State, process_instance_key: int, key: int) -> None:
    """Its backoff is over."""
    state.wheel.discard(key)
    _offered(state, state.jobs[key])


@event("JOB", "YIELDED")
def job_yielded(state: State, process_instance_key: int, key: int) -> None:
    """Whoever it was activated for has gone before it was handed out."""
    state.wheel.discard(key)
    _offered(state, state.jobs[key])


def _offered(state: State, job: Job) -> None:
    job.status = ACTIVATABLE
    job.worker = ""
    job.deadline_ms = 0
    state.offer(job)


@event("JOB", "ERROR_THROWN")
def job_error_thrown(state: State, process_instance_key: int, key: int, code: str, message: str, caught: bool) -> None:
    """A BPMN error came of it; caught, the job is over."""
    job = state.jobs[key]
    if caught:
        _removed(state, key)
        return
    state.wheel.discard(key)
    job.status = ERROR_THROWN
    job.deadline_ms = 0
    job.error_code = code
    job.error_message = message


@event("JOB", "RETRIES_UPDATED")
def job_retries_updated(state: State, process_instance_key: int, key: int, retries: int) -> None:
    """It may be tried so often."""
    state.jobs[key].retries = retries


@event("JOB", "TIMEOUT_UPDATED")
def job_timeout_updated(state: State, process_instance_key: int, key: int, deadline_ms: int) -> None:
    """Its lease ends at another time."""
    job = state.jobs[key]
    job.deadline_ms = deadline_ms
    state.wheel.put(key, deadline_ms)


@event("INCIDENT", "CREATED")
def incident_created(
    state: State,
    process_instance_key: int,
    key: int,
    instance_key: int,
    job_key: int,
    type: str,
    message: str,
    created_ms: int,
) -> None:
    """An element instance, or its job, stands still."""
    instance = state.instances[instance_key]
    incident = Incident(key, instance, job_key, type, message, created_ms)
    instance.incident = incident
    state.incidents[key] = incident


@event("INCIDENT", "RESOLVED")
def incident_resolved(state: State, process_instance_key: int, key: int) -> None:
    """It goes on; a job waits for a worker again."""
    incident = state.incidents.pop(key)
    incident.instance.incident = None
    job = state.jobs.get(incident.job_key)
    if job is not None and job.status in (FAILED, ERROR_THROWN):
        _offered(state, job)


@event("VARIABLE", "UPDATED")
def variables_set(state: State, process_instance_key: int, scope_key: int, variables: dict[str, str]) -> None:
    """Variables of one scope have new values, as JSON texts by name."""
    scope = state.instances[scope_key]
    if scope.variables is None:
        scope.variables = dict(variables)
    else:
        scope.variables.update(variables)

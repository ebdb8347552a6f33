"""Which records an event makes: one function an event, named as its applier.

Those marked `before` are asked while what the event ends is still there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from zeebe_fleet.engine.core import people
from zeebe_fleet.engine.records import deployed_values, values
from zeebe_fleet.engine.records.values import NOTHING, Value

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.state import Catch, ElementInstance, State


class Draft(NamedTuple):
    """A record without its place and time."""

    value_type: str
    intent: str
    key: int
    value: Value


Maker = Callable[..., list[Draft]]

BEFORE: dict[str, Maker] = {}
AFTER: dict[str, Maker] = {}
UNTOLD = frozenset(
    {
        "AD_HOC_ENOUGH",
        "CUT_OFF",
        "FLOWS_MIGRATED",
        "INSTANCE_LOCKED",
        "JOB_DISABLED",
        "LISTENER_PASSED",
        "LOOP_ENOUGH",
        "LOOP_OUTPUT",
        "LOOP_STARTED",
        "MESSAGE_SERVED",
        "PROCESS_CALLED",
        "SCOPE_INTERRUPTED",
        "SCOPE_SWEPT",
        "SEQUENCE_FLOW_JOINED",
        "UNDO_BEGUN",
    }
)
"""Events that are the engine's own affair: Camunda has no record like them, or others tell the same."""


def before(make: Maker) -> Maker:
    """Ask the decorated function before the event that bears its name."""
    BEFORE[make.__name__.upper()] = make
    return make


def after(make: Maker) -> Maker:
    """Ask the decorated function after the event that bears its name."""
    AFTER[make.__name__.upper()] = make
    return make


def _told_of(value_of: Callable[[State, int], Value], value_type: str, intent: str) -> Maker:
    """Make the one record of what an event names by its key."""

    def make(state: State, owner: int, key: int, *_: Any) -> list[Draft]:
        return [Draft(value_type, intent, key, value_of(state, key))]

    return make


# Element instances


def _element(state: State, instance: ElementInstance, intent: str) -> list[Draft]:
    return [Draft("PROCESS_INSTANCE", intent, instance.key, values.of_instance(state, instance))]


@after
def process_activating(state: State, owner: int, *_: Any) -> list[Draft]:
    """Tell that a process instance begins."""
    return _element(state, state.instances[owner], "ELEMENT_ACTIVATING")


def _of_key(intent: str) -> Maker:
    return lambda state, owner, key, *_: _element(state, state.instances[key], intent)


AFTER["ELEMENT_ACTIVATING"] = _of_key("ELEMENT_ACTIVATING")
AFTER["ELEMENT_ACTIVATED"] = _of_key("ELEMENT_ACTIVATED")
AFTER["ELEMENT_COMPLETING"] = _of_key("ELEMENT_COMPLETING")
BEFORE["ELEMENT_COMPLETED"] = _of_key("ELEMENT_COMPLETED")
AFTER["ELEMENT_TERMINATING"] = _of_key("ELEMENT_TERMINATING")
BEFORE["ELEMENT_TERMINATED"] = _of_key("ELEMENT_TERMINATED")
AFTER["ELEMENT_MIGRATED"] = _of_key("ELEMENT_MIGRATED")


@after
def sequence_flow_taken(state: State, owner: int, scope_key: int, flow_id: str) -> list[Draft]:
    """Tell that a token is on its way; a flow has no key here."""
    value = values.of_flow(state.instances[scope_key], flow_id)
    return [Draft("PROCESS_INSTANCE", "SEQUENCE_FLOW_TAKEN", NOTHING, value)]


@after
def sequence_flow_deleted(state: State, owner: int, scope_key: int, flow_id: str) -> list[Draft]:
    """Tell that a token was taken off a flow."""
    value = values.of_flow(state.instances[scope_key], flow_id)
    return [Draft("PROCESS_INSTANCE", "SEQUENCE_FLOW_DELETED", NOTHING, value)]


@after
def boundary_triggered(state: State, owner: int, key: int, element_id: str, variables: str) -> list[Draft]:
    """Tell that a boundary event goes on."""
    value = values.of_process_event(state.instances[key], element_id, variables)
    return [Draft("PROCESS_EVENT", "TRIGGERING", NOTHING, value)]


def _start(intent: str, closed: str) -> Maker:
    def make(state: State, owner: int, key: int, *_: Any) -> list[Draft]:
        start = state.starts[key]
        kind, value = deployed_values.of_start(start)
        return [Draft(kind, closed if start.kind == "timer" else intent, key, value)]

    return make


AFTER["START_OPENED"] = _start("CREATED", "CREATED")
BEFORE["START_CLOSED"] = _start("DELETED", "CANCELED")


@after
def start_triggered(state: State, owner: int, key: int, start_id: str, variables: str) -> list[Draft]:
    """Tell that a start event has begun a process or an event subprocess."""
    value = values.of_process_event(state.instances[key], start_id, variables)
    return [Draft("PROCESS_EVENT", "TRIGGERING", NOTHING, value)]


# Jobs, incidents, variables


def _job(intent: str) -> Maker:
    return lambda state, owner, key, *_: [Draft("JOB", intent, key, values.of_job(state.jobs[key]))]


AFTER["JOB_CREATED"] = _job("CREATED")
BEFORE["JOB_COMPLETED"] = _job("COMPLETED")
BEFORE["JOB_CANCELED"] = _job("CANCELED")
BEFORE["JOB_TIMED_OUT"] = _job("TIMED_OUT")
AFTER["JOB_RECURRED"] = _job("RECURRED_AFTER_BACKOFF")
BEFORE["JOB_YIELDED"] = _job("YIELDED")
AFTER["JOB_RETRIES_UPDATED"] = _job("RETRIES_UPDATED")
AFTER["JOB_TIMEOUT_UPDATED"] = _job("TIMEOUT_UPDATED")


@after
def job_activated(state: State, owner: int, key: int, worker: str, deadline_ms: int) -> list[Draft]:
    """Tell that a worker has a job: a batch of one, as Camunda has no such event of the job itself."""
    job = values.of_job(state.jobs[key])
    value: Value = {"type": job["type"], "worker": worker, "jobKeys": [key], "jobs": [job], "truncated": False}
    # Not Camunda's: so that a process's records can be told from others.
    value |= {name: job[name] for name in ("bpmnProcessId", "processInstanceKey")}
    return [Draft("JOB_BATCH", "ACTIVATED", NOTHING, value)]


@before
def job_failed(state: State, owner: int, key: int, retries: int, message: str, recurs_ms: int) -> list[Draft]:
    """Tell that a job failed, of which worker, and when it may run again."""
    value = values.of_job(state.jobs[key])
    value |= {"retries": retries, "errorMessage": message, "recurringTime": recurs_ms or NOTHING}
    return [Draft("JOB", "FAILED", key, value)]


@before
def job_error_thrown(state: State, owner: int, key: int, code: str, message: str, caught: bool) -> list[Draft]:
    """Tell that a BPMN error came of a job."""
    value = values.of_job(state.jobs[key]) | {"errorCode": code, "errorMessage": message}
    return [Draft("JOB", "ERROR_THROWN", key, value)]


# User tasks

_SETTLED = {people.ASSIGNING: "ASSIGNED", people.UPDATING: "UPDATED"}
_DENIED = {
    people.ASSIGNING: "ASSIGNMENT_DENIED",
    people.UPDATING: "UPDATE_DENIED",
    people.COMPLETING: "COMPLETION_DENIED",
}


def _user_task(state: State, key: int, intent: str) -> list[Draft]:
    return [Draft("USER_TASK", intent, key, values.of_user_task(state.user_tasks[key]))]


AFTER["USER_TASK_CREATING"] = lambda state, owner, key, *_: _user_task(state, key, "CREATING")
AFTER["USER_TASK_CREATED"] = lambda state, owner, key, *_: _user_task(state, key, "CREATED")
AFTER["USER_TASK_MOVING"] = lambda state, owner, key, to, *_: _user_task(state, key, people.STATES[to])


@after
def user_task_heard(state: State, owner: int, key: int, listener: int, corrections: dict[str, Any]) -> list[Draft]:
    """Tell what a listener has corrected."""
    return _user_task(state, key, "CORRECTED") if corrections else []


@before
def user_task_settled(state: State, owner: int, key: int, changes: dict[str, Any]) -> list[Draft]:
    """Tell that it is somebody's now, or says something else."""
    return _user_task(state, key, _SETTLED[state.user_tasks[key].state])


@before
def user_task_denied(state: State, owner: int, key: int, reason: str) -> list[Draft]:
    """Tell what was denied, and why."""
    value = values.of_user_task(state.user_tasks[key]) | {"deniedReason": reason}
    return [Draft("USER_TASK", _DENIED[state.user_tasks[key].state], key, value)]


@before
def user_task_ended(state: State, owner: int, key: int, completed: bool, changes: dict[str, Any]) -> list[Draft]:
    """Tell how it ended."""
    return _user_task(state, key, "COMPLETED" if completed else "CANCELED")


def _incident(state: State, key: int) -> Value:
    return values.of_incident(state.incidents[key])


AFTER["INCIDENT_CREATED"] = _told_of(_incident, "INCIDENT", "CREATED")
BEFORE["INCIDENT_RESOLVED"] = _told_of(_incident, "INCIDENT", "RESOLVED")


@before
def variables_set(state: State, owner: int, scope_key: int, variables: dict[str, str]) -> list[Draft]:
    """Tell of each variable whether it is new; a variable has no key here."""
    scope = state.instances[scope_key]
    there = scope.variables or {}
    return [
        Draft("VARIABLE", "UPDATED" if name in there else "CREATED", NOTHING, values.of_variable(scope, name, text))
        for name, text in variables.items()
    ]


# What is waited for


AFTER["TIMER_CREATED"] = _told_of(lambda state, key: values.of_timer(state.catches[key]), "TIMER", "CREATED")
AFTER["MESSAGE_SUBSCRIBED"] = _told_of(
    lambda state, key: values.of_subscription(state.catches[key]), "PROCESS_MESSAGE_SUBSCRIPTION", "CREATED"
)
AFTER["SIGNAL_SUBSCRIBED"] = _told_of(
    lambda state, key: values.of_signal(state.catches[key]), "SIGNAL_SUBSCRIPTION", "CREATED"
)


@before
def catch_triggered(state: State, owner: int, key: int) -> list[Draft]:
    """Tell what has come; of a signal, and of the element that goes on, `PROCESS_EVENT` tells."""
    catch = state.catches[key]
    event = Draft("PROCESS_EVENT", "TRIGGERED", NOTHING, values.of_process_event(catch.instance, catch.element_id))
    if catch.kind == "signal":
        return [event]
    return [_of_catch(catch, "TRIGGERED" if catch.kind == "timer" else "CORRELATED"), event]


@before
def catch_closed(state: State, owner: int, key: int) -> list[Draft]:
    """Tell that nobody waits for it any more."""
    catch = state.catches[key]
    return [_of_catch(catch, "CANCELED" if catch.kind == "timer" else "DELETED")]


@after
def catch_migrated(state: State, owner: int, key: int, element_id: str) -> list[Draft]:
    """Tell that an element of another version waits for it."""
    return [_of_catch(state.catches[key], "MIGRATED")]


def _of_catch(catch: Catch, intent: str) -> Draft:
    if catch.kind == "timer":
        return Draft("TIMER", intent, catch.key, values.of_timer(catch))
    if catch.kind == "message":
        return Draft("PROCESS_MESSAGE_SUBSCRIPTION", intent, catch.key, values.of_subscription(catch))
    return Draft("SIGNAL_SUBSCRIPTION", intent, catch.key, values.of_signal(catch))


def _message(state: State, key: int) -> Value:
    return values.of_message(state.messages[key])


AFTER["MESSAGE_PUBLISHED"] = _told_of(_message, "MESSAGE", "PUBLISHED")
BEFORE["MESSAGE_EXPIRED"] = _told_of(_message, "MESSAGE", "EXPIRED")


# Compensation


def _undo(intent: str) -> Maker:
    def make(state: State, owner: int, scope_key: int, key: int, *_: Any) -> list[Draft]:
        scope = state.instances[scope_key]
        undo = (scope.undo or {})[key]
        value = values.of_undo(scope, undo.activity_id, undo.handler_id, undo.thrower_key)
        return [Draft("COMPENSATION_SUBSCRIPTION", intent, key, value)]

    return make


AFTER["UNDO_KEPT"] = _undo("CREATED")
AFTER["UNDO_THROWN"] = _undo("TRIGGERED")
BEFORE["UNDO_DONE"] = _undo("COMPLETED")
AFTER["UNDO_MIGRATED"] = _undo("MIGRATED")


# Deployments, and the clock


@after
def deployed(state: State, owner: int, key: int, resources: list[list[Any]]) -> list[Draft]:
    """Tell of each process, then of the deployment."""
    made = [values.of_process(state.definitions[one]) for _, _, processes in resources for one, *_ in processes]
    drafts = [Draft("PROCESS", "CREATED", one["processDefinitionKey"], one) for one in made]
    names = [{"resourceName": name} for name, *_ in resources]
    value = {"deploymentKey": key, "resources": names, "processesMetadata": made}
    return [*drafts, Draft("DEPLOYMENT", "CREATED", key, value)]


@after
def decisions_deployed(state: State, owner: int, key: int, graphs: list[list[Any]]) -> list[Draft]:
    """Tell of each file of decisions, of each decision in it, then of the deployment."""
    drafts: list[Draft] = []
    made = [state.decisions.graphs.by_key[fields[0]] for fields in graphs]
    for graph in made:
        drafts.append(Draft("DECISION_REQUIREMENTS", "CREATED", graph.key, deployed_values.of_graph(graph)))
        drafts += [Draft("DECISION", "CREATED", one.key, deployed_values.of_decision(one)) for one in graph.decisions]
    value = {
        "deploymentKey": key,
        "resources": [{"resourceName": one.resource_name} for one in made],
        "decisionRequirementsMetadata": [deployed_values.of_graph(one) for one in made],
        "decisionsMetadata": [deployed_values.of_decision(one) for graph in made for one in graph.decisions],
    }
    return [*drafts, Draft("DEPLOYMENT", "CREATED", key, value)]


@after
def forms_deployed(state: State, owner: int, key: int, made: list[list[Any]]) -> list[Draft]:
    """Tell of each form, then of the deployment."""
    forms = [deployed_values.of_form(state.forms.by_key[fields[0]]) for fields in made]
    drafts = [Draft("FORM", "CREATED", one["formKey"], one) for one in forms]
    names = [{"resourceName": one["resourceName"]} for one in forms]
    value = {"deploymentKey": key, "resources": names, "formMetadata": forms}
    return [*drafts, Draft("DEPLOYMENT", "CREATED", key, value)]


@before
def decisions_deleted(state: State, owner: int, key: int) -> list[Draft]:
    """Tell that a version of a file of decisions is gone, and its decisions with it."""
    graph = state.decisions.graphs.by_key[key]
    gone = [Draft("DECISION", "DELETED", one.key, deployed_values.of_decision(one)) for one in graph.decisions]
    return [*gone, Draft("DECISION_REQUIREMENTS", "DELETED", key, deployed_values.of_graph(graph))]


@before
def form_deleted(state: State, owner: int, key: int) -> list[Draft]:
    """Tell that a version of a form is gone."""
    return [Draft("FORM", "DELETED", key, deployed_values.of_form(state.forms.by_key[key]))]


@after
def decision_evaluated(state: State, owner: int, key: int, *told: Any) -> list[Draft]:
    """Tell what came of a decision, and how."""
    return [
        Draft(
            "DECISION_EVALUATION",
            "FAILED" if told[-1] else "EVALUATED",
            key,
            deployed_values.of_evaluation(state, *told),
        )
    ]


@before
def definition_deleted(state: State, owner: int, key: int) -> list[Draft]:
    """Tell that a version is gone."""
    return [Draft("PROCESS", "DELETED", key, values.of_process(state.definitions[key]))]


@after
def clock_pinned(state: State, owner: int, timestamp_ms: int | None) -> list[Draft]:
    """Tell that time stands still, or runs again."""
    if timestamp_ms is None:
        return [Draft("CLOCK", "RESETTED", NOTHING, {})]
    return [Draft("CLOCK", "PINNED", NOTHING, {"time": timestamp_ms})]

"""Events: how many definitions, and which ones where."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram, definitions
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.rules.activities import either, nothing_is_published
from zeebe_fleet.engine.model.rules.rule import Rule
from zeebe_fleet.engine.model.tags import ACTIVITIES, SUBPROCESSES

_CAUGHT = frozenset(
    (
        "timerEventDefinition",
        "messageEventDefinition",
        "errorEventDefinition",
        "signalEventDefinition",
        "escalationEventDefinition",
        "conditionalEventDefinition",
    )
)
_AT_BOUNDARY = _CAUGHT | {"compensateEventDefinition"}
_MAY_GO_ON = _CAUGHT - {"errorEventDefinition"}
_BETWEEN = frozenset(
    (
        "messageEventDefinition",
        "timerEventDefinition",
        "signalEventDefinition",
        "linkEventDefinition",
        "conditionalEventDefinition",
    )
)
_AT_END = frozenset(
    (
        "errorEventDefinition",
        "messageEventDefinition",
        "terminateEventDefinition",
        "signalEventDefinition",
        "escalationEventDefinition",
        "compensateEventDefinition",
    )
)
_THROWN_BETWEEN = (_AT_END - {"errorEventDefinition", "terminateEventDefinition"}) | {"linkEventDefinition"}
_STARTS_PROCESS = _CAUGHT - {"errorEventDefinition", "escalationEventDefinition"}


def start_is_of_one_kind(event: Node, _: Diagram) -> Iterator[str]:
    """A start event waits for one thing at most."""
    if len(definitions(event)) > 1:
        yield "Start event can't have more than one type"


def start_of_process_can_happen(event: Node, _: Diagram) -> Iterator[str]:
    """Nothing outside of a process throws an error or an escalation at it. The words are our own."""
    of_process = event.parent is not None and event.parent.tag == "process"
    if of_process and any(one.tag not in _STARTS_PROCESS for one in definitions(event)):
        yield "Start events of a process must be one of: none, message, timer, signal or conditional"


def end_is_of_one_kind(event: Node, diagram: Diagram) -> Iterator[str]:
    """An end event ends, and throws one thing at most."""
    if event.id in diagram.outgoing:
        yield "End events must not have outgoing sequence flows to other elements."
    thrown = definitions(event)
    if len(thrown) > 1:
        yield "Must have at most one event definition"
    if any(one.tag not in _AT_END for one in thrown):
        yield "End events must be one of: none, error, message, terminate, signal, escalation or compensation"


def throw_is_of_one_kind(event: Node, _: Diagram) -> Iterator[str]:
    """An intermediate event throws one thing at most. The words are our own where it is several."""
    thrown = definitions(event)
    if len(thrown) > 1:
        yield "Must have at most one event definition"
    if any(one.tag not in _THROWN_BETWEEN for one in thrown):
        yield "Event definition of this type is not supported"


def compensation_is_waited_for(event: Node, _: Diagram) -> Iterator[str]:
    """A throw event goes on when all is undone, never before."""
    kind = "end" if event.tag == "endEvent" else "intermediate throwing"
    if any(not one.says("waitForCompletion", default=True) for one in event.all("compensateEventDefinition")):
        yield f"A compensation {kind} event waitForCompletion attribute must be true or not present"


def catch_is_of_one_kind(event: Node, _: Diagram) -> Iterator[str]:
    """An intermediate catch event waits for one thing that ends."""
    caught = definitions(event)
    if len(caught) != 1:
        yield "Must have exactly one event definition"
    elif caught[0].tag not in _BETWEEN:
        yield "Event definition must be one of: message, timer, signal, link or conditional"
    elif caught[0].tag == "timerEventDefinition" and not caught[0].all("timeDuration", "timeDate"):
        yield "Intermediate timer catch event must have either a time duration or a time date."


def boundary_is_attached(event: Node, diagram: Diagram) -> Iterator[str]:
    """A boundary event is attached to an activity of its own scope, and reached by nothing else."""
    activity = diagram.named(event.ref("attachedToRef"), *ACTIVITIES)
    if activity is None or activity.parent is not event.parent:
        yield "Must be attached to an activity"
    if event.id in diagram.incoming:
        yield "Cannot have incoming sequence flows"


def boundary_compensates_by_association(event: Node, diagram: Diagram) -> Iterator[str]:
    """Compensation goes by an association to its handler, not by a flow."""
    if event.all("compensateEventDefinition") and (event.id in diagram.outgoing or event.id not in diagram.handlers):
        yield "Compensation boundary events must have a compensation association and no outgoing sequence flows"


def boundary_is_of_one_kind(event: Node, diagram: Diagram) -> Iterator[str]:
    """A boundary event catches one thing, and goes on beside its activity only where that makes sense."""
    caught = definitions(event)
    if len(caught) != 1:
        yield "Must have exactly one event definition"
    if any(one.tag not in _AT_BOUNDARY for one in caught):
        yield "Boundary events must be one of: timer, message, error, signal, escalation, conditional"
    if not event.says("cancelActivity", default=True) and any(one.tag not in _MAY_GO_ON for one in caught):
        yield "Non-Interrupting event of this type is not allowed"
    if event.says("cancelActivity", default=True) and any(one.first("timeCycle") is not None for one in caught):
        yield "Interrupting timer event with time cycle is not allowed."
    yield from _escalation_boundary(event, diagram)


def _escalation_boundary(event: Node, diagram: Diagram) -> Iterator[str]:
    activity = diagram.named(event.ref("attachedToRef"), *ACTIVITIES - SUBPROCESSES - {"callActivity"})
    if event.all("escalationEventDefinition") and activity is not None:
        yield "An escalation boundary event should only be attached to a subprocess, or a call activity."


def thrown_by_job(event: Node, diagram: Diagram) -> Iterator[str]:
    """A message is thrown by a job."""
    if event.all("messageEventDefinition"):
        yield from either("publishMessage", "taskDefinition")(event, diagram)
        yield from nothing_is_published(event, diagram)


RULES: dict[str, tuple[Rule, ...]] = {
    "startEvent": (start_is_of_one_kind, start_of_process_can_happen),
    "endEvent": (end_is_of_one_kind, compensation_is_waited_for, thrown_by_job),
    "intermediateThrowEvent": (throw_is_of_one_kind, compensation_is_waited_for, thrown_by_job),
    "intermediateCatchEvent": (catch_is_of_one_kind,),
    "boundaryEvent": (boundary_is_attached, boundary_compensates_by_association, boundary_is_of_one_kind),
}

"""Processes, subprocesses and what may stand in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram, definitions, flow_nodes
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.rules.duplicates import caught_twice, names_twice
from zeebe_fleet.engine.model.rules.rule import Rule, for_each
from zeebe_fleet.engine.model.tags import ACTIVITIES, FLOW_NODES, NOT_SUPPORTED

_COVERAGE = "https://docs.camunda.io/docs/components/modeler/bpmn/bpmn-coverage/"
_EVENT_STARTS = frozenset(
    (
        "timerEventDefinition",
        "messageEventDefinition",
        "errorEventDefinition",
        "signalEventDefinition",
        "escalationEventDefinition",
        "conditionalEventDefinition",
    )
)
_MAY_GO_ON = _EVENT_STARTS - {"errorEventDefinition"}


def has_id(node: Node, _: Diagram) -> Iterator[str]:
    """An element that runs is known by its id."""
    if not node.id:
        yield "Element id must be present and not empty."


def is_supported(node: Node, _: Diagram) -> Iterator[str]:
    """What the engine does not know is refused, not passed over."""
    kind = node.local[:1].upper() + node.local[1:]
    yield (
        f"Elements of type '{kind}' are currently not supported. Please refer to the documentation for a list of "
        f"supported elements: {_COVERAGE}"
    )


def process_starts(process: Node, _: Diagram) -> Iterator[str]:
    """A process has a start event, and one none start event at most."""
    starts = process.all("startEvent")
    if not starts:
        yield "Must have at least one start event"
    elif sum(not definitions(start) for start in starts) > 1:
        yield "Multiple none start events are not allowed"


def process_starts_differ(process: Node, diagram: Diagram) -> Iterator[str]:
    """No two start events of a process wait for the same message or signal."""
    waiting = [one for start in process.all("startEvent") for one in definitions(start)]
    # One message of two start events is told at the message.
    messages = {one.ref("messageRef"): one for one in waiting if one.tag == "messageEventDefinition"}
    yield from names_twice(
        [*messages.values(), *(one for one in waiting if one.tag == "signalEventDefinition")], diagram
    )


def event_subprocesses_differ(scope: Node, diagram: Diagram) -> Iterator[str]:
    """No two event subprocesses of a scope catch the same."""
    starts = (
        start for one in scope.all("subProcess") if one.says("triggeredByEvent") for start in one.all("startEvent")
    )
    caught = [definition for start in starts for definition in definitions(start)]
    yield from names_twice(caught, diagram)
    yield from caught_twice(caught, diagram)


def links_meet(scope: Node, _: Diagram) -> Iterator[str]:
    """A link throw event has one catch event of its name in its scope."""
    caught = Counter(link.get("name") for link in _links(scope, "intermediateCatchEvent"))
    for name in sorted(name for name, count in caught.items() if count > 1):
        yield f"Multiple intermediate catch link event definitions with the same name '{name}' are not allowed."
    for name in sorted({link.get("name") for link in _links(scope, "intermediateThrowEvent")} - set(caught)):
        yield f"Can't find an catch link event for the throw link event with the name '{name}'."


def subprocess_starts(scope: Node, _: Diagram) -> Iterator[str]:
    """A subprocess has one start event: none, or in an event subprocess one that catches."""
    starts = scope.all("startEvent")
    if len(starts) != 1:
        yield "Must have exactly one start event"
    if not starts:
        return
    if scope.says("triggeredByEvent"):
        yield from _event_subprocess_starts(scope, starts[0])
    elif definitions(starts[0]):
        yield "Start events in subprocesses must be of type none"


def _event_subprocess_starts(scope: Node, start: Node) -> Iterator[str]:
    caught = {one.tag for one in definitions(start)}
    outer = "" if scope.parent is None else scope.parent.tag
    interrupting = start.says("isInterrupting", default=True)
    if not caught:
        yield _EVENT_START
    if "compensateEventDefinition" in caught and outer == "process":
        yield "A compensation event subprocess is not allowed on the process level"
    if caught - _EVENT_STARTS:
        yield _EVENT_START
    if not interrupting and caught - _MAY_GO_ON:
        yield "Non-Interrupting event of this type is not allowed"
    if interrupting and any(one.first("timeCycle") is not None for one in definitions(start)):
        yield "Interrupting timer event with time cycle is not allowed."
    if interrupting and outer == "adHocSubProcess":
        yield "An interrupting event subprocess is not allowed inside an ad-hoc subprocess"


def ad_hoc_content(scope: Node, _: Diagram) -> Iterator[str]:
    """An ad-hoc subprocess holds activities, and no start or end event."""
    if not scope.all(*ACTIVITIES):
        yield "Must have at least one activity."
    if scope.all("startEvent"):
        yield "Must not contain a start event."
    if scope.all("endEvent"):
        yield "Must not contain an end event."


def ad_hoc_by_job(scope: Node, _: Diagram) -> Iterator[str]:
    """Where a job decides what is active, the model does not."""
    written = scope.extension("adHoc")
    if written is not None and bool(written.get("outputCollection")) != bool(written.get("outputElement")):
        yield (
            "OutputElement and OutputCollection must both be set, or neither of them set. "
            f"outputElement:{written.attributes.get('outputElement', 'null')} and "
            f"outputCollection:{written.attributes.get('outputCollection', 'null')}."
        )
    if not scope.extensions("taskDefinition"):
        return
    if not scope.says("cancelRemainingInstances", default=True):
        yield "Must not define cancelRemainingInstances in combination with zeebe:taskDefinition."
    if scope.first("completionCondition") is not None:
        yield "Must not define completionCondition in combination with zeebe:taskDefinition."
    if written is not None and written.get("activeElementsCollection"):
        yield "Must not define activeElementsCollection in combination with zeebe:taskDefinition."


def flow_stays_in_scope(flow: Node, diagram: Diagram) -> Iterator[str]:
    """A flow connects flow nodes of one scope. The words are our own."""
    for reference in ("sourceRef", "targetRef"):
        node = diagram.named(flow.ref(reference), *FLOW_NODES)
        if node is None or node.parent is not flow.parent:
            yield f"Must have a flow node of the same scope as its {reference}"


def _links(scope: Node, tag: str) -> list[Node]:
    return [link for event in flow_nodes(scope) if event.tag == tag for link in event.all("linkEventDefinition")]


_EVENT_START = (
    "Start events in event subprocesses must be one of: message, timer, error, signal, escalation or conditional"
)
_SCOPE: tuple[Rule, ...] = (event_subprocesses_differ, links_meet)
RULES: dict[str, tuple[Rule, ...]] = for_each(FLOW_NODES, has_id)
RULES |= {
    "process": (has_id, process_starts, process_starts_differ, *_SCOPE),
    "subProcess": (has_id, subprocess_starts, *_SCOPE),
    "adHocSubProcess": (has_id, ad_hoc_content, ad_hoc_by_job, *_SCOPE),
    "sequenceFlow": (has_id, flow_stays_in_scope),
}
RULES |= for_each(NOT_SUPPORTED, is_supported)

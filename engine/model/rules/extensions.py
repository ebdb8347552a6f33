"""Zeebe's extension elements: which attributes they need, and which may stand only once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram, definitions
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.people import TASK_EVENTS
from zeebe_fleet.engine.model.rules.rule import Rule, for_each
from zeebe_fleet.engine.model.tags import FLOW_NODES, GATEWAYS

_ONCE = (
    "versionTag",
    "ioMapping",
    "executionListeners",
    "taskHeaders",
    "linkedResources",
    "userTask",
    "assignmentDefinition",
    "formDefinition",
    "taskSchedule",
    "priorityDefinition",
    "taskListeners",
    "adHoc",
)
_LISTENED = (
    "process",
    "subProcess",
    "callActivity",
    "adHocSubProcess",
    "task",
    "sendTask",
    "serviceTask",
    "scriptTask",
    "userTask",
    "receiveTask",
    "businessRuleTask",
    "manualTask",
    "startEvent",
    "intermediateThrowEvent",
    "intermediateCatchEvent",
    "boundaryEvent",
    "endEvent",
    "exclusiveGateway",
    "inclusiveGateway",
    "parallelGateway",
    "eventBasedGateway",
)
_BINDINGS = ("deployment", "latest", "versionTag")


def needs(*attributes: str) -> Rule:
    """Return the rule that attributes have a text."""

    def rule(node: Node, _: Diagram) -> Iterator[str]:
        for attribute in attributes:
            if not node.get(attribute):
                yield f"Attribute '{attribute}' must be present and not empty"

    return rule


def is_one_of(attribute: str, *values: str) -> Rule:
    """Return the rule that an attribute is one of a few words. What is said of another is our own."""

    def rule(node: Node, _: Diagram) -> Iterator[str]:
        if node.get(attribute) and node.get(attribute) not in values:
            yield f"Attribute '{attribute}' must be one of: {', '.join(values)}"

    return rule


def retries_are_not_empty(node: Node, _: Diagram) -> Iterator[str]:
    """Retries that are not written are three; blank ones are a mistake. The library takes them."""
    if node.attributes.get("retries") == "":
        yield "Attribute 'retries' must be present and not empty"


def is_once(node: Node, _: Diagram) -> Iterator[str]:
    """Of two extensions of a name nobody knows which one counts."""
    held = node.first("extensionElements")
    if held is None:
        return
    counts = Counter(child.tag for child in held.children)
    for name in _ONCE:
        if counts[f"zeebe:{name}"] > 1:
            yield (
                f"Must have exactly one 'zeebe:{name}' extension element when exists. Please check process definition "
                "XML and retain only one extension element."
            )


def output_goes_together(loop: Node, _: Diagram) -> Iterator[str]:
    """What is collected needs a place, and a place something to collect."""
    for one, other in (("outputElement", "outputCollection"), ("outputCollection", "outputElement")):
        if loop.get(other) and not loop.get(one):
            yield f"Attribute '{one}' must be present if the attribute '{other}' is set"


def binding_is_known(node: Node, _: Diagram) -> Iterator[str]:
    """A binding is one of three, and a version tag belongs to one of them."""
    binding = node.attributes.get("bindingType", "latest")
    if binding not in _BINDINGS:
        yield f"Attribute 'bindingType' must be one of: {', '.join(_BINDINGS)}"
    elif binding == "versionTag" and not node.get("versionTag").strip():
        yield "Attribute 'versionTag' must be present and not empty if 'bindingType' is 'versionTag'"
    elif binding != "versionTag" and node.get("versionTag").strip():
        yield "Attribute 'versionTag' may only be used if 'bindingType' is 'versionTag'"


def listeners_differ(listeners: Node, _: Diagram) -> Iterator[str]:
    """Two listeners of one event and type could not be told apart."""
    counts = Counter((one.get("eventType"), one.get("type")) for one in listeners.all("zeebe:executionListener"))
    for (event, kind), count in counts.items():
        if count > 1:
            yield (
                f"Found '{count}' duplicates based on eventType[{event}] and type[{kind}], these combinations should "
                "be unique."
            )


def listeners_have_an_element(listeners: Node, _: Diagram) -> Iterator[str]:
    """Only what is activated and ends can be listened to."""
    holder = None if listeners.parent is None else listeners.parent.parent
    if holder is not None and holder.tag not in _LISTENED:
        yield (
            f"Execution listeners are not supported for the '{holder.local}' element. Currently, only "
            f"[{', '.join(_LISTENED)}] elements can have execution listeners."
        )


def listener_can_run(node: Node, _: Diagram) -> Iterator[str]:
    """Where nothing begins or ends, no listener is called."""
    listeners = node.extension("executionListeners")
    events = {one.get("eventType") for one in listeners.children} if listeners is not None else set()
    kinds = {one.tag for one in definitions(node)}
    if node.tag in GATEWAYS and "end" in events:
        yield "Execution listeners of type 'end' are not supported by gateway element"
    if node.tag == "startEvent" and "start" in events:
        yield "Execution listeners of type 'start' are not supported by start events"
    if node.tag == "endEvent" and "errorEventDefinition" in kinds and "end" in events:
        yield "Execution listeners of type 'end' are not supported by [error] end events"
    if node.tag != "boundaryEvent":
        return
    if "compensateEventDefinition" in kinds and listeners is not None:
        yield "Execution listeners of type 'start' and 'end' are not supported by [compensation] boundary events"
    elif "start" in events:
        yield "Execution listeners of type 'start' are not supported by boundary events"


RULES: dict[str, tuple[Rule, ...]] = for_each((*FLOW_NODES, "process"), is_once, listener_can_run)
RULES |= {
    "zeebe:taskDefinition": (needs("type"), retries_are_not_empty),
    "zeebe:executionListener": (
        needs("eventType", "type"),
        is_one_of("eventType", "start", "end"),
        retries_are_not_empty,
    ),
    "zeebe:taskListener": (needs("eventType", "type"), is_one_of("eventType", *TASK_EVENTS), retries_are_not_empty),
    "zeebe:executionListeners": (listeners_differ, listeners_have_an_element),
    "zeebe:calledElement": (needs("processId"), binding_is_known),
    "zeebe:loopCharacteristics": (needs("inputCollection"), output_goes_together),
    "zeebe:script": (needs("expression", "resultVariable"),),
    "zeebe:calledDecision": (needs("decisionId", "resultVariable"), binding_is_known),
    "zeebe:formDefinition": (binding_is_known,),
}

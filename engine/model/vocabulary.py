"""Which attributes and children BPMN's schema allows at what can run.

Source: BPMN 2.0.2's schema, chapters 8 and 10. Elements that are not named here are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from zeebe_fleet.engine.model.tags import ACTIVITIES, CATCH_EVENTS, EVENT_DEFINITIONS, EVENTS, GATEWAYS, SUBPROCESSES

_ACTIVITY = ("name", "isForCompensation", "startQuantity", "completionQuantity", "default")
_OWN_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "serviceTask": ("implementation", "operationRef"),
    "sendTask": ("implementation", "operationRef", "messageRef"),
    "receiveTask": ("implementation", "operationRef", "messageRef", "instantiate"),
    "userTask": ("implementation",),
    "businessRuleTask": ("implementation",),
    "scriptTask": ("scriptFormat",),
    "callActivity": ("calledElement",),
    "subProcess": ("triggeredByEvent",),
    "adHocSubProcess": ("triggeredByEvent", "cancelRemainingInstances", "ordering"),
    "transaction": ("triggeredByEvent", "method"),
    "startEvent": ("isInterrupting",),
    "boundaryEvent": ("attachedToRef", "cancelActivity"),
    "exclusiveGateway": ("default",),
    "inclusiveGateway": ("default",),
    "complexGateway": ("default",),
    "eventBasedGateway": ("instantiate", "eventGatewayType"),
    "messageEventDefinition": ("messageRef",),
    "errorEventDefinition": ("errorRef",),
    "escalationEventDefinition": ("escalationRef",),
    "signalEventDefinition": ("signalRef",),
    "compensateEventDefinition": ("waitForCompletion", "activityRef"),
    "linkEventDefinition": ("name",),
}
_PROCESS = ("name", "processType", "isClosed", "isExecutable", "definitionalCollaborationRef")
_BASE = ("documentation", "extensionElements")
_FLOW_ELEMENT = (*_BASE, "auditing", "monitoring", "categoryValueRef")
_FLOW_NODE = (*_FLOW_ELEMENT, "incoming", "outgoing")
_IN_ACTIVITY = (
    *_FLOW_NODE,
    "ioSpecification",
    "property",
    "dataInputAssociation",
    "dataOutputAssociation",
    "resourceRole",
    "performer",
    "humanPerformer",
    "potentialOwner",
    "loopCharacteristics",
    "standardLoopCharacteristics",
    "multiInstanceLoopCharacteristics",
)
SCOPE_CHILDREN = frozenset((*_IN_ACTIVITY, "laneSet", "completionCondition", "correlationSubscription", "supports"))
"""What a process or subprocess holds beside flow elements and artifacts, of which `schema` checks the order."""
_IN_EVENT = (*_FLOW_NODE, "property", "eventDefinitionRef", *EVENT_DEFINITIONS)
_OWN_CHILDREN: Mapping[str, tuple[str, ...]] = {
    "userTask": ("rendering",),
    "scriptTask": ("script",),
    "complexGateway": ("activationCondition",),
    "messageEventDefinition": ("operationRef",),
    "timerEventDefinition": ("timeDate", "timeDuration", "timeCycle"),
    "conditionalEventDefinition": ("condition",),
    "linkEventDefinition": ("source", "target"),
}


def _attributes() -> dict[str, frozenset[str]]:
    common: dict[str, tuple[str, ...]] = {
        "process": _PROCESS,
        "sequenceFlow": ("name", "sourceRef", "targetRef", "isImmediate"),
        **dict.fromkeys(ACTIVITIES, _ACTIVITY),
        **dict.fromkeys(EVENTS, ("name",)),
        **dict.fromkeys(CATCH_EVENTS, ("name", "parallelMultiple")),
        **dict.fromkeys(GATEWAYS, ("name", "gatewayDirection")),
        **dict.fromkeys(EVENT_DEFINITIONS, ()),
    }
    return {tag: frozenset(("id", *names, *_OWN_ATTRIBUTES.get(tag, ()))) for tag, names in common.items()}


def _children() -> dict[str, frozenset[str]]:
    common: dict[str, tuple[str, ...]] = {
        "sequenceFlow": (*_FLOW_ELEMENT, "conditionExpression"),
        **dict.fromkeys(ACTIVITIES - SUBPROCESSES, _IN_ACTIVITY),
        **dict.fromkeys(CATCH_EVENTS, (*_IN_EVENT, "dataOutput", "dataOutputAssociation", "outputSet")),
        **dict.fromkeys(EVENTS - CATCH_EVENTS, (*_IN_EVENT, "dataInput", "dataInputAssociation", "inputSet")),
        **dict.fromkeys(GATEWAYS, _FLOW_NODE),
        **dict.fromkeys(EVENT_DEFINITIONS, _BASE),
    }
    return {tag: frozenset((*names, *_OWN_CHILDREN.get(tag, ()))) for tag, names in common.items()}


ATTRIBUTES = _attributes()
"""By element; those with a prefix are free everywhere."""
CHILDREN = _children()
"""By element, but for processes and subprocesses."""

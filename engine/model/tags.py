"""BPMN's names for what can stand in a process.

Source: BPMN 2.0.2, chapter 10, and the order of its schema.
"""

from __future__ import annotations

TASKS = frozenset(
    ("task", "serviceTask", "sendTask", "receiveTask", "userTask", "scriptTask", "businessRuleTask", "manualTask")
)
JOB_WORKED = frozenset(
    (
        "serviceTask",
        "sendTask",
        "scriptTask",
        "businessRuleTask",
        "adHocSubProcess",
        "intermediateThrowEvent",
        "endEvent",
    )
)
"""What a `zeebe:taskDefinition` makes a job of."""
SUBPROCESSES = frozenset(("subProcess", "adHocSubProcess", "transaction"))
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
THROW_EVENTS = frozenset(("intermediateThrowEvent", "endEvent", "implicitThrowEvent"))
CATCH_EVENTS = frozenset(("startEvent", "intermediateCatchEvent", "boundaryEvent"))
EVENTS = THROW_EVENTS | CATCH_EVENTS
GATEWAYS = frozenset(("exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway"))
NOT_SUPPORTED = frozenset(
    (
        "complexGateway",
        "transaction",
        "implicitThrowEvent",
        "callChoreography",
        "choreographyTask",
        "subChoreography",
        "event",
    )
)
FLOW_NODES = ACTIVITIES | EVENTS | GATEWAYS | NOT_SUPPORTED
FLOW_ELEMENTS = FLOW_NODES | {"sequenceFlow", "dataObject", "dataObjectReference", "dataStoreReference"}
ARTIFACTS = frozenset(("association", "group", "textAnnotation"))
SCOPES = SUBPROCESSES | {"process"}
EVENT_DEFINITIONS = frozenset(
    (
        "messageEventDefinition",
        "timerEventDefinition",
        "errorEventDefinition",
        "escalationEventDefinition",
        "signalEventDefinition",
        "compensateEventDefinition",
        "linkEventDefinition",
        "terminateEventDefinition",
        "conditionalEventDefinition",
        "cancelEventDefinition",
    )
)

"""Models that break one rule each, with what the engine says of them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.engine.model.writing import (
    association,
    boundary,
    definition,
    element,
    flow,
    flows,
    listener,
    message,
    model,
    started,
    work,
)

Errors = dict[str, list[str]]
COVERAGE = "https://docs.camunda.io/docs/components/modeler/bpmn/bpmn-coverage/"


@dataclass(frozen=True)
class Case:
    """A model and the errors of each of its elements.

    Args:
        known: the open library says the same; otherwise the rule is our own or the engine's at run time.
    """

    name: str
    model: str
    errors: Errors
    known: bool = True


def unsupported(kind: str) -> str:
    """What is said of an element that the engine does not know."""
    return (
        f"Elements of type '{kind}' are currently not supported. Please refer to the documentation for a list of "
        f"supported elements: {COVERAGE}"
    )


def _either(one: str, other: str = "taskDefinition") -> str:
    return f"Must have either one 'zeebe:{one}' or one 'zeebe:{other}' extension element"


def _once(name: str) -> str:
    return (
        f"Must have exactly one 'zeebe:{name}' extension element when exists. Please check process definition XML and "
        "retain only one extension element."
    )


def _subprocess(name: str, *inside: str, attributes: str = "") -> str:
    return element("subProcess", name, *inside, attributes=attributes)


def _event_subprocess(name: str, *caught: str, interrupting: str = "true", start: str = "") -> str:
    begin = element("startEvent", start or f"{name}-start", *caught, attributes=f'isInterrupting="{interrupting}"')
    return _subprocess(name, begin, attributes='triggeredByEvent="true"')


def _loop(*inside: str) -> str:
    extensions = f"<bpmn:extensionElements>{''.join(inside)}</bpmn:extensionElements>" if inside else ""
    return f"<bpmn:multiInstanceLoopCharacteristics>{extensions}</bpmn:multiInstanceLoopCharacteristics>"


def _catch(name: str, *caught: str) -> str:
    return element("intermediateCatchEvent", name, *caught)


def _throw(name: str, *thrown: str) -> str:
    return element("intermediateThrowEvent", name, *thrown)


def _end(name: str, *thrown: str) -> str:
    return element("endEvent", name, *thrown)


def _error(name: str, code: str = "") -> str:
    return element("error", name, attributes=f'errorCode="{code}"' if code else "")


def _escalation(name: str, code: str = "") -> str:
    return element("escalation", name, attributes=f'escalationCode="{code}"' if code else "")


def _signal(name: str) -> str:
    return element("signal", name, attributes=f'name="{name}"')


DURATION = "<bpmn:timeDuration>PT1S</bpmn:timeDuration>"
CYCLE = "<bpmn:timeCycle>R/PT1S</bpmn:timeCycle>"
JOB = '<zeebe:taskDefinition type="t" />'
EVENT_START = (
    "Start events in event subprocesses must be one of: message, timer, error, signal, escalation or conditional"
)
GATEWAY_TARGETS = (
    "Event-based gateway must not have an outgoing sequence flow to other elements than "
    "message/timer/signal/conditional intermediate catch events."
)
GATEWAY_ALONE = (
    "Target elements of an event gateway must not have any additional incoming sequence flows other than that from "
    "the event gateway."
)
COMPENSATE = "Compensation boundary events must have a compensation association and no outgoing sequence flows"
TIMERS = "Must be exactly one type of timer: timeDuration, timeDate or timeCycle"
MULTIPLE_ERRORS = (
    "The same scope can not contain more than one error catch event without error code. An error catch event without "
    "error code catches all errors."
)
MULTIPLE_ESCALATIONS = (
    "The same scope can not contain more than one escalation catch event without escalation code. An escalation catch "
    "event without escalation code catches all escalations."
)
OUTPUT_BOTH = (
    "OutputElement and OutputCollection must both be set, or neither of them set. "
    "outputElement:null and outputCollection:all."
)

LISTENED = (
    "Execution listeners are not supported for the 'multiInstanceLoopCharacteristics' element. Currently, only "
    "[process, subProcess, callActivity, adHocSubProcess, task, sendTask, serviceTask, scriptTask, userTask, "
    "receiveTask, businessRuleTask, manualTask, startEvent, intermediateThrowEvent, intermediateCatchEvent, "
    "boundaryEvent, endEvent, exclusiveGateway, inclusiveGateway, parallelGateway, eventBasedGateway] elements can "
    "have execution listeners."
)

SCOPES = (
    Case(
        "nothing executable",
        model(attributes='id="p"'),
        {"definitions": ["Must contain at least one executable process"]},
    ),
    Case("no start event", model(_end("e")), {"p": ["Must have at least one start event"]}),
    Case(
        "two none start events",
        started(element("startEvent", "other")),
        {"p": ["Multiple none start events are not allowed"]},
    ),
    Case("complex gateway", started(element("complexGateway", "g")), {"g": [unsupported("ComplexGateway")]}),
    Case(
        "transaction",
        started(element("transaction", "t", element("startEvent", "inner"))),
        {"t": [unsupported("Transaction")]},
    ),
    Case("subprocess without start", started(_subprocess("s")), {"s": ["Must have exactly one start event"]}),
    Case(
        "subprocess with a message start",
        started(
            _subprocess("s", element("startEvent", "inner", definition("message", messageRef="m"))),
            beside=message("m"),
        ),
        {"s": ["Start events in subprocesses must be of type none"]},
    ),
    Case("event subprocess that nothing starts", started(_event_subprocess("s")), {"s": [EVENT_START]}),
    Case(
        "event subprocess that goes on after an error",
        started(_event_subprocess("s", definition("error"), interrupting="false")),
        {"s": ["Non-Interrupting event of this type is not allowed"]},
    ),
    Case(
        "event subprocess that ends its scope again and again",
        started(_event_subprocess("s", definition("timer", "", CYCLE))),
        {"s": ["Interrupting timer event with time cycle is not allowed."]},
    ),
    Case(
        "compensation event subprocess of a process",
        started(_event_subprocess("s", definition("compensate", "c"))),
        {"s": ["A compensation event subprocess is not allowed on the process level", EVENT_START]},
    ),
    Case(
        "two event subprocesses for every error",
        started(_event_subprocess("s", definition("error")), _event_subprocess("t", definition("error"))),
        {"p": [MULTIPLE_ERRORS]},
    ),
    Case(
        "ad-hoc without an activity",
        started(element("adHocSubProcess", "a")),
        {"a": ["Must have at least one activity."]},
    ),
    Case(
        "ad-hoc with start and end",
        started(element("adHocSubProcess", "a", element("startEvent", "inner"), work("w"), _end("e"))),
        {"a": ["Must not contain a start event.", "Must not contain an end event."]},
    ),
    Case(
        "ad-hoc that collects half",
        started(element("adHocSubProcess", "a", '<zeebe:adHoc outputCollection="all" />', work("w"))),
        {"a": [OUTPUT_BOTH]},
    ),
    Case(
        "ad-hoc of a job and a collection",
        started(element("adHocSubProcess", "a", '<zeebe:adHoc activeElementsCollection="=x" />', JOB, work("w"))),
        {"a": ["Must not define activeElementsCollection in combination with zeebe:taskDefinition."]},
    ),
    Case(
        "link without a catch event",
        started(_throw("there", definition("link", "l", name="B"))),
        {"p": ["Can't find an catch link event for the throw link event with the name 'B'."]},
    ),
    Case(
        "link with two catch events",
        started(_catch("a", definition("link", "l", name="B")), _catch("b", definition("link", "k", name="B"))),
        {"p": ["Multiple intermediate catch link event definitions with the same name 'B' are not allowed."]},
    ),
    Case(
        "flow into another scope",
        started(_subprocess("s", element("startEvent", "inner")), flow("start", "inner")),
        {"start-inner": ["Must have a flow node of the same scope as its targetRef"]},
        known=False,
    ),
)

ACTIVITIES = (
    Case(
        "service task without a job type",
        started(element("serviceTask", "w")),
        {"w": ["Must have exactly one 'zeebe:taskDefinition' extension element"]},
    ),
    Case("script task without a script", started(element("scriptTask", "s")), {"s": [_either("script")]}),
    Case(
        "business rule without a decision",
        started(element("businessRuleTask", "b")),
        {"b": [_either("calledDecision")]},
    ),
    Case("send task without a job type", started(element("sendTask", "s")), {"s": [_either("publishMessage")]}),
    Case(
        "send task that publishes",
        started(
            element("sendTask", "s", '<zeebe:publishMessage correlationKey="=k" />', attributes='messageRef="m"'),
            beside=message("m"),
        ),
        {"s": ["Extension element 'zeebe:publishMessage' is currently not supported; use 'zeebe:taskDefinition'"]},
        known=False,
    ),
    Case("receive task without a message", started(element("receiveTask", "r")), {"r": ["Must reference a message"]}),
    Case(
        "receive task whose boundary event waits for the same",
        started(
            element("receiveTask", "r", attributes='messageRef="m"'),
            boundary("b", "r", definition("message", messageRef="m")),
            beside=message("m"),
        ),
        {"r": ["Cannot reference the same message name as a boundary event"]},
    ),
    Case(
        "call of nothing",
        started(element("callActivity", "c")),
        {"c": ["Must have exactly one 'zeebe:calledElement' extension element"]},
    ),
    Case(
        "call of a nameless process",
        started(element("callActivity", "c", "<zeebe:calledElement />")),
        {"c > extensionElements > calledElement": ["Attribute 'processId' must be present and not empty"]},
    ),
    Case(
        "multi-instance without a collection",
        started(work("w", _loop())),
        {
            "w > multiInstanceLoopCharacteristics": [
                "Must have exactly one 'zeebe:loopCharacteristics' extension element"
            ]
        },
    ),
    Case(
        "multi-instance over a blank collection",
        started(work("w", _loop("<zeebe:loopCharacteristics />"))),
        {
            "w > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics": [
                "Attribute 'inputCollection' must be present and not empty"
            ]
        },
    ),
    Case(
        "multi-instance that collects half",
        started(work("w", _loop('<zeebe:loopCharacteristics inputCollection="=x" outputElement="=y" />'))),
        {
            "w > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics": [
                "Attribute 'outputCollection' must be present if the attribute 'outputElement' is set"
            ]
        },
    ),
    Case(
        "standard loop",
        started(work("w", "<bpmn:standardLoopCharacteristics />")),
        {"w": ["Elements of type 'StandardLoopCharacteristics' are currently not supported"]},
        known=False,
    ),
    Case(
        "handler on a flow",
        started(work("w"), work("h", attributes='isForCompensation="true"'), flows("start", "w", "h")),
        {"h": ["A compensation handler should have no incoming sequence flows"]},
        known=False,
    ),
    Case(
        "two boundary events for one message",
        started(
            work("w"),
            boundary("a", "w", definition("message", messageRef="m")),
            boundary("b", "w", definition("message", messageRef="m")),
            beside=message("m"),
        ),
        {"w": ["Multiple message event definitions with the same name 'm' are not allowed."]},
    ),
    Case(
        "two boundary events for one error",
        started(
            work("w"),
            boundary("a", "w", definition("error", errorRef="x")),
            boundary("b", "w", definition("error", errorRef="x")),
            beside=_error("x", "X"),
        ),
        {"w": ["Multiple error catch events with the same error code 'X' are not supported on the same scope."]},
    ),
    Case(
        "two boundary events for every error",
        started(work("w"), boundary("a", "w", definition("error")), boundary("b", "w", definition("error"))),
        {"w": [MULTIPLE_ERRORS]},
    ),
    Case(
        "two boundary events for every escalation",
        started(
            element("callActivity", "c", '<zeebe:calledElement processId="p" />'),
            boundary("a", "c", definition("escalation")),
            boundary("b", "c", definition("escalation")),
        ),
        {"c": [MULTIPLE_ESCALATIONS]},
    ),
)

USER_TASKS = (
    Case(
        "task listener of a job-based task",
        started(
            element(
                "userTask",
                "u",
                '<zeebe:taskListeners><zeebe:taskListener eventType="creating" type="l" /></zeebe:taskListeners>',
            )
        ),
        {"u > extensionElements > taskListeners": ["Task listeners are only allowed on Camunda user tasks."]},
    ),
    Case(
        "form of neither kind",
        started(element("userTask", "u", "<zeebe:formDefinition />")),
        {
            "u > extensionElements > formDefinition": [
                "Exactly one of the attributes 'formId, formKey' must be present and not blank"
            ]
        },
    ),
    Case(
        "form of neither kind at a Camunda task",
        started(element("userTask", "u", "<zeebe:userTask />", "<zeebe:formDefinition />")),
        {
            "u > extensionElements > formDefinition": [
                "Exactly one of the attributes 'formId, externalReference' must be present and not blank for native "
                "user tasks"
            ]
        },
    ),
    Case(
        "priority out of range",
        started(element("userTask", "u", "<zeebe:userTask />", '<zeebe:priorityDefinition priority="101" />')),
        {"u > extensionElements > priorityDefinition": ["Priority must be a number between 0 and 100, but was '101'."]},
        known=False,
    ),
    Case(
        "two assignments",
        started(
            element(
                "userTask",
                "u",
                '<zeebe:assignmentDefinition assignee="a" />',
                '<zeebe:assignmentDefinition assignee="b" />',
            )
        ),
        {"u": [_once("assignmentDefinition")]},
    ),
)

GATEWAYS = (
    Case(
        "exclusive flow without a condition",
        started(
            element("exclusiveGateway", "g", "<bpmn:outgoing>g-a</bpmn:outgoing><bpmn:outgoing>g-b</bpmn:outgoing>"),
            _end("a"),
            _end("b"),
            flow("g", "a", "=x"),
            flow("g", "b"),
        ),
        {"g-b": ["Must have a condition or be default flow"]},
    ),
    Case(
        "inclusive flow without a condition",
        started(
            element("inclusiveGateway", "g", "<bpmn:outgoing>g-a</bpmn:outgoing><bpmn:outgoing>g-b</bpmn:outgoing>"),
            _end("a"),
            _end("b"),
            flow("g", "a", "=x"),
            flow("g", "b"),
        ),
        {"g-b": ["Must have a condition"]},
    ),
    Case(
        "default flow of another",
        started(element("exclusiveGateway", "g", attributes='default="start-g"'), flow("start", "g")),
        {"g": ["Default flow must start at gateway"]},
    ),
    Case(
        "condition where nobody looks",
        started(work("w", "<bpmn:outgoing>w-e</bpmn:outgoing>"), _end("e"), flow("w", "e", "=x")),
        {"w": ["Conditional sequence flows are only supported at exclusive or inclusive gateway"]},
    ),
    Case(
        "event gateway with one way",
        started(
            element("eventBasedGateway", "g", "<bpmn:outgoing>g-c</bpmn:outgoing>"),
            element(
                "intermediateCatchEvent", "c", "<bpmn:incoming>g-c</bpmn:incoming>", definition("timer", "", DURATION)
            ),
            flow("g", "c"),
        ),
        {"g": ["Event-based gateway must have at least 2 outgoing sequence flows."]},
    ),
    Case(
        "event gateway to a task",
        started(
            element("eventBasedGateway", "g", "<bpmn:outgoing>g-c</bpmn:outgoing><bpmn:outgoing>g-w</bpmn:outgoing>"),
            element(
                "intermediateCatchEvent", "c", "<bpmn:incoming>g-c</bpmn:incoming>", definition("timer", "", DURATION)
            ),
            work("w", "<bpmn:incoming>g-w</bpmn:incoming>"),
            flow("g", "c"),
            flow("g", "w"),
        ),
        {"g": [GATEWAY_TARGETS]},
    ),
    Case(
        "event gateway whose target has another way in",
        started(
            element("eventBasedGateway", "g", "<bpmn:outgoing>g-c</bpmn:outgoing><bpmn:outgoing>g-d</bpmn:outgoing>"),
            element(
                "intermediateCatchEvent",
                "c",
                "<bpmn:incoming>g-c</bpmn:incoming><bpmn:incoming>w-c</bpmn:incoming>",
                definition("timer", "", DURATION),
            ),
            element(
                "intermediateCatchEvent", "d", "<bpmn:incoming>g-d</bpmn:incoming>", definition("timer", "", DURATION)
            ),
            work("w", "<bpmn:outgoing>w-c</bpmn:outgoing>"),
            flow("g", "c"),
            flow("g", "d"),
            flow("w", "c"),
        ),
        {"g": [GATEWAY_ALONE]},
    ),
)

EVENTS = (
    Case(
        "start event of two kinds",
        model(element("startEvent", "s", definition("timer", "", CYCLE), definition("timer", "", CYCLE))),
        {"s": ["Start event can't have more than one type"]},
    ),
    Case(
        "process that starts by an error",
        model(element("startEvent", "s", definition("error"))),
        {"s": ["Start events of a process must be one of: none, message, timer, signal or conditional"]},
        known=False,
    ),
    Case(
        "end event that goes on",
        started(_end("e", "<bpmn:outgoing>e-f</bpmn:outgoing>"), _end("f"), flow("e", "f")),
        {"e": ["End events must not have outgoing sequence flows to other elements."]},
    ),
    Case(
        "end event of two kinds",
        started(_end("e", definition("terminate"), definition("terminate"))),
        {"e": ["Must have at most one event definition"]},
    ),
    Case(
        "end event that is a link",
        started(_end("e", definition("link", "l", name="x"))),
        {"e": ["End events must be one of: none, error, message, terminate, signal, escalation or compensation"]},
    ),
    Case(
        "compensation that nobody waits for",
        started(_throw("c", definition("compensate", "d", waitForCompletion="false"))),
        {"c": ["A compensation intermediate throwing event waitForCompletion attribute must be true or not present"]},
    ),
    Case(
        "compensation end that nobody waits for",
        started(_end("c", definition("compensate", "d", waitForCompletion="false"))),
        {"c": ["A compensation end event waitForCompletion attribute must be true or not present"]},
    ),
    Case("catch event of no kind", started(_catch("c")), {"c": ["Must have exactly one event definition"]}),
    Case(
        "catch event of an error",
        started(_catch("c", definition("error"))),
        {"c": ["Event definition must be one of: message, timer, signal, link or conditional"]},
    ),
    Case(
        "catch event that comes again",
        started(_catch("c", definition("timer", "", CYCLE))),
        {"c": ["Intermediate timer catch event must have either a time duration or a time date."]},
    ),
    Case(
        "boundary event of nothing",
        started(boundary("b", "gone", definition("error"))),
        {"b": ["Must be attached to an activity"]},
    ),
    Case(
        "boundary event with a way in",
        started(
            work("w"),
            boundary("b", "w", "<bpmn:incoming>start-b</bpmn:incoming>", definition("error")),
            flow("start", "b"),
        ),
        {"b": ["Cannot have incoming sequence flows"]},
    ),
    Case(
        "boundary event of no kind",
        started(work("w"), boundary("b", "w")),
        {"b": ["Must have exactly one event definition"]},
    ),
    Case(
        "boundary event that terminates",
        started(work("w"), boundary("b", "w", definition("terminate"))),
        {"b": ["Boundary events must be one of: timer, message, error, signal, escalation, conditional"]},
    ),
    Case(
        "boundary event that goes on after an error",
        started(work("w"), boundary("b", "w", definition("error"), interrupting=False)),
        {"b": ["Non-Interrupting event of this type is not allowed"]},
    ),
    Case(
        "boundary event that interrupts again and again",
        started(work("w"), boundary("b", "w", definition("timer", "", CYCLE))),
        {"b": ["Interrupting timer event with time cycle is not allowed."]},
    ),
    Case(
        "escalation at a task",
        started(work("w"), boundary("b", "w", definition("escalation"))),
        {"b": ["An escalation boundary event should only be attached to a subprocess, or a call activity."]},
    ),
    Case(
        "compensation without a handler",
        started(work("w"), boundary("b", "w", definition("compensate", "c"))),
        {"b": [COMPENSATE]},
    ),
    Case(
        "compensation by a flow",
        started(
            work("w"),
            boundary("b", "w", "<bpmn:outgoing>b-h</bpmn:outgoing>", definition("compensate", "c")),
            work("h"),
            flow("b", "h"),
            association("b", "h"),
        ),
        {"b": [COMPENSATE]},
    ),
    Case(
        "message thrown by nobody",
        started(_throw("t", definition("message", messageRef="m")), beside=message("m")),
        {"t": [_either("publishMessage")]},
    ),
)

DEFINITIONS = (
    Case(
        "cancel event",
        started(work("w"), boundary("b", "w", definition("cancel"))),
        {
            "b": ["Boundary events must be one of: timer, message, error, signal, escalation, conditional"],
            "b > cancelEventDefinition": ["Event definition of this type is not supported"],
        },
    ),
    Case(
        "timer without a time",
        started(work("w"), boundary("b", "w", definition("timer"))),
        {"b > timerEventDefinition": [TIMERS]},
    ),
    Case(
        "message that is not there",
        started(_catch("c", definition("message"))),
        {"c > messageEventDefinition": ["Must reference a message"]},
    ),
    Case(
        "signal that is not there",
        started(_catch("c", definition("signal"))),
        {"c > signalEventDefinition": ["Must reference a signal"]},
    ),
    Case(
        "thrown error that is not there",
        started(_end("e", definition("error"))),
        {"e > errorEventDefinition": ["Must reference an error"]},
    ),
    Case(
        "thrown error without a code",
        started(_end("e", definition("error", errorRef="x")), beside=_error("x")),
        {"e > errorEventDefinition": ["ErrorCode must be present and not empty"]},
    ),
    Case(
        "caught error by an expression",
        started(work("w"), boundary("b", "w", definition("error", errorRef="x")), beside=_error("x", "=code")),
        {"b > errorEventDefinition": ["The errorCode of the error catch event is not allowed to be an expression"]},
    ),
    Case(
        "thrown escalation that is not there",
        started(_end("e", definition("escalation"))),
        {"e > escalationEventDefinition": ["Must reference an escalation"]},
    ),
    Case(
        "thrown escalation without a code",
        started(_end("e", definition("escalation", escalationRef="x")), beside=_escalation("x")),
        {"x": ["EscalationCode must be present and not empty"]},
    ),
    Case(
        "link without a name",
        started(_catch("c", '<bpmn:linkEventDefinition id="l" name="" />')),
        {"l": ["Link name must be present and not empty."]},
    ),
    Case(
        "compensation of a task that cannot be undone",
        started(work("w"), _throw("c", definition("compensate", "d", activityRef="w"))),
        {
            "d": [
                "The referenced compensation activity 'w' must have either a compensation boundary event or be a "
                "subprocess"
            ]
        },
    ),
    Case(
        "compensation of a task that is not there",
        started(_throw("c", definition("compensate", "d", activityRef="gone"))),
        {"d": ["The referenced compensation activity 'gone' doesn't exist"]},
    ),
    Case(
        "compensation of a task elsewhere",
        started(
            _subprocess(
                "s",
                element("startEvent", "inner"),
                work("w"),
                boundary("b", "w", definition("compensate", "bd")),
                work("h", attributes='isForCompensation="true"'),
                association("b", "h"),
            ),
            _throw("c", definition("compensate", "d", activityRef="w")),
        ),
        {"d": ["The referenced compensation activity 'w' must be in the same scope as the compensation throw event"]},
    ),
    Case(
        "conditional event on an unknown change",
        started(
            _catch(
                "c",
                definition(
                    "conditional",
                    "d",
                    '<bpmn:extensionElements><zeebe:conditionalFilter variableEvents="create, drop" />'
                    "</bpmn:extensionElements><bpmn:condition>=x</bpmn:condition>",
                ),
            )
        ),
        {
            "d > extensionElements > conditionalFilter": [
                "Variable event 'drop' is not valid. Must be one of: create, update or a comma-separated list of both."
            ]
        },
    ),
    Case(
        "conditional event without a condition",
        started(_catch("c", definition("conditional", "d"))),
        {"d": ["Must have a condition"]},
        known=False,
    ),
    Case(
        "compensation without an id",
        started(_throw("c", definition("compensate"))),
        {"c > compensateEventDefinition": ['Must have an id, "value" is null']},
        known=False,
    ),
)

NAMES = (
    Case(
        "message without a name",
        started(
            _catch("c", definition("message", messageRef="m")),
            beside=element("message", "m", '<zeebe:subscription correlationKey="=k" />'),
        ),
        {"m": ["Name must be present and not empty"]},
    ),
    Case(
        "message without a subscription",
        started(
            _catch("c", definition("message", messageRef="m")), beside=element("message", "m", attributes='name="m"')
        ),
        {"m": ["Must have exactly one zeebe:subscription extension element"]},
    ),
    Case(
        "subscription without a key",
        started(_catch("c", definition("message", messageRef="m")), beside=message("m", "")),
        {"m > extensionElements > subscription": ["Attribute 'correlationKey' must be present and not empty"]},
    ),
    Case(
        "message that starts twice",
        model(
            element("startEvent", "a", definition("message", messageRef="m")),
            element("startEvent", "b", definition("message", messageRef="m")),
            beside=element("message", "m", attributes='name="m"'),
        ),
        {
            "m": ["A message cannot be referred by more than one start event"],
        },
    ),
    Case(
        "signal without a name",
        started(_catch("c", definition("signal", signalRef="s")), beside=element("signal", "s")),
        {"s": ["Name must be present and not empty"]},
    ),
    Case(
        "two start events for one signal",
        model(
            element("startEvent", "a", definition("signal", signalRef="s")),
            element("startEvent", "b", definition("signal", signalRef="s")),
            beside=_signal("s"),
        ),
        {"p": ["Multiple signal event definitions with the same name 's' are not allowed."]},
    ),
)

EXTENSIONS = (
    Case(
        "job without a type",
        started(element("serviceTask", "w", '<zeebe:taskDefinition type="" />')),
        {"w > extensionElements > taskDefinition": ["Attribute 'type' must be present and not empty"]},
    ),
    Case(
        "job with blank retries",
        started(element("serviceTask", "w", '<zeebe:taskDefinition type="t" retries="" />')),
        {"w > extensionElements > taskDefinition": ["Attribute 'retries' must be present and not empty"]},
        known=False,
    ),
    Case("two mappings", started(work("w", "<zeebe:ioMapping />", "<zeebe:ioMapping />")), {"w": [_once("ioMapping")]}),
    Case(
        "script without a result",
        started(element("scriptTask", "s", '<zeebe:script expression="=1" />')),
        {"s > extensionElements > script": ["Attribute 'resultVariable' must be present and not empty"]},
    ),
    Case(
        "decision without an id",
        started(element("businessRuleTask", "b", '<zeebe:calledDecision resultVariable="r" />')),
        {"b > extensionElements > calledDecision": ["Attribute 'decisionId' must be present and not empty"]},
    ),
    Case(
        "unknown binding",
        started(element("callActivity", "c", '<zeebe:calledElement processId="p" bindingType="next" />')),
        {
            "c > extensionElements > calledElement": [
                "Attribute 'bindingType' must be one of: deployment, latest, versionTag"
            ]
        },
    ),
    Case(
        "binding to no version",
        started(element("callActivity", "c", '<zeebe:calledElement processId="p" bindingType="versionTag" />')),
        {
            "c > extensionElements > calledElement": [
                "Attribute 'versionTag' must be present and not empty if 'bindingType' is 'versionTag'"
            ]
        },
    ),
    Case(
        "version without a binding to it",
        started(element("callActivity", "c", '<zeebe:calledElement processId="p" versionTag="1" />')),
        {
            "c > extensionElements > calledElement": [
                "Attribute 'versionTag' may only be used if 'bindingType' is 'versionTag'"
            ]
        },
    ),
    Case(
        "listener twice",
        started(
            work(
                "w",
                "<zeebe:executionListeners>"
                + '<zeebe:executionListener eventType="start" type="l" />' * 2
                + "</zeebe:executionListeners>",
            )
        ),
        {
            "w > extensionElements > executionListeners": [
                "Found '2' duplicates based on eventType[start] and type[l], these combinations should be unique."
            ]
        },
    ),
    Case(
        "end listener of a gateway",
        started(element("exclusiveGateway", "g", listener("end"))),
        {"g": ["Execution listeners of type 'end' are not supported by gateway element"]},
    ),
    Case(
        "start listener of a start event",
        model(element("startEvent", "s", listener("start"))),
        {"s": ["Execution listeners of type 'start' are not supported by start events"]},
    ),
    Case(
        "end listener of an error end event",
        started(_end("e", listener("end"), definition("error", errorRef="x")), beside=_error("x", "X")),
        {"e": ["Execution listeners of type 'end' are not supported by [error] end events"]},
    ),
    Case(
        "start listener of a boundary event",
        started(work("w"), boundary("b", "w", listener("start"), definition("error"))),
        {"b": ["Execution listeners of type 'start' are not supported by boundary events"]},
    ),
    Case(
        "listener of a compensation boundary event",
        started(
            work("w"),
            boundary("b", "w", listener("end"), definition("compensate", "c")),
            work("h", attributes='isForCompensation="true"'),
            association("b", "h"),
        ),
        {"b": ["Execution listeners of type 'start' and 'end' are not supported by [compensation] boundary events"]},
    ),
    Case(
        "listener of no event",
        started(work("w", listener("middle"))),
        {
            "w > extensionElements > executionListeners > executionListener": [
                "Attribute 'eventType' must be one of: start, end"
            ]
        },
        known=False,
    ),
    Case(
        "listener of a loop",
        started(work("w", _loop('<zeebe:loopCharacteristics inputCollection="=x" />', listener("start")))),
        {"w > multiInstanceLoopCharacteristics > extensionElements > executionListeners": [LISTENED]},
    ),
    Case(
        "listener without a type",
        started(
            work(
                "w", '<zeebe:executionListeners><zeebe:executionListener eventType="end" /></zeebe:executionListeners>'
            )
        ),
        {
            "w > extensionElements > executionListeners > executionListener": [
                "Attribute 'type' must be present and not empty"
            ]
        },
    ),
)

CASES = (*SCOPES, *ACTIVITIES, *USER_TASKS, *GATEWAYS, *EVENTS, *DEFINITIONS, *NAMES, *EXTENSIONS)

"""Event definitions.

Source: BPMN 2.0.2, 10.4.5; Camunda's documentation, components/modeler/bpmn/events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from zeebe_fleet.engine.model import times
from zeebe_fleet.engine.model.diagram import Diagram, definitions
from zeebe_fleet.engine.model.elements import (
    Compensation,
    Conditional,
    Error,
    Escalation,
    EventDefinition,
    Link,
    Message,
    Signal,
    Terminate,
    Timer,
    Value,
)
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.tags import THROW_EVENTS
from zeebe_fleet.engine.model.values import Values

_TIMERS: dict[str, Literal["date", "duration", "cycle"]] = {
    "timeDate": "date",
    "timeDuration": "duration",
    "timeCycle": "cycle",
}


class Events:
    """Reads what an event waits for or does."""

    def __init__(self, diagram: Diagram, values: Values) -> None:
        self._diagram = diagram
        self._values = values
        self._kinds: dict[str, Callable[[Node], EventDefinition]] = {
            "messageEventDefinition": self.message,
            "timerEventDefinition": self._timer,
            "errorEventDefinition": self._error,
            "escalationEventDefinition": self._escalation,
            "signalEventDefinition": self._signal,
            "compensateEventDefinition": lambda node: Compensation(node.ref("activityRef")),
            "linkEventDefinition": lambda node: Link(node.get("name")),
            "terminateEventDefinition": lambda _: Terminate(),
            "conditionalEventDefinition": self._conditional,
        }

    def read(self, event: Node) -> EventDefinition | None:
        """Return an event's definition; None for a none event."""
        for definition in definitions(event):
            if kind := self._kinds.get(definition.tag):
                return kind(definition)
        return None

    def message(self, node: Node) -> Message:
        """Read what an event definition or a receive task names; a process's start event has no correlation key."""
        message = self._diagram.named(node.ref("messageRef"), "message")
        if message is None:
            return Message("", None)
        name = self._values.attribute(message, "name")
        subscription = message.extension("subscription")
        if subscription is None or _needs_no_key(node):
            return Message(name, None)
        return Message(name, self._values.required(subscription, subscription.get("correlationKey")))

    def _timer(self, node: Node) -> Timer:
        for tag, kind in _TIMERS.items():
            if written := node.first(tag):
                value = self._values.read(written, written.text.strip())
                if isinstance(value, str) and (wrong := times.wrong(kind, value)):
                    self._values.wrong(node, wrong)
                return Timer(kind, value)
        return Timer("duration", "")

    def _error(self, node: Node) -> Error:
        return Error(self._code(node, "errorRef", "error", "errorCode"))

    def _escalation(self, node: Node) -> Escalation:
        return Escalation(self._code(node, "escalationRef", "escalation", "escalationCode"))

    def _code(self, node: Node, reference: str, tag: str, attribute: str) -> Value | None:
        named = self._diagram.named(node.ref(reference), tag)
        return self._values.optional(named, attribute)

    def _signal(self, node: Node) -> Signal:
        return Signal(self._values.attribute(self._diagram.named(node.ref("signalRef"), "signal"), "name"))

    def _conditional(self, node: Node) -> Conditional:
        condition = node.first("condition")
        expression = None if condition is None else self._values.required(condition, condition.text)
        written = node.extension("conditionalFilter")
        if written is None:
            return Conditional(expression)
        return Conditional(expression, _listed(written.get("variableNames")), _listed(written.get("variableEvents")))


def _needs_no_key(definition: Node) -> bool:
    event = definition.parent
    if event is None or event.parent is None:
        return False
    return event.tag in THROW_EVENTS or (event.tag == "startEvent" and event.parent.tag == "process")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

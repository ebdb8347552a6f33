"""What events refer to: messages, signals, escalations."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.rules.extensions import needs
from zeebe_fleet.engine.model.rules.rule import Rule
from zeebe_fleet.engine.model.rules.structure import has_id
from zeebe_fleet.engine.model.tags import THROW_EVENTS


def message_can_be_met(message: Node, diagram: Diagram) -> Iterator[str]:
    """A message that something waits for has a name, and a subscription unless it only starts processes."""
    referring = diagram.referring.get(message.id, ())
    if not referring:
        return
    if not message.get("name"):
        yield "Name must be present and not empty"
    if any(_is_caught(one) for one in referring) and len(message.extensions("subscription")) != 1:
        yield "Must have exactly one zeebe:subscription extension element"


def message_starts_once(message: Node, diagram: Diagram) -> Iterator[str]:
    """Two start events of a process would start it twice."""
    if sum(_starts_process(one) for one in diagram.referring.get(message.id, ())) > 1:
        yield "A message cannot be referred by more than one start event"


def signal_has_name(signal: Node, diagram: Diagram) -> Iterator[str]:
    """A signal that is waited for or thrown has a name."""
    if diagram.referring.get(signal.id) and not signal.get("name"):
        yield "Name must be present and not empty"


def escalation_has_code(escalation: Node, diagram: Diagram) -> Iterator[str]:
    """An escalation that is thrown has a code."""
    referring = diagram.referring.get(escalation.id, ())
    thrown = any(one.parent is not None and one.parent.tag in THROW_EVENTS for one in referring)
    if thrown and not escalation.get("escalationCode"):
        yield "EscalationCode must be present and not empty"


def _is_caught(referring: Node) -> bool:
    if referring.tag == "receiveTask":
        return True
    event = referring.parent
    return event is not None and event.tag not in THROW_EVENTS and not _starts_process(referring)


def _starts_process(referring: Node) -> bool:
    event = referring.parent
    if event is None or event.tag != "startEvent" or event.parent is None:
        return False
    return event.parent.tag == "process"


RULES: dict[str, tuple[Rule, ...]] = {
    "zeebe:subscription": (needs("correlationKey"),),
    "message": (has_id, message_can_be_met, message_starts_once),
    "signal": (has_id, signal_has_name),
    "escalation": (has_id, escalation_has_code),
    "error": (has_id,),
}

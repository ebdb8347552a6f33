"""Event definitions: what they refer to, and what they need of it."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram, scope_of
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.rules.rule import Rule
from zeebe_fleet.engine.model.tags import ACTIVITIES, THROW_EVENTS


def definition_is_supported(_: Node, __: Diagram) -> Iterator[str]:
    """Cancel events belong to transactions."""
    yield "Event definition of this type is not supported"


def timer_is_of_one_kind(definition: Node, _: Diagram) -> Iterator[str]:
    """A timer has one time."""
    if len(definition.all("timeDuration", "timeDate", "timeCycle")) != 1:
        yield "Must be exactly one type of timer: timeDuration, timeDate or timeCycle"


def message_is_named(definition: Node, diagram: Diagram) -> Iterator[str]:
    """What is caught, or published by the engine itself, is a message of the file; a job throws what it likes."""
    if _thrown(definition) and not _published(definition):
        return
    if diagram.named(definition.ref("messageRef"), "message") is None:
        yield "Must reference a message"


def signal_is_named(definition: Node, diagram: Diagram) -> Iterator[str]:
    """A signal event names a signal."""
    if diagram.named(definition.ref("signalRef"), "signal") is None:
        yield "Must reference a signal"


def error_is_named(definition: Node, diagram: Diagram) -> Iterator[str]:
    """A thrown error has a code; a caught one may have one that is no expression."""
    error = diagram.named(definition.ref("errorRef"), "error")
    if _thrown(definition) and error is None:
        yield "Must reference an error"
    elif _thrown(definition) and error is not None and not error.get("errorCode"):
        yield "ErrorCode must be present and not empty"
    elif not _thrown(definition) and error is not None and error.get("errorCode").startswith("="):
        yield "The errorCode of the error catch event is not allowed to be an expression"


def escalation_is_named(definition: Node, diagram: Diagram) -> Iterator[str]:
    """A thrown escalation has a code; a caught one may have one that is no expression."""
    escalation = diagram.named(definition.ref("escalationRef"), "escalation")
    if _thrown(definition) and escalation is None:
        yield "Must reference an escalation"
    elif not _thrown(definition) and escalation is not None and escalation.get("escalationCode").startswith("="):
        yield "The escalationCode of the escalation catch event is not allowed to be an expression"


def link_is_named(definition: Node, _: Diagram) -> Iterator[str]:
    """A link event has a name."""
    if not definition.get("name"):
        yield "Link name must be present and not empty."


def compensated_activity_is_near(definition: Node, diagram: Diagram) -> Iterator[str]:
    """What is undone by name can be, and stands in the scope of the event."""
    reference = definition.get("activityRef")
    if not reference or not _thrown(definition):
        return
    activity = diagram.named(definition.ref("activityRef"), *ACTIVITIES)
    if activity is None:
        yield f"The referenced compensation activity '{reference}' doesn't exist"
        return
    if activity.tag != "subProcess" and activity.id not in diagram.undone:
        yield (
            f"The referenced compensation activity '{reference}' must have either a compensation boundary event or be "
            "a subprocess"
        )
    if not _same_scope(definition, activity):
        yield (
            f"The referenced compensation activity '{reference}' must be in the same scope as the compensation throw "
            "event"
        )


def compensation_has_id(definition: Node, _: Diagram) -> Iterator[str]:
    """The engine of the users' own says only `"value" is null` (issue 27449); here the element is named with it."""
    if not definition.id:
        yield 'Must have an id, "value" is null'


def condition_is_written(definition: Node, _: Diagram) -> Iterator[str]:
    """A conditional event has a condition. The words are our own."""
    if definition.first("condition") is None:
        yield "Must have a condition"


def filter_knows_changes(written: Node, _: Diagram) -> Iterator[str]:
    """A variable is created or updated."""
    for event in written.get("variableEvents").split(","):
        if event.strip() not in {"", "create", "update"}:
            yield (
                f"Variable event '{event.strip()}' is not valid. Must be one of: create, update or a comma-separated "
                "list of both."
            )


def conditional_has_id(definition: Node, _: Diagram) -> Iterator[str]:
    """As a compensation event's (issue 46519)."""
    yield from compensation_has_id(definition, _)


def _thrown(definition: Node) -> bool:
    return definition.parent is not None and definition.parent.tag in THROW_EVENTS


def _published(definition: Node) -> bool:
    return definition.parent is not None and bool(definition.parent.extensions("publishMessage"))


def _same_scope(definition: Node, activity: Node) -> bool:
    scope = None if definition.parent is None else scope_of(definition.parent)
    if scope is not None and scope.says("triggeredByEvent"):
        return activity.parent in (scope, scope_of(scope))
    return activity.parent is scope


RULES: dict[str, tuple[Rule, ...]] = {
    "cancelEventDefinition": (definition_is_supported,),
    "timerEventDefinition": (timer_is_of_one_kind,),
    "messageEventDefinition": (message_is_named,),
    "signalEventDefinition": (signal_is_named,),
    "errorEventDefinition": (error_is_named,),
    "escalationEventDefinition": (escalation_is_named,),
    "linkEventDefinition": (link_is_named,),
    "compensateEventDefinition": (compensated_activity_is_near, compensation_has_id),
    "conditionalEventDefinition": (conditional_has_id, condition_is_written),
    "zeebe:conditionalFilter": (filter_knows_changes,),
}

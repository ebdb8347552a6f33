"""Tasks, calls and loops: the extension without which each of them cannot run."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram, definitions
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.rules.duplicates import caught_twice, names_twice
from zeebe_fleet.engine.model.rules.rule import Rule, for_each
from zeebe_fleet.engine.model.tags import ACTIVITIES


def exactly_one(name: str) -> Rule:
    """Return the rule that an element has one extension of a name."""

    def rule(node: Node, _: Diagram) -> Iterator[str]:
        if len(node.extensions(name)) != 1:
            yield f"Must have exactly one 'zeebe:{name}' extension element"

    return rule


def either(one: str, other: str) -> Rule:
    """Return the rule that an element has one extension, of one name or the other."""

    def rule(node: Node, _: Diagram) -> Iterator[str]:
        if len(node.extensions(one)) + len(node.extensions(other)) != 1:
            yield f"Must have either one 'zeebe:{one}' or one 'zeebe:{other}' extension element"

    return rule


def boundaries_differ(activity: Node, diagram: Diagram) -> Iterator[str]:
    """No two boundary events of an activity catch the same."""
    attached = diagram.attached.get(activity.id, ())
    if not attached:
        return
    caught = [definition for event in attached for definition in definitions(event)]
    yield from names_twice(caught, diagram)
    yield from caught_twice(caught, diagram)


def handler_stands_alone(activity: Node, diagram: Diagram) -> Iterator[str]:
    """A compensation handler is reached by its association, and by nothing else."""
    if not activity.says("isForCompensation"):
        return
    for found, what in (
        (diagram.incoming, "incoming sequence flows"),
        (diagram.outgoing, "outgoing sequence flows"),
        (diagram.attached, "boundary events"),
    ):
        if activity.id in found:
            yield f"A compensation handler should have no {what}"


def receive_task_waits(task: Node, diagram: Diagram) -> Iterator[str]:
    """A receive task names a message, and not one that its own boundary event waits for."""
    message = diagram.named(task.ref("messageRef"), "message")
    if message is None:
        yield "Must reference a message"
        return
    attached = (one for event in diagram.attached.get(task.id, ()) for one in definitions(event))
    others = (diagram.named(one.ref("messageRef"), "message") for one in attached)
    if any(other is not None and other.get("name") == message.get("name") for other in others):
        yield "Cannot reference the same message name as a boundary event"


def message_is_published(task: Node, diagram: Diagram) -> Iterator[str]:
    """What publishes its message by itself names it."""
    if task.extensions("publishMessage") and diagram.named(task.ref("messageRef"), "message") is None:
        yield "Must reference a message"


def nothing_is_published(node: Node, _: Diagram) -> Iterator[str]:
    """Messages are thrown by jobs: issue 34190, whose engine took this and then failed. The words are our own."""
    if node.extensions("publishMessage"):
        yield "Extension element 'zeebe:publishMessage' is currently not supported; use 'zeebe:taskDefinition'"


def loop_is_supported(activity: Node, _: Diagram) -> Iterator[str]:
    """A standard loop would run once. The library takes it, and the words are our own."""
    if activity.first("standardLoopCharacteristics") is not None:
        yield "Elements of type 'StandardLoopCharacteristics' are currently not supported"


RULES: dict[str, tuple[Rule, ...]] = for_each(ACTIVITIES, boundaries_differ, handler_stands_alone, loop_is_supported)
RULES["multiInstanceLoopCharacteristics"] = (exactly_one("loopCharacteristics"),)
RULES["serviceTask"] += (exactly_one("taskDefinition"),)
RULES["callActivity"] += (exactly_one("calledElement"),)
RULES["scriptTask"] += (either("script", "taskDefinition"),)
RULES["businessRuleTask"] += (either("calledDecision", "taskDefinition"),)
RULES["sendTask"] += (either("publishMessage", "taskDefinition"), message_is_published, nothing_is_published)
RULES["receiveTask"] += (receive_task_waits,)

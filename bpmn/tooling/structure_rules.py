"""Rules on what the engine and the fleet need of a model. The name of a function is the name of its rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.parse import listeners, undo_pairs
from zeebe_fleet.bpmn.tooling.subject import Finding, Rule, Subject
from zeebe_fleet.engine import feel
from zeebe_fleet.engine.feel.pattern_classes import UnfitPattern
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED

_WITH_PATTERNS = ("matches", "replace", "split", "extract")
_THROWS = ("intermediateThrowEvent", "endEvent")


def patterns_can_be_matched(subject: Subject) -> Iterator[Finding]:
    """Patterns in expressions are matched in linear time: looking around and referring back are refused."""
    for element in subject.process.iter(etree.Element):
        for text in (*element.attrib.values(), element.text or ""):
            expression = str(text).strip()
            if expression.startswith("=") and any(f"{name}(" in expression for name in _WITH_PATTERNS):
                for wrong in _unfit(expression[1:]):
                    yield subject.wrong(
                        _owner(subject, element), f"A pattern cannot be matched. {wrong}", wrong.suggestion
                    )


def _unfit(expression: str) -> tuple[UnfitPattern, ...]:
    try:
        return feel.parse(expression).unfit
    except feel.FeelSyntaxError:
        return ()


def _owner(subject: Subject, element: Element) -> Element:
    """Return what people know an expression by: the flow, the event or the activity it belongs to."""
    around = (one for one in (element, *element.iterancestors()) if one.get("id") in subject.document.by_id)
    return next(around, subject.process)


def fleet_listeners_are_there(subject: Subject) -> Iterator[Finding]:
    """The process adopts its instances and says when they end."""
    for listener in (("start", ADOPT), ("end", ENDED)):
        if listener not in listeners(subject.process):
            event, job_type = listener
            yield subject.wrong(
                subject.process,
                f"There is no {event} execution listener {job_type!r}.",
                f'Add <zeebe:executionListener eventType="{event}" type="{job_type}" /> to the process.',
            )


def retries_are_set(subject: Subject) -> Iterator[Finding]:
    """How often a job is tried is said, not left to a default."""
    for node in subject.nodes:
        for definition in xml.extension(node, "taskDefinition"):
            retries = definition.get("retries", "")
            if not (retries.startswith("=") or (retries.isdecimal() and int(retries) > 0)):
                yield subject.wrong(node, f"Its retries are {retries!r}.", "Set retries to 1 or more.")


def user_tasks_are_jobs(subject: Subject) -> Iterator[Finding]:
    """User tasks come to people as jobs, which every version of the engine hands out."""
    for node in subject.nodes:
        if xml.kind(node) == "userTask" and xml.extension(node, "userTask"):
            yield subject.wrong(
                node,
                "It is a Camunda user task, which the human-task adapter does not see: it would wait for ever.",
                "Remove <zeebe:userTask />; the modeler calls what is left a job worker user task.",
            )


def every_element_is_reachable(subject: Subject) -> Iterator[Finding]:
    """A way leads to every element from a start."""
    following = _following(subject)
    reached, ahead = {""}, [""]
    while ahead:
        for element_id in following[ahead.pop()]:
            if element_id not in reached:
                reached.add(element_id)
                ahead.append(element_id)
    for node in subject.nodes:
        if node.get("id", "") not in reached:
            yield subject.wrong(node, "No way leads here.", "Connect it, or remove it.")


def _following(subject: Subject) -> defaultdict[str, list[str]]:
    """Return what comes after each element; `""` is the beginning.

    A boundary event comes after its task, a handler after its boundary event, the start of a subprocess after
    the subprocess, and a link catch after its throw.
    """
    following: defaultdict[str, list[str]] = defaultdict(list)
    for connection in (*xml.flows(subject.process), *subject.process.iter(f"{{{xml.MODEL}}}association")):
        following[connection.get("sourceRef", "")].append(connection.get("targetRef", ""))
    for node in subject.nodes:
        for before in _before(subject, node):
            following[before].append(node.get("id", ""))
    return following


def _before(subject: Subject, node: Element) -> Iterator[str]:
    scope = node.getparent()
    if scope is not None and (_begins(node) or xml.kind(scope) == "adHocSubProcess"):
        yield "" if scope is subject.process else scope.get("id", "")
    if xml.kind(node) == "boundaryEvent":
        yield node.get("attachedToRef", "")
    for link in xml.children(node, "linkEventDefinition"):
        yield from subject.throwing.get(link.get("name"), ())


def _begins(node: Element) -> bool:
    return xml.kind(node) == "startEvent" or node.get("triggeredByEvent") == "true"


def compensation_has_an_id(subject: Subject) -> Iterator[Finding]:
    """Without one the engine refuses the model with nothing but `"value" is null`."""
    for node in subject.nodes:
        for definition in xml.children(node, "compensateEventDefinition"):
            if not definition.get("id"):
                yield subject.wrong(node, "Its compensateEventDefinition has no id.", "Give it one.")


def compensation_is_ordered(subject: Subject) -> Iterator[Finding]:
    """One throw per step: thrown without a reference, all handlers of a scope run at once."""
    for event in subject.of_kind(*_THROWS):
        for definition in xml.children(event, "compensateEventDefinition"):
            undone = definition.get("activityRef")
            if not undone:
                message, suggestion = (
                    "It undoes everything at once.",
                    "Name one activity in activityRef, throw per step.",
                )
                yield subject.wrong(event, message, suggestion)
            elif undone not in subject.undone:
                yield subject.wrong(
                    event, f"{undone!r} has no compensation handler.", "Add one, or undo something else."
                )


def every_handler_is_used(subject: Subject) -> Iterator[Finding]:
    """What can be undone is undone somewhere."""
    thrown = {
        definition.get("activityRef")
        for event in subject.of_kind(*_THROWS)
        for definition in xml.children(event, "compensateEventDefinition")
    }
    for element_id, activity in subject.undone.items():
        if not {element_id, None} & thrown:
            yield subject.wrong(
                activity, "Nothing ever undoes it.", "Throw compensation for it where the work is given up."
            )


def one_handler_for_one_activity(subject: Subject) -> Iterator[Finding]:
    """The engine ignores a second handler, and the records pair each handler with one activity."""
    seen: set[str] = set()
    for pair in undo_pairs(subject.document, subject.process):
        for end in pair:
            if end.get("id", "") in seen:
                yield subject.wrong(end, "It is in two compensation pairs.", "Give each activity a handler of its own.")
            seen.add(end.get("id", ""))


def handlers_are_for_compensation(subject: Subject) -> Iterator[Finding]:
    """A handler is marked as one and stands outside the flow."""
    ends = {flow.get(end) for flow in xml.flows(subject.process) for end in ("sourceRef", "targetRef")}
    for handler, _ in undo_pairs(subject.document, subject.process):
        if handler.get("isForCompensation") != "true":
            yield subject.wrong(handler, "It is not marked as a handler.", 'Set isForCompensation="true".')
        if handler.get("id") in ends:
            yield subject.wrong(handler, "A flow leads to or from it.", "Leave it outside the flow.")


def what_can_be_undone_is_not_interrupted(subject: Subject) -> Iterator[Finding]:
    """An interrupted step is never compensated, even if its effect was done."""
    for event in subject.of_kind("boundaryEvent"):
        if event.get("cancelActivity") == "false" or xml.is_compensation(event):
            continue
        host = subject.host(event)
        inside = subject.undone_within(host)
        own_outcome = bool(xml.children(event, "errorEventDefinition"))
        if inside or (host.get("id") in subject.undone and not own_outcome):
            yield subject.wrong(
                event,
                "It interrupts work that could then not be undone.",
                'Set cancelActivity="false", or catch inside.',
            )


RULES: tuple[Rule, ...] = (
    patterns_can_be_matched,
    fleet_listeners_are_there,
    retries_are_set,
    user_tasks_are_jobs,
    every_element_is_reachable,
    compensation_has_an_id,
    compensation_is_ordered,
    every_handler_is_used,
    one_handler_for_one_activity,
    handlers_are_for_compensation,
    what_can_be_undone_is_not_interrupted,
)

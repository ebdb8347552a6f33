"""What a process computes while it runs: each FEEL expression and each time, with where it is evaluated.

Source: https://docs.camunda.io/docs/components/concepts/expressions/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.feel_reads import Reads, reads_of
from zeebe_fleet.engine.feel import FeelSyntaxError

_SHOWN = 120


class When(Enum):
    """What an expression sees."""

    BEFORE = "before"
    """What is there before the element's own variables are."""
    WITHIN = "within"
    """The element's own variables too."""
    AFTER = "after"
    """What the element's work gave too."""
    NEVER = "never"
    """Nothing: it is computed when the process is deployed."""


@dataclass(frozen=True, slots=True)
class Written:
    """Something computed.

    Args:
        node: whose scope it is evaluated in.
        owner: what people know it by: the flow, the event or the activity it belongs to.
        what: how to call it in a finding.
        text: as it stands; an expression begins with `=`.
        when: what it sees.
        kind: of a timer, or of a date that somebody is told; empty of all others.
        seen: names that earlier mappings of the element gave.
    """

    node: Element
    owner: Element
    what: str
    text: str
    when: When
    kind: str = ""
    seen: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """The text as a finding quotes it."""
        text = " ".join(self.text.split())
        return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")

    @property
    def feel(self) -> str:
        """The expression; empty where it is text that stands for itself."""
        text = self.text.strip()
        return text[1:] if text.startswith("=") and text != "=" else ""


_ATTRIBUTES: dict[str, tuple[tuple[str, str, When], ...]] = {
    "taskDefinition": (("type", "job type", When.WITHIN), ("retries", "number of retries", When.WITHIN)),
    "executionListener": (("type", "listener's job type", When.WITHIN), ("retries", "listener's retries", When.WITHIN)),
    "taskListener": (("type", "listener's job type", When.WITHIN), ("retries", "listener's retries", When.WITHIN)),
    "calledElement": (("processId", "called process", When.WITHIN),),
    "calledDecision": (("decisionId", "called decision", When.WITHIN),),
    "script": (("expression", "script", When.WITHIN),),
    "loopCharacteristics": (
        ("inputCollection", "input collection", When.BEFORE),
        ("outputElement", "output element", When.AFTER),
    ),
    "assignmentDefinition": (
        ("assignee", "assignee", When.WITHIN),
        ("candidateGroups", "candidate groups", When.WITHIN),
        ("candidateUsers", "candidate users", When.WITHIN),
    ),
    "taskSchedule": (("dueDate", "due date", When.WITHIN), ("followUpDate", "follow-up date", When.WITHIN)),
    "priorityDefinition": (("priority", "priority", When.WITHIN),),
    "formDefinition": (("formKey", "form key", When.WITHIN), ("externalReference", "form", When.WITHIN)),
    "adHoc": (
        ("activeElementsCollection", "active elements", When.WITHIN),
        ("outputElement", "output element", When.AFTER),
    ),
}
_TEXTS = {"completionCondition": "completion condition", "condition": "condition"}
_TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}
_DATES = frozenset(("dueDate", "followUpDate"))
_REFERRED = (
    ("messageRef", "name", "message name"),
    ("signalRef", "name", "signal name"),
    ("errorRef", "errorCode", "error code"),
    ("escalationRef", "escalationCode", "escalation code"),
)


@lru_cache(2)
def written_in(document: Document, process: Element) -> tuple[Written, ...]:
    """Return what a process computes, element by element; what has no text is left out."""
    return tuple(_of_process(document, process))


def _of_process(document: Document, process: Element) -> Iterator[Written]:
    for node in (process, *xml.nodes(process)):
        yield from (one for one in _of_node(document, node) if one.text.strip())
    for flow in xml.flows(process):
        source = document.by_id.get(flow.get("sourceRef", ""), process)
        for condition in xml.children(flow, "conditionExpression"):
            if text := _text(condition):
                yield Written(source, flow, "condition", text, When.AFTER)


def unparsed_in(document: Document, process: Element) -> Iterator[tuple[Written, FeelSyntaxError]]:
    """Yield what is no FEEL, and why."""
    for written in written_in(document, process):
        try:
            reads_of(written.feel or "null")
        except FeelSyntaxError as error:
            yield written, error


def parsed_in(document: Document, process: Element) -> Iterator[tuple[Written, Reads]]:
    """Yield the expressions that are FEEL, with what each reads and calls."""
    for written in written_in(document, process):
        if written.feel:
            with suppress(FeelSyntaxError):
                yield written, reads_of(written.feel)


def _of_node(document: Document, node: Element) -> Iterator[Written]:
    for held in xml.children(node, "extensionElements"):
        for extension in held.iter(f"{{{xml.ZEEBE}}}*"):
            yield from _of_extension(node, extension)
    yield from _of_mappings(node)
    for loop in xml.children(node, "multiInstanceLoopCharacteristics"):
        for extension in xml.extension(loop, "loopCharacteristics"):
            yield from _of_extension(node, extension)
        yield from _of_texts(node, loop)
    yield from _of_texts(node, node)
    for definition in node:
        if isinstance(definition.tag, str) and xml.kind(definition).endswith("EventDefinition"):
            yield from _of_definition(document, node, definition)
    if node.get("messageRef"):
        yield from _of_referred(document, node, node)


def _of_extension(node: Element, extension: Element) -> Iterator[Written]:
    name = xml.kind(extension)
    for attribute, what, when in _ATTRIBUTES.get(name, ()):
        kind = "date" if attribute in _DATES else ""
        yield Written(node, node, what, extension.get(attribute, ""), when, kind)


def _of_mappings(node: Element) -> Iterator[Written]:
    """An input mapping sees what is around the element, what a loop gives, and what the mappings before it gave."""
    seen: set[str] = set()
    for loop in xml.children(node, "multiInstanceLoopCharacteristics"):
        seen |= {"loopCounter", *(one.get("inputElement", "") for one in xml.extension(loop, "loopCharacteristics"))}
    for one in xml.extension(node, "ioMapping/input"):
        what = f"input mapping to {one.get('target', '')!r}"
        yield Written(node, node, what, one.get("source", ""), When.BEFORE, seen=frozenset(seen))
        seen.add(one.get("target", "").partition(".")[0])
    for one in xml.extension(node, "ioMapping/output"):
        yield Written(node, node, f"output mapping to {one.get('target', '')!r}", one.get("source", ""), When.AFTER)


def _of_texts(node: Element, within: Element) -> Iterator[Written]:
    for name, what in _TEXTS.items():
        for one in xml.children(within, name):
            yield Written(node, node, what, _text(one), When.AFTER)


def _of_definition(document: Document, node: Element, definition: Element) -> Iterator[Written]:
    when = When.NEVER if starts_process(node) else When.WITHIN
    for name, kind in _TIMERS.items():
        for one in xml.children(definition, name):
            yield Written(node, node, f"timer's {kind}", _text(one), when, kind)
    for one in xml.children(definition, "condition"):
        yield Written(node, node, "condition", _text(one), When.WITHIN)
    yield from _of_referred(document, node, definition)


def _of_referred(document: Document, node: Element, referring: Element) -> Iterator[Written]:
    when = When.NEVER if starts_process(node) else When.WITHIN
    for reference, attribute, what in _REFERRED:
        named = document.by_id.get(referring.get(reference, ""))
        if named is None:
            continue
        yield Written(node, node, what, named.get(attribute, ""), when)
        if reference == "messageRef" and waits(node):
            for one in xml.extension(named, "subscription"):
                yield Written(node, node, "correlation key", one.get("correlationKey", ""), When.WITHIN)


def starts_process(node: Element) -> bool:
    """Tell whether an event starts instances, so that nothing of one is there when it is computed."""
    scope = node.getparent()
    return xml.kind(node) == "startEvent" and scope is not None and xml.kind(scope) == "process"


def waits(node: Element) -> bool:
    """Tell whether an element of a running instance waits for what it names."""
    return xml.kind(node) in ("receiveTask", "intermediateCatchEvent", "boundaryEvent", "startEvent") and not (
        starts_process(node)
    )


def _text(element: Element) -> str:
    return str(element.text or "").strip()

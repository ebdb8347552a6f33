"""An error that is caught by its code can be raised by something inside, as far as the manifest says it.

Why: A way that is drawn and never taken looks like a case that is handled; most often the code was renamed.
Fix: Name the code in `errors` of the job type that raises it, or catch the one that it raises.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element, is_expression
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.jobs import error_codes
from zeebe_fleet.bpmn.tooling.neighbours import Neighbours, neighbours_of
from zeebe_fleet.bpmn.tooling.raising import raised_by
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def caught_errors_can_be_raised(subject: Subject) -> Iterator[Finding]:
    neighbours = neighbours_of(subject) if subject.of_kind("callActivity") else None
    for event in subject.of_kind("boundaryEvent"):
        codes = [code for code in error_codes(subject.document, event) if code and not is_expression(code)]
        inside = _raised_inside(subject, subject.host(event), neighbours) if codes else None
        for code in codes if inside is not None else ():
            if code not in (inside or ()):
                yield subject.wrong(
                    event, f"Nothing that it catches from raises {code!r}.", "Name it in `errors` of the job type."
                )


def _raised_inside(subject: Subject, host: Element, neighbours: Neighbours | None) -> set[str] | None:
    """Return the codes that an activity can end in; None where that is not known."""
    found: set[str] = set()
    for node in (host, *xml.nodes(host)):
        for definition in xml.extension(node, "taskDefinition"):
            if definition.get("type", "") not in subject.manifest.job_types:
                return None
        for called in xml.extension(node, "calledElement"):
            process = called.get("processId", "")
            if neighbours is None or process not in neighbours or not neighbours.is_whole:
                return None
            found |= neighbours.escaping.get(process, frozenset())
        if any(is_expression(code) for code in error_codes(subject.document, node)):
            return None
        if xml.kind(node) == "userTask":
            return None
        found.update(raised_by(subject, node))
    return found

"""The engine takes the model when it is deployed.

Why: These are the engine's own checks, in its own words: a deployment is refused for each of them.
Fix: Change what it names, in the modeler; the line is that of the element or of the part of it that is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.expressions import unparsed_in
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.engine.model import Problem

_DANGLING = "cvc-id.1:"
_EVENT_TYPE = "Attribute 'eventType' must be one of: start, end"
_SINCE_8_10 = ("beforeAll", "cancel")
"""Event types of listeners that the engine in the box does not know yet."""


@rule(severity="error", waivable=False)
def engine_takes_it(subject: Subject) -> Iterator[Finding]:
    file = str(subject.package.model_file)
    fix = f"Camunda {subject.target} refuses to deploy it: change this in the modeler."
    said = {  # by a rule of its own, which knows the element
        str(error)
        for process in subject.document.processes
        for _, error in (unparsed_in(subject.document, process) if subject.refused else ())
    }
    for problem in subject.refused:
        is_said = problem.error in said or problem.error.startswith(_DANGLING)
        if not is_said and not _is_of_older(problem, subject):
            element_id = problem.path.partition(" > ")[0]
            known = element_id if element_id in subject.document.by_id else ""
            yield Finding(file, known, problem.line, "", _sentence(problem.error), fix)


def _is_of_older(problem: Problem, subject: Subject) -> bool:
    """Tell whether Camunda 8.10 takes it; for what comes before, `target-has-it` says so."""
    if problem.error != _EVENT_TYPE:
        return False
    listeners = subject.document.root.iter(f"{{{xml.ZEEBE}}}executionListener")
    return any(one.get("eventType") in _SINCE_8_10 and xml.line_of(one) == problem.line for one in listeners)


def _sentence(error: str) -> str:
    return error if error.endswith((".", "!", "?")) else f"{error}."

"""A transition leaves a step that is there, after something that this step has, and leads to a step that is there.

Why: A case that takes a transition to nowhere stops with an incident; one after what never happens is never taken.
Fix: Correct the name: of a human step it is `action`, of a decision `outcome`, of a system step `error` or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import (
    DecisionStep,
    FinalStep,
    HumanStep,
    Step,
    SystemStep,
    Transition,
)
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_transitions_lead_somewhere(subject: CaseSubject) -> Iterator[Finding]:
    steps = subject.definition.by_id
    for way in subject.definition.transitions:
        step = steps.get(way.source)
        if step is None:
            yield subject.at_way(way, "There is no such step to leave.", f"There are {', '.join(steps)}.")
        elif wrong := _wrong(subject, step, way):
            yield subject.at_way(way, *wrong)
        if way.to not in steps:
            yield subject.at_way(way, f"It leads to {way.to!r}, which is no step.", f"There are {', '.join(steps)}.")


def _wrong(subject: CaseSubject, step: Step, way: Transition) -> tuple[str, str] | None:
    said = [name for name in ("action", "outcome", "error") if getattr(way, name) is not None]
    if isinstance(step, FinalStep):
        return "It leaves a final step, where the case is over.", "Take it out."
    kind, offered = _offered(subject, step)
    if said != [kind] and not (said == [] and isinstance(step, SystemStep)):
        given = " and ".join(said) or "nothing"
        return f"It is taken after {given}, and a {step.kind} step has {kind}s.", f"Name its {kind}."
    if said and way.on not in offered:
        return f"It is taken after {way.on!r}, which the step does not have.", f"It has {', '.join(offered) or 'none'}."
    return None


def _offered(subject: CaseSubject, step: HumanStep | DecisionStep | SystemStep) -> tuple[str, tuple[str, ...]]:
    if isinstance(step, HumanStep):
        return "action", tuple(action.id for action in step.actions)
    if isinstance(step, DecisionStep):
        return "outcome", step.outcomes
    return "error", subject.definition.errors_of(step)

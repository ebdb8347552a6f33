"""What a test case names, held against the models: a misspelt element is told before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.case.definition import CaseDefinition, HumanStep, SystemStep
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.scenarios import instructions as say
from zeebe_fleet.bpmn.tooling.scenarios import selectors as select
from zeebe_fleet.bpmn.tooling.scenarios.file import TestCase
from zeebe_fleet.workers.contract.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class Names:
    """What may be named of a process.

    Args:
        elements: ids with their names.
        user_tasks: likewise.
        undone: ids of activities that have a compensation handler.
        jobs: job types by element, as they are written: some are expressions.
        steps: of a case definition, its human steps with their actions.
        all_steps: of a case definition.
        decisions: of the package.
    """

    elements: Mapping[str, str]
    user_tasks: Mapping[str, str]
    undone: frozenset[str]
    jobs: Mapping[str, str]
    steps: Mapping[str, Collection[str]] = field(default_factory=dict)
    all_steps: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()


def names_of(package: ProcessPackage) -> Names:
    """Return what may be named of a package's process."""
    process, model = package.document.process(package.manifest.name), package.model
    return Names(
        {node.get("id", ""): node.get("name") or "" for node in xml.nodes(process)},
        {task.element_id: task.name for task in model.human_tasks.values()},
        frozenset(undo.element_id for undo in model.undoes.values()),
        model.job_types,
        decisions=frozenset(name for file in package.decisions.values() for name in file.decisions),
    )


def names_of_case(definition: CaseDefinition, generic: Names) -> Names:
    """Return what may be named of a case: what may be of the process that runs it, and the definition's own words."""
    jobs = {step.id: step.job_type for step in definition.steps if isinstance(step, SystemStep)}
    human = {step.id: [a.id for a in step.actions] for step in definition.steps if isinstance(step, HumanStep)}
    return replace(
        generic, jobs={**generic.jobs, **jobs}, steps=human, all_steps=frozenset(one.id for one in definition.steps)
    )


def check_case(case: TestCase, known: Mapping[str, Names]) -> None:
    """Hold what a case names against the processes.

    Args:
        known: all that are deployed, by their ids.

    Raises:
        DefinitionError: it names what is not there; with file, line, and what is near.
    """
    if not any(isinstance(step.instruction, _STARTS) for step in case.steps):
        raise DefinitionError(
            f"{case.file}:{case.line}: test case {case.name!r} starts nothing.",
            "Begin with CREATE_PROCESS_INSTANCE, or publish what starts the process.",
        )
    for step in case.steps:
        for what, name, there in _named(step.instruction, known):
            if name not in there:
                near = get_close_matches(name, there, 1)
                suggestion = f"Did you mean {near[0]!r}?" if near else f"There are {_some(there)}."
                raise case.wrong(step, f"there is no {what} {name!r}", suggestion)


_STARTS = (say.CreateProcessInstance, say.PublishMessage, say.BroadcastSignal, say.EvaluateDecision)
Named = tuple[str, str, Collection[str]]
"""What it is, its name, and the names that there are."""


def _named(instruction: say.Instruction, known: Mapping[str, Names]) -> Iterable[Named]:
    chosen: Collection[Names] = known.values()
    for name in ("process_definition_selector", "process_instance_selector"):
        if (selector := getattr(instruction, name, None)) is not None:
            yield "process", selector.process_definition_id, known.keys()
            chosen = [known[selector.process_definition_id]]
    for selector in _selectors(instruction):
        process = getattr(selector, "process_definition_id", None)
        if process:
            yield "process", process, known.keys()
        yield from _of_selector(selector, [known[process]] if process else chosen)
    if isinstance(instruction, say.MockJobWorkerCompleteJob | say.MockJobWorkerThrowBpmnError):
        yield from _of_job_type(instruction.job_type, known.values())
    if isinstance(instruction, say.CreateProcessInstance):
        for process in instruction.workflow_ids.values():
            yield "process", process, known.keys()
    yield from _of_case(instruction, known, chosen)
    yield from _of_decision(instruction, known)
    if isinstance(instruction, say.AssertCompensation):
        for element in instruction.undone:
            yield "activity with a compensation handler", element, _union(one.undone for one in chosen)


def _of_decision(instruction: say.Instruction, known: Mapping[str, Names]) -> Iterable[Named]:
    for name in ("decision_definition_selector", "decision_selector"):
        selector = getattr(instruction, name, None)
        if selector is not None and selector.decision_definition_id:
            yield "decision", selector.decision_definition_id, _union(one.decisions for one in known.values())


def _of_case(instruction: say.Instruction, known: Mapping[str, Names], chosen: Collection[Names]) -> Iterable[Named]:
    if isinstance(instruction, say.ChooseAction | say.AssertActionRefused):
        yield "human step", instruction.step, _union(one.steps for one in known.values())
    if isinstance(instruction, say.ChooseAction):
        yield "action", instruction.action, _union(one.steps.get(instruction.step, ()) for one in known.values())
    if isinstance(instruction, say.AssertCase):
        steps = _union(one.all_steps for one in chosen)
        for step in (*filter(None, [instruction.step]), *(instruction.path or ())):
            yield "step", step, steps


def _selectors(instruction: say.Instruction) -> Iterable[object]:
    for name in ("element_selector", "job_selector", "user_task_selector", "incident_selector"):
        if (selector := getattr(instruction, name, None)) is not None:
            yield selector
    yield from getattr(instruction, "element_selectors", ())


def _of_selector(selector: object, chosen: Collection[Names]) -> Iterable[Named]:
    is_task = isinstance(selector, select.UserTaskSelector)
    ids = [one.user_tasks if is_task else one.elements for one in chosen]
    what = "user task" if is_task else "element"
    if element := getattr(selector, "element_id", None):
        yield what, element, _union(ids)
    if name := getattr(selector, "element_name", None) or getattr(selector, "task_name", None):
        yield f"{what} named", name, _union(one.values() for one in ids)
    if job_type := getattr(selector, "job_type", None):
        yield from _of_job_type(job_type, chosen)


def _of_job_type(job_type: str, chosen: Iterable[Names]) -> Iterable[Named]:
    there = _union(one.jobs.values() for one in chosen)
    if not any(one.startswith("=") for one in there):  # what an expression comes to, nobody knows before
        yield "job of the type", job_type, there


def _union(several: Iterable[Iterable[str]]) -> Collection[str]:
    return {one for some in several for one in some if one}


def _some(names: Collection[str]) -> str:
    shown = sorted(names)[:12]
    return ", ".join(shown) + (" …" if len(names) > len(shown) else "") if shown else "none"

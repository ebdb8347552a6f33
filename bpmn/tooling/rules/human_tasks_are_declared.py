"""Every user task is in the manifest, with the candidate groups and the form of the model.

Why: Who may do a task, and with which form, is what people ask first.
Fix: Declare the task under `human_tasks` with the groups and the form of the model.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element, is_expression
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def human_tasks_are_declared(subject: Subject) -> Iterator[Finding]:
    forms = subject.package.form_files
    tasks = {task.get("id", ""): task for task in subject.of_kind("userTask")}
    for element_id, task in tasks.items():
        declared = subject.manifest.human_tasks.get(element_id)
        if declared is None:
            yield subject.wrong(task, "It is not in the manifest.", "Declare it under `human_tasks`.")
            continue
        groups = _candidate_groups(task)
        if groups is not None and set(groups) != set(declared.candidate_groups):
            message = f"Its candidate groups are {', '.join(groups) or 'none'}."
            yield subject.wrong(task, message, f"The manifest says {', '.join(declared.candidate_groups) or 'none'}.")
        form_id = _form_id(task)
        if form_id not in subject.manifest.elsewhere.forms and form_id != forms.get(declared.form, ""):
            message = f"Its form is {form_id or 'none'}, the manifest's {declared.form or 'none'}."
            yield subject.wrong(task, message, "Name a form of the package, by id here and by file there.")
    for element_id in sorted(subject.manifest.human_tasks.keys() - tasks):
        yield subject.undeclared(element_id, "The model has no such user task.", "Remove it from the manifest.")


def _candidate_groups(task: Element) -> list[str] | None:
    """Return the groups; nothing when an expression decides."""
    written = "".join(one.get("candidateGroups", "") for one in xml.extension(task, "assignmentDefinition"))
    return None if is_expression(written) else [group.strip() for group in written.split(",") if group.strip()]


def _form_id(task: Element) -> str:
    return "".join(one.get("formId", "") for one in xml.extension(task, "formDefinition"))

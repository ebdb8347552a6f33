"""The form that a user task names is in the package, or the manifest says that the engine has it; each form is used.

Why: A task without its form shows people nothing to fill in, and a form that no task names is deployed for nobody.
Fix: Put the form into the folder, correct its id, or name it under `elsewhere: {forms: […]}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import is_expression
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def forms_are_there(subject: Subject) -> Iterator[Finding]:
    there = subject.package.forms.keys() | {one.get("id", "") for one in xml.extension(subject.process, "userTaskForm")}
    used: set[str] = set()
    for task in subject.of_kind("userTask"):
        for definition in xml.extension(task, "formDefinition"):
            form_id = definition.get("formId", "").strip()
            used.add(form_id)
            if form_id and not is_expression(form_id) and form_id not in there | {*subject.manifest.elsewhere.forms}:
                message = f"Its form {form_id!r} is not in the package."
                fix = f"Put it there, correct the id, or say in the manifest: elsewhere: {{forms: [{form_id}]}}."
                yield subject.wrong(task, message, fix)
    for file, form_id in subject.package.form_files.items():
        if form_id not in used:
            message = f"No user task names {form_id!r}."
            yield Finding(str(subject.package.folder / file), "", 1, "", message, "Name it, or take the file away.")

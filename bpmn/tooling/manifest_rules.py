"""Rules on model and manifest saying the same. The name of a function is the name of its rule."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.parse import listeners, undo_pairs
from zeebe_fleet.bpmn.tooling.subject import Finding, Rule, Subject
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED


def names_agree(subject: Subject) -> Iterator[Finding]:
    """Folder and version tag are the manifest's name and version."""
    manifest, folder = subject.manifest, subject.package.folder.name
    if folder != manifest.name:
        yield subject.undeclared("name", f"The folder is {folder!r}.", f"Name both {manifest.name!r}.")
    tags = [tag.get("value") for tag in xml.extension(subject.process, "versionTag")]
    if tags != [manifest.version]:
        said = tags[0] if tags else "nothing"
        yield subject.wrong(
            subject.process,
            f"Its version tag is {said}, the manifest's version {manifest.version}.",
            f'Add <zeebe:versionTag value="{manifest.version}" /> to the process.',
        )


def job_types_are_declared(subject: Subject) -> Iterator[Finding]:
    """The manifest has every job type of the model, and no other."""
    used: set[str] = set()
    for element in (subject.process, *subject.nodes):
        for job_type in _job_types(element):
            used.add(job_type)
            if job_type not in subject.manifest.job_types:
                yield subject.wrong(element, f"Job type {job_type!r} is not in the manifest.", "Declare it there.")
    for job_type in sorted(subject.manifest.job_types.keys() - used):
        yield subject.undeclared(job_type, "No task has this job type.", "Remove it from the manifest.")


def _job_types(element: Element) -> list[str]:
    """Return the job types of an element; an expression is known only when it runs."""
    own = [definition.get("type", "") for definition in xml.extension(element, "taskDefinition")]
    return [job_type for job_type in own + _heard(element) if not _is_expression(job_type)]


def _heard(element: Element) -> list[str]:
    """Return the job types of its listeners."""
    return [job_type for _, job_type in listeners(element) if job_type not in (ADOPT, ENDED)]


def errors_are_declared(subject: Subject) -> Iterator[Finding]:
    """Every error code that is thrown or caught is in the manifest, with its meaning."""
    declared = subject.manifest.errors
    for node in subject.nodes:
        for code in _codes(subject, node):
            if code and not _is_expression(code) and code not in declared:
                yield subject.wrong(node, f"Error {code!r} is not in the manifest.", "Say there what it means.")
    for job_type, contract in subject.manifest.job_types.items():
        for code in contract.errors:
            if code not in declared:
                message = f"Its error {code!r} is not among the manifest's errors."
                yield subject.undeclared(job_type, message, "Say there what it means.")


def errors_are_caught(subject: Subject) -> Iterator[Finding]:
    """A business error that nobody catches is an incident."""
    for node in subject.nodes:
        for job_type in _job_types(node):
            if not _takes_errors(node, job_type):
                continue
            contract = subject.manifest.job_types.get(job_type)
            caught = _caught_around(subject, node) if contract and contract.errors else set()
            for code in contract.errors if contract else ():
                if not {code, ""} & caught and not any(map(_is_expression, caught)):
                    yield subject.wrong(node, f"Its error {code!r} is not caught.", "Add an error boundary event.")


def errors_are_taken(subject: Subject) -> Iterator[Finding]:
    """The engine takes no business error from a message throw event or a listener: they become incidents."""
    for node in subject.nodes:
        for job_type in _job_types(node):
            contract = subject.manifest.job_types.get(job_type)
            if contract and contract.errors and not _takes_errors(node, job_type):
                what = "listener" if job_type in _heard(node) else "message throw event"
                errors = ", ".join(contract.errors)
                yield subject.wrong(
                    node,
                    f"Its job type {job_type!r} raises {errors}, which the engine takes from no {what}.",
                    "Make it a send task or a service task, or let the task return and a gateway decide.",
                )


def _takes_errors(node: Element, job_type: str) -> bool:
    return job_type not in _heard(node) and xml.kind(node) not in ("intermediateThrowEvent", "endEvent")


def _caught_around(subject: Subject, node: Element) -> set[str]:
    """Return the codes that are caught at a node or at a scope around it; `""` is all of them."""
    around = (node, *node.iterancestors())
    events = [event for one in around for event in subject.at_host.get(one.get("id", ""), ())]
    events += [start for one in around for start in subject.beside.get(one, ())]
    return {code for event in events for code in _codes(subject, event)}


def _codes(subject: Subject, event: Element) -> list[str]:
    """Return the error codes an event throws or catches."""
    return [
        subject.document.reference(definition, "errorRef").get("errorCode", "") if definition.get("errorRef") else ""
        for definition in xml.children(event, "errorEventDefinition")
    ]


def _is_expression(written: str) -> bool:
    """Tell whether what it is becomes known only when it runs."""
    return written.startswith("=")


def undo_pairs_agree(subject: Subject) -> Iterator[Finding]:
    """The manifest has the model's compensation pairs, and no other."""
    drawn = {
        undone.get("id", ""): handler.get("id", "") for handler, undone in undo_pairs(subject.document, subject.process)
    }
    for undone, handler in drawn.items():
        if subject.manifest.undo.get(undone) != handler:
            yield subject.wrong(
                subject.document.by_id[undone],
                f"The manifest does not say {handler!r} undoes it.",
                "Say so under `undo`.",
            )
    for undone in sorted(subject.manifest.undo.keys() - drawn):
        yield subject.undeclared(
            undone, "The model has no compensation handler for it.", "Draw one, or remove the pair."
        )


def human_tasks_are_declared(subject: Subject) -> Iterator[Finding]:
    """Every user task is in the manifest, with the candidate groups and the form of the model."""
    tasks = {task.get("id", ""): task for task in subject.of_kind("userTask")}
    for element_id, task in tasks.items():
        declared = subject.manifest.human_tasks.get(element_id)
        if declared is None:
            yield subject.wrong(task, "It is not in the manifest.", "Declare it under `human_tasks`.")
            continue
        groups = _candidate_groups(task)
        if groups == [] and not declared.candidate_groups and not _names_somebody(task):
            message, suggestion = "It is for nobody in particular.", "Name candidate groups, users or an assignee."
            yield subject.wrong(task, message, suggestion)
        if groups is not None and set(groups) != set(declared.candidate_groups):
            message = f"Its candidate groups are {', '.join(groups) or 'none'}."
            yield subject.wrong(task, message, f"The manifest says {', '.join(declared.candidate_groups) or 'none'}.")
        if _form_id(task) != subject.package.form_files.get(declared.form, ""):
            message = f"Its form is {_form_id(task) or 'none'}, the manifest's {declared.form or 'none'}."
            yield subject.wrong(task, message, "Name a form of the package, by id here and by file there.")
    for element_id in sorted(subject.manifest.human_tasks.keys() - tasks):
        yield subject.undeclared(element_id, "The model has no such user task.", "Remove it from the manifest.")


def _candidate_groups(task: Element) -> list[str] | None:
    """Return the groups; nothing when an expression decides."""
    written = "".join(one.get("candidateGroups", "") for one in xml.extension(task, "assignmentDefinition"))
    return None if _is_expression(written) else [group.strip() for group in written.split(",") if group.strip()]


def _names_somebody(task: Element) -> bool:
    assignments = xml.extension(task, "assignmentDefinition")
    return any(one.get(to) for one in assignments for to in ("assignee", "candidateUsers"))


def _form_id(task: Element) -> str:
    return "".join(one.get("formId", "") for one in xml.extension(task, "formDefinition"))


RULES: tuple[Rule, ...] = (
    names_agree,
    job_types_are_declared,
    errors_are_declared,
    errors_are_caught,
    errors_are_taken,
    undo_pairs_agree,
    human_tasks_are_declared,
)

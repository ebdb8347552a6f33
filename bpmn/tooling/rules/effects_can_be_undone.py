"""A task that does something outside has a compensation handler, or the manifest says why not.

Why: What is given up half-way leaves behind what nobody takes back.
Fix: Draw a handler; or say `effects: none` at the job type, or `undo: {the_task: {none: the reason}}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.manifest import NotUndone
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def effects_can_be_undone(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes:
        element_id = node.get("id", "")
        if not _does_something(subject, node) or element_id in subject.undone:
            continue
        if not isinstance(subject.manifest.undo.get(element_id), NotUndone):
            yield subject.wrong(
                node,
                "What it does outside is taken back by nothing.",
                f"Draw a compensation handler, or say why not: undo: {{{element_id}: {{none: …}}}}, or effects: none.",
            )


def _does_something(subject: Subject, node: Element) -> bool:
    if node.get("isForCompensation") == "true" or xml.kind(node) not in xml.ACTIVITIES:
        return False
    contracts = (subject.manifest.job_types.get(one.get("type", "")) for one in xml.extension(node, "taskDefinition"))
    return any(one is not None and one.effects != "none" for one in contracts)

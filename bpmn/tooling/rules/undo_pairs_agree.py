"""The manifest has the model's compensation pairs, and no other.

Why: Reviewers of a manifest see what is taken back by what, and a handler that was forgotten.
Fix: Say under `undo` which handler undoes which activity, as it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.manifest import NotUndone
from zeebe_fleet.bpmn.tooling.parse import undo_pairs
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def undo_pairs_agree(subject: Subject) -> Iterator[Finding]:
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
        if not isinstance(subject.manifest.undo[undone], NotUndone):
            yield subject.undeclared(
                undone, "The model has no compensation handler for it.", "Draw one, or remove the pair."
            )
        elif undone not in subject.document.by_id:
            yield subject.undeclared(undone, "The model has no such element.", "Remove it.")

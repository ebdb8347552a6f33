"""What changed in the decisions of a process, for whoever calls them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zeebe_fleet.bpmn.tooling.decision_facts import DecisionFacts
from zeebe_fleet.bpmn.tooling.decisions import decisions_in
from zeebe_fleet.bpmn.tooling.versioning.families import set_changes
from zeebe_fleet.bpmn.tooling.versioning.rules import Change
from zeebe_fleet.workers.contract.artifacts import Artifact


def decision_changes(before: Artifact, after: Artifact) -> Iterator[Change]:
    """Yield what is different in the files of decisions.

    Raises:
        DefinitionError: one cannot be read.
    """
    was, now = _decisions(before), _decisions(after)
    yield from set_changes(was, now, "decision {}", "decision-removed", "decision-added")
    for decision in (one for one in was if one in now):
        yield from _compared(f"decision {decision}", was[decision], now[decision])


def _decisions(artifact: Artifact) -> dict[str, DecisionFacts]:
    files = (one for one in artifact.files if one.name.endswith(".dmn"))
    read = (decisions_in(one.text.encode(), Path(f"{artifact.file}: {one.name}")) for one in files)
    return {name: facts for file in read for name, facts in file.decisions.items()}


def _compared(where: str, was: DecisionFacts, now: DecisionFacts) -> Iterator[Change]:
    if was.form != now.form:
        yield _other_result(where, was, now)
    read_before, read_now = (sorted({".".join(path) for path in one.reads}) for one in (was, now))
    changed = "decision-input-changed"
    yield from set_changes(read_before, read_now, f"{where}, variable {{}}", changed, changed)
    if was.text != now.text:
        yield Change("decision-rules-changed", where, "it decides otherwise, or says so in other words")


def _other_result(where: str, was: DecisionFacts, now: DecisionFacts) -> Change:
    kinds, outputs = (was.form.kind, now.form.kind), (was.form.outputs, now.form.outputs)
    if kinds[0] != kinds[1]:
        return Change("decision-result-changed", where, f"it gives a {kinds[1]} now, a {kinds[0]} before")
    added = [name for name in outputs[1] if name not in outputs[0]]
    if len(outputs[0]) > 1 and all(outputs[1].get(name) == said for name, said in outputs[0].items()):
        return Change("decision-result-added", where, f"it gives {', '.join(added)} too")
    told = ", ".join(outputs[1]) or "one value"
    return Change("decision-result-changed", where, f"it gives {told} now, or of another type")

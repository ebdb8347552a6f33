"""Deployments, the clock, and commands that were cut off for their length."""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.core import decisions, forms
from zeebe_fleet.engine.core.definitions import Definition
from zeebe_fleet.engine.core.events.kinds import event
from zeebe_fleet.engine.core.state import State


@event("DEPLOYMENT", "CREATED")
def deployed(state: State, process_instance_key: int, key: int, resources: list[list[Any]]) -> None:
    """Processes have new versions: of each file its name, its text, and key, id, version and tag of its processes."""
    for name, text, processes in resources:
        content = text.encode("utf-8", "surrogateescape")
        for definition_key, bpmn_process_id, version, version_tag in processes:
            keep(
                state,
                Definition(definition_key, bpmn_process_id, version, version_tag, key, name, content, state.behaviours),
            )
            state.touched.add(("definition", definition_key))


def keep(state: State, definition: Definition) -> None:
    """Note a definition where it is found by its id, version and tag."""
    state.definitions[definition.key] = definition
    state.versions.setdefault(definition.bpmn_process_id, {})[definition.version] = definition
    numbers = state.numbers
    numbers[definition.bpmn_process_id] = max(numbers.get(definition.bpmn_process_id, 0), definition.version)
    if definition.version_tag:
        state.tags[definition.bpmn_process_id, definition.version_tag] = definition


@event("PROCESS", "DELETED")
def definition_deleted(state: State, process_instance_key: int, key: int) -> None:
    """A version is gone; its number is not used again."""
    definition = state.definitions.pop(key)
    versions = state.versions[definition.bpmn_process_id]
    del versions[definition.version]
    if not versions:
        del state.versions[definition.bpmn_process_id]
    tag = (definition.bpmn_process_id, definition.version_tag)
    if state.tags.get(tag) is definition:
        del state.tags[tag]
        for version in sorted(versions):
            if versions[version].version_tag == definition.version_tag:
                state.tags[tag] = versions[version]
    state.touched.add(("definition", key))


@event("DEPLOYMENT", "CREATED")
def decisions_deployed(state: State, process_instance_key: int, key: int, graphs: list[list[Any]]) -> None:
    """Decisions have new versions, file by file, with the deployment of the same key."""
    for fields in graphs:
        graph = decisions.unpacked(fields)
        state.decisions.keep(graph)
        state.touched.add(("decisions", graph.key))


@event("DEPLOYMENT", "CREATED")
def forms_deployed(state: State, process_instance_key: int, key: int, made: list[list[Any]]) -> None:
    """Forms have new versions, with the deployment of the same key."""
    for fields in made:
        form = forms.unpacked(fields)
        state.forms.keep(form)
        state.touched.add(("form", form.key))


@event("DECISION_REQUIREMENTS", "DELETED")
def decisions_deleted(state: State, process_instance_key: int, key: int) -> None:
    """A version of a file of decisions is gone."""
    state.decisions.remove(key)
    state.touched.add(("decisions", key))


@event("FORM", "DELETED")
def form_deleted(state: State, process_instance_key: int, key: int) -> None:
    """A version of a form is gone."""
    state.forms.remove(key)
    state.touched.add(("form", key))


@event("DECISION_EVALUATION", "EVALUATED")
def decision_evaluated(
    state: State,
    process_instance_key: int,
    key: int,
    decision_key: int,
    instance_key: int,
    output: str,
    evaluated: list[list[Any]],
    failed_decision_id: str,
    failure: str,
) -> None:
    """A decision was evaluated, for an element instance or for nobody, and what was found on the way."""


@event("CLOCK", "PINNED")
def clock_pinned(state: State, process_instance_key: int, timestamp_ms: int | None) -> None:
    """Time stands still, or runs again."""
    state.pinned_ms = timestamp_ms


@event("COMMAND", "CUT_OFF")
def cut_off(state: State, process_instance_key: int, done: int, steps: list[list[Any]]) -> None:
    """Of what was left to do, the first `done` steps are; and what came of them, or of a new command, is left."""
    pending = state.pending
    for _ in range(done):
        pending.popleft()
    pending.extend(steps)

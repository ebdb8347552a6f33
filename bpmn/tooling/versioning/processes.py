"""What changed between two versions of a process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.versioning.decisions import decision_changes
from zeebe_fleet.bpmn.tooling.versioning.families import error_changes, field_changes, job_changes, set_changes
from zeebe_fleet.bpmn.tooling.versioning.forms import form_schema
from zeebe_fleet.bpmn.tooling.versioning.process_facts import ProcessFacts, facts_of
from zeebe_fleet.bpmn.tooling.versioning.rules import Change
from zeebe_fleet.workers.contract.artifacts import Artifact


def process_changes(before: Artifact, after: Artifact) -> Iterator[Change]:
    """Yield what is different in model and manifest, beside what both kinds of definition have.

    Raises:
        DefinitionError: a model cannot be read.
    """
    was, now = facts_of(before), facts_of(after)
    yield from job_changes(_jobs(before, was), _jobs(after, now))
    yield from _human_tasks(was, now, before.manifest, after.manifest)
    yield from _messages(was, now)
    yield from _elements(was, now)
    yield from _undone(was, now)
    yield from _thrown(was, now)
    yield from error_changes(before.manifest.get("errors", {}), after.manifest.get("errors", {}))
    yield from set_changes(sorted(was.called), sorted(now.called), "call of {}", "called-changed", "called-changed")
    yield from decision_changes(before, after)


def _jobs(artifact: Artifact, facts: ProcessFacts) -> dict[str, Any]:
    return {**{name: {} for name in facts.job_types}, **artifact.manifest.get("job_types", {})}


def _human_tasks(
    was: ProcessFacts, now: ProcessFacts, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    groups = (before.get("human_tasks", {}), after.get("human_tasks", {}))
    for task, form in now.forms.items():
        if task not in was.forms:
            continue
        yield from field_changes(form_schema(was.forms[task]), form_schema(form), f"human task {task}")
        if (was.people[task], _groups(groups[0], task)) != (now.people[task], _groups(groups[1], task)):
            yield Change("people-changed", f"human task {task}", "who does it, until when, or how urgent it is")


def _groups(human_tasks: Mapping[str, Any], task: str) -> list[str]:
    return sorted(human_tasks.get(task, {}).get("candidate_groups", ()))


def _messages(was: ProcessFacts, now: ProcessFacts) -> Iterator[Change]:
    yield from set_changes(was.messages, now.messages, "{}", "message-removed", "message-added")
    for name, keys in was.messages.items():
        if name in now.messages and keys != now.messages[name]:
            told = f"correlated by {_keys(now.messages[name])} now, by {_keys(keys)} before"
            yield Change("correlation-changed", name, told)
    if was.start_timers != now.start_timers:
        yield Change("start-timer-changed", "start timers", "changed")


def _keys(keys: frozenset[str]) -> str:
    return ", ".join(sorted(filter(None, keys))) or "nothing"


def _thrown(was: ProcessFacts, now: ProcessFacts) -> Iterator[Change]:
    for what, name in sorted(was.thrown ^ now.thrown):
        is_new = (what, name) in now.thrown
        yield Change(
            f"thrown-{what}-{'added' if is_new else 'removed'}",
            f"{what} {name}",
            "thrown now" if is_new else "no longer thrown",
        )


def _elements(was: ProcessFacts, now: ProcessFacts) -> Iterator[Change]:
    for element, kind in was.kinds.items():
        if element not in now.kinds:
            rule = "element-removed" if was.waits_at(element) else "way-changed"
            yield Change(rule, f"{kind} {element}", f"removed{_renamed(element, was, now)}")
        elif now.kinds[element] != kind:
            yield Change("element-kind-changed", f"{kind} {element}", f"a {now.kinds[element]} now")
    for element, kind in now.kinds.items():
        if element not in was.kinds:
            yield Change("element-added", f"{kind} {element}", "added")
    if was.ways != now.ways and was.kinds.keys() == now.kinds.keys():
        source, target = min(was.ways ^ now.ways)
        yield Change(
            "way-changed", f"flow from {source} to {target}", "removed" if (source, target) in was.ways else "added"
        )


def _renamed(element: str, was: ProcessFacts, now: ProcessFacts) -> str:
    alike = [
        one
        for one, kind in now.kinds.items()
        if one not in was.kinds and kind == was.kinds[element] and now.names[one] == was.names[element] != ""
    ]
    return f", or renamed to {alike[0]}" if alike else ""


def _undone(was: ProcessFacts, now: ProcessFacts) -> Iterator[Change]:
    for element, handler in was.undone_by.items():
        if element in now.kinds and element not in now.undone_by:
            yield Change("undo-removed", element, f"no longer taken back by {handler}")
    for element, handler in now.undone_by.items():
        if element in was.kinds and was.undone_by.get(element) != handler:
            yield Change("undo-changed", element, f"taken back by {handler}")

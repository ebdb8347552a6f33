"""What changed between two versions of a case definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.versioning.families import field_changes, job_changes, set_changes
from zeebe_fleet.bpmn.tooling.versioning.forms import form_schema
from zeebe_fleet.bpmn.tooling.versioning.rules import Change
from zeebe_fleet.workers.contract.artifacts import Artifact

_PEOPLE = ("candidate_groups", "candidate_users", "due")
_Case = Mapping[str, Any]


def case_changes(before: Artifact, after: Artifact) -> Iterator[Change]:
    """Yield what is different in steps and transitions."""
    was, now = _steps(before.case), _steps(after.case)
    yield from set_changes(was, now, "step {}", "step-removed", "step-added")
    for step in [one for one in was if one in now]:
        if was[step].get("kind") != now[step].get("kind"):
            yield Change(
                "step-kind-changed", f"step {step}", f"{was[step].get('kind')} before, {now[step].get('kind')} now"
            )
        elif was[step].get("kind") == "human":
            yield from _human(was[step], now[step])
    yield from job_changes(_jobs(before.case), _jobs(after.case))
    yield from set_changes(_statuses(was), _statuses(now), "status {}", "status-removed", "status-added")
    yield from _transitions(before.case, after.case)


def _human(was: _Case, now: _Case) -> Iterator[Change]:
    step = f"step {now['id']}"
    before, after = ({one["id"]: one.get("data", {}) for one in side.get("actions", ())} for side in (was, now))
    yield from set_changes(before, after, f"{step}, action {{}}", "action-removed", "action-added")
    yield from field_changes(_form(was), _form(now), step)
    for action, data in after.items():
        if action in before:
            yield from field_changes(before[action], data, f"{step}, action {action}")
    if any(was.get(word) != now.get(word) for word in _PEOPLE):
        yield Change("people-changed", step, "who does it, or until when")


def _form(step: _Case) -> dict[str, Any]:
    return form_schema(step.get("form") or {"components": step.get("fields", [])})


def _jobs(case: _Case) -> dict[str, Any]:
    """Return the contract of each job type, or, where none says what it is given, what every step of the type gives."""
    contracts = case.get("job_types", {})
    given: dict[str, set[str]] = {}
    for step in case.get("steps", ()):
        if step.get("kind") == "system":
            names = set(step.get("inputs", {}))
            given[step["job_type"]] = given.get(step["job_type"], names) & names
    return {name: {"input": _given(names), **contracts.get(name, {})} for name, names in given.items()}


def _given(names: set[str]) -> dict[str, Any]:
    return {"properties": {name: {} for name in sorted(names)}, "required": sorted(names)}


def _statuses(steps: Mapping[str, _Case]) -> list[str]:
    return [step["status"] for step in steps.values() if step.get("kind") == "final"]


def _transitions(before: _Case, after: _Case) -> Iterator[Change]:
    was, now = _ways(before), _ways(after)
    there = _steps(after)
    yield from set_changes(
        [way for way, _ in was.items() if _left(before, way) in there],
        now,
        "{}",
        "transition-removed",
        "transition-added",
    )
    for way, target in now.items():
        if way in was and was[way] != target:
            yield Change("transition-changed", way, f"leads to {target} now, to {was[way]} before")
    first = [next(iter(_steps(side)), "") for side in (before, after)]
    if first[0] != first[1]:
        yield Change("transition-changed", "the beginning", f"{first[1]} now, {first[0]} before")


def _ways(case: _Case) -> dict[str, str]:
    return {_way(one): str(one.get("to")) for one in case.get("transitions", ())}


def _way(one: _Case) -> str:
    after = next((f" after {word} {one[word]}" for word in ("action", "outcome", "error") if one.get(word)), "")
    return f"transition from {one.get('from')}{after}"


def _left(case: _Case, way: str) -> str:
    return next(str(one.get("from")) for one in case.get("transitions", ()) if _way(one) == way)


def _steps(case: _Case) -> dict[str, _Case]:
    return {str(one.get("id")): one for one in case.get("steps", ())}

"""Differences of schemas as changes: what each means depends on who has to follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.versioning.rules import Change
from zeebe_fleet.bpmn.tooling.versioning.schemas import Kind, differences

_GIVEN = {
    Kind.REQUIRED: "job-input-added",
    Kind.ADDED: "job-input-added",
    Kind.NARROWED: "job-input-added",
    Kind.REMOVED: "job-input-removed",
    Kind.WIDENED: "job-input-removed",
    Kind.DESCRIBED: "job-described",
}
"""What a job is given: its worker relies on it."""
_RETURNED = {
    Kind.REQUIRED: "job-output-narrowed",
    Kind.REMOVED: "job-output-narrowed",
    Kind.NARROWED: "job-output-narrowed",
    Kind.ADDED: "job-output-widened",
    Kind.WIDENED: "job-output-widened",
    Kind.DESCRIBED: "job-described",
}
_TO_WORKER = ("input", "inputs")
_FROM_WORKER = ("output", "outputs", "result")


def variable_changes(before: Any, after: Any) -> Iterator[Change]:
    """Yield what is different for whoever starts it."""
    for one in differences(before, after):
        yield Change(f"variable-{one.kind}", f"variable {one.path}" if one.path else "variables", one.told)


def field_changes(before: Any, after: Any, task: str) -> Iterator[Change]:
    """Yield what is different for whoever fills in a form, or the data of an action."""
    for one in differences(before, after):
        yield Change(f"field-{one.kind}", f"{task}, field {one.path}" if one.path else task, one.told)


def job_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what is different for workers; both are job types with their contracts."""
    yield from set_changes(before, after, "job type {}", "job-type-removed", "job-type-added")
    for name in [one for one in before if one in after]:
        was, now = before[name] or {}, after[name] or {}
        errors = (was.get("errors", ()), now.get("errors", ()))
        yield from set_changes(*errors, f"job type {name}, error {{}}", "job-error-removed", "job-error-added")
        for words, family in ((_TO_WORKER, _GIVEN), (_FROM_WORKER, _RETURNED)):
            for word in words:
                if now.get(word) and not was.get(word):
                    yield Change("job-described", f"job type {name}, {word}", "nothing was known of it, and is now")
                    continue
                for one in differences(was.get(word), now.get(word)):
                    where = f"job type {name}, {word} {one.path}".rstrip()
                    yield Change(family[one.kind], where, one.told)


def error_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what is different for whoever catches errors; both are codes with what they mean, and bring."""
    yield from set_changes(before, after, "error {}", "error-removed", "error-added")
    for code in [one for one in before if one in after]:
        was, now = (_brought(side[code]) for side in (before, after))
        for one in differences(was, now) if was else ():
            what = _GIVEN[one.kind].removeprefix("job-input-")
            if what in ("added", "removed"):
                yield Change(f"error-variables-{what}", f"error {code}, variable {one.path}".rstrip(), one.told)


def _brought(error: Any) -> Mapping[str, Any]:
    return error.get("variables", {}) if isinstance(error, Mapping) else {}


def set_changes(before: Iterable[str], after: Iterable[str], where: str, removed: str, added: str) -> Iterator[Change]:
    """Yield what is gone, and what is new."""
    was, now = list(dict.fromkeys(before)), list(dict.fromkeys(after))
    yield from (Change(removed, where.format(one), "removed") for one in was if one not in now)
    yield from (Change(added, where.format(one), "added") for one in now if one not in was)

"""Compares a definition with what is published of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.versioning.cases import case_changes
from zeebe_fleet.bpmn.tooling.versioning.families import set_changes, variable_changes
from zeebe_fleet.bpmn.tooling.versioning.processes import process_changes
from zeebe_fleet.bpmn.tooling.versioning.rules import Change, Level
from zeebe_fleet.workers.contract.artifacts import Artifact
from zeebe_fleet.workers.contract.errors import DefinitionError

_EVERYBODY = "everybody"


def changes(before: Artifact, after: Artifact) -> list[Change]:
    """Return what is different, what matters most first; nothing where all but the version is the same.

    Raises:
        DefinitionError: one of them cannot be read.
    """
    for one in (before, after):
        _check_shape(one)
    if before.kind != after.kind:
        return [Change("kind-changed", after.name, f"a {after.kind} now, a {before.kind} before")]
    found = list(dict.fromkeys(_found(before, after)))
    if not found and _unversioned(before) != _unversioned(after):
        found = [Change("content-changed", after.name, "texts, conditions, mappings or the diagram")]
    return sorted(found, key=lambda change: -change.level)


def _check_shape(artifact: Artifact) -> None:
    """See that manifest and case are what they are called: whoever signed it may have made it otherwise."""
    from zeebe_fleet.bpmn.tooling.case import read_case

    if artifact.kind == "case":
        read_case(artifact.case, artifact.file)
        return
    try:
        Manifest.model_validate(artifact.manifest)
    except ValidationError as error:
        field = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise DefinitionError(f"{artifact.file}: its manifest is none: {field}.", "Publish a higher version.") from None


def level_of(found: Sequence[Change]) -> Level:
    """Return how far a version must go for all of them."""
    return max((change.level for change in found), default=Level.NONE)


def _found(before: Artifact, after: Artifact) -> Iterator[Change]:
    was, now = before.manifest, after.manifest
    yield from variable_changes(was.get("input", {}), now.get("input", {}))
    yield from _access(was.get("access", {}), now.get("access", {}))
    models = (was.get("data_models", ()), now.get("data_models", ()))
    yield from set_changes(*models, "data model {}", "data-models-changed", "data-models-changed")
    yield from (case_changes if after.kind == "case" else process_changes)(before, after)
    yield from _requirements(before, after)


def _access(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for right in ("start", "see"):
        before, after = _audience(was.get(right)), _audience(now.get(right))
        if _EVERYBODY in after and _EVERYBODY not in before:
            yield Change("access-widened", f"access.{right}", "everybody now")
        elif _EVERYBODY in before and _EVERYBODY not in after:
            yield Change("access-narrowed", f"access.{right}", "everybody before")
        else:
            yield from set_changes(before, after, f"access.{right}: {{}}", "access-narrowed", "access-widened")


def _audience(said: Any) -> list[str]:
    if not isinstance(said, Mapping):
        return [str(said)] if said else []
    return [f"{kind[:-1]} {one}" for kind in ("groups", "users") for one in said.get(kind, ())]


def _requirements(before: Artifact, after: Artifact) -> Iterator[Change]:
    was = {one.name: one for one in before.requires}
    for one in after.requires:
        if one.name in was and was[one.name] != one:
            told = f"version {one.version} now, {was[one.name].version} before"
            yield Change("requirement-changed", f"requires {one.name}", told)


def _unversioned(artifact: Artifact) -> list[Any]:
    """Return all of an artifact but its version, which the model carries too."""
    manifest = {key: value for key, value in artifact.manifest.items() if key != "version"}
    case = {key: value for key, value in artifact.case.items() if key != "version"}
    tag = f'versionTag value="{artifact.version}"'
    files = [(one.name, one.text.replace(tag, "versionTag")) for one in artifact.files]
    return [artifact.kind, manifest, case, files, list(artifact.requires)]

"""Whether a version goes as far as what changed."""

from __future__ import annotations

from collections.abc import Sequence

from zeebe_fleet.bpmn.tooling.versioning.comparison import level_of
from zeebe_fleet.bpmn.tooling.versioning.rules import RULES, Change, Level
from zeebe_fleet.workers.contract.artifacts import Artifact, version_order
from zeebe_fleet.workers.contract.errors import DefinitionError

_TOLD = 5
_WHERE = {
    "process": "in its manifest and as the version tag of its model",
    "case": "in its case.yaml",
}
_SEE = "The table of changes is docs/reference/versioning.md."


def least_version(published: str, level: Level) -> str:
    """Return the lowest version that may follow a published one.

    Before 1.0.0 a breaking change is a minor one: nothing was promised yet.
    """
    major, minor, patch = version_order(published)
    if level is Level.MAJOR and major:
        return f"{major + 1}.0.0"
    if level is Level.MAJOR or (level is Level.MINOR and major):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def check_version(artifact: Artifact, newest: str, found: Sequence[Change], *, is_taken: bool = False) -> None:
    """See that a version is higher than the newest published one, and high enough.

    Args:
        newest: the newest published version.
        found: what changed since, what matters most first.
        is_taken: this very version is published, with other content.

    Raises:
        DefinitionError: it is not; with the change, its rule, and the version it should have.
    """
    version, what = artifact.version, f"{artifact.name} {artifact.version}"
    level = level_of(found)
    least = least_version(newest, level)
    suggestion = f"Give it version {least}, {_WHERE[artifact.kind]}. {_SEE}"
    if is_taken or version_order(version) == version_order(newest):
        raise DefinitionError(f"{what} is published already, with other content: {_told(found)}.", suggestion)
    if version_order(version) < version_order(newest):
        raise DefinitionError(f"{what} goes back: {newest} is published.", suggestion)
    if version_order(version) < version_order(least):
        decisive = [one for one in found if one.level is level]
        told = f"{what} is too low after {newest}: {_told(decisive)}."
        raise DefinitionError(told, f"{decisive[0].rule}: {RULES[decisive[0].rule].what} {suggestion}")


def _told(found: Sequence[Change]) -> str:
    told = "; ".join(map(str, found[:_TOLD])) or "nothing but its text"
    return f"{told}; and {len(found) - _TOLD} more" if len(found) > _TOLD else told

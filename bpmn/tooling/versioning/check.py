"""Whether a version goes as far as what changed."""

from __future__ import annotations

from collections.abc import Sequence

from zeebe_fleet.bpmn.tooling.versioning.comparison import level_of
from zeebe_fleet.bpmn.tooling.versioning.rules import RULES, Change, Level
from zeebe_fleet.workers.contract.artifacts import version_order
from zeebe_fleet.workers.contract.errors import DefinitionError

_TOLD = 5
SEE = "docs/reference/versioning.md has the table."


def least_version(published: str, level: Level) -> str:
    """Return the lowest version that may follow a published one.

    Before 1.0.0 a breaking change is a minor one: nothing was promised yet.
    """
    major, minor, patch = version_order(published)
    if level is Level.MAJOR and major:
        return f"{major + 1}.0.0"
    if level >= Level.MINOR and (major or level is Level.MAJOR):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def check_version(name: str, version: str, published: str, found: Sequence[Change]) -> None:
    """See that a version is higher than the newest published one, and high enough.

    Args:
        found: what changed since, what matters most first.

    Raises:
        DefinitionError: it is not; with the change, its rule, and the version it should have.
    """
    least = least_version(published, level_of(list(found)))
    suggestion = f"Give it version {least}, in its manifest and as the version tag of its model. {SEE}"
    if version_order(version) < version_order(published):
        raise DefinitionError(f"{name} {version}: goes back: {published} is published.", suggestion)
    if version_order(version) == version_order(published):
        raise DefinitionError(f"{name} {version} is published already, with other content: {_told(found)}.", suggestion)
    if version_order(version) < version_order(least):
        level = level_of(list(found))
        raise DefinitionError(
            f"{name} {version}: too low after {published}: {_told([one for one in found if one.level is level])}.",
            f"What it is: {RULES[found[0].rule].what} {suggestion}",
        )


def _told(found: Sequence[Change]) -> str:
    told = "; ".join(map(str, found[:_TOLD])) or "nothing but its text"
    return f"{told}; and {len(found) - _TOLD} more" if len(found) > _TOLD else told

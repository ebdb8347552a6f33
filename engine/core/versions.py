"""What is deployed under an id, version by version."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Versioned(Protocol):
    """One version of something."""

    @property
    def key(self) -> int:
        """Its own key."""

    @property
    def identity(self) -> str:
        """What all its versions are called by."""

    @property
    def version(self) -> int:
        """Its number, from 1."""

    @property
    def version_tag(self) -> str:
        """What its author calls it; may be empty."""

    @property
    def deployment_key(self) -> int:
        """With what it came."""


One = TypeVar("One", bound=Versioned)


class Versions(Generic[One]):
    """All versions of things of one kind, and what finds them.

    Attributes:
        numbers: the last version given to each id; none is given twice.
    """

    def __init__(self) -> None:
        self.by_key: dict[int, One] = {}
        self.numbers: dict[str, int] = {}
        self._versions: dict[str, dict[int, One]] = {}

    def keep(self, one: One) -> None:
        """Note a version where it is found."""
        self.by_key[one.key] = one
        self._versions.setdefault(one.identity, {})[one.version] = one
        self.numbers[one.identity] = max(self.numbers.get(one.identity, 0), one.version)

    def remove(self, key: int) -> None:
        """Forget a version; its number is not used again."""
        one = self.by_key.pop(key)
        versions = self._versions[one.identity]
        del versions[one.version]
        if not versions:
            del self._versions[one.identity]

    def latest(self, identity: str) -> One | None:
        """Return the newest version."""
        versions = self._versions.get(identity)
        return versions[max(versions)] if versions else None

    def tagged(self, identity: str, version_tag: str) -> One | None:
        """Return the newest version that bears a tag."""
        found = [one for one in self._versions.get(identity, {}).values() if one.version_tag == version_tag]
        return max(found, key=lambda one: one.version, default=None)

    def deployed(self, identity: str, deployment_key: int) -> One | None:
        """Return the version that came with a deployment."""
        found = (one for one in self._versions.get(identity, {}).values() if one.deployment_key == deployment_key)
        return next(found, None)

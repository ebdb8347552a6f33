"""Who may start a process, and who may see its workflows: what its manifest says, kept with each deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.workers.contract.principal import OPERATOR_ROLE, SERVICE_ROLE, Principal

EVERYBODY = "everybody"
"""In a manifest: whoever is signed in."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Some of those who sign in: everybody, or members of groups and people by their names."""

    everybody: bool = False
    groups: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()

    def includes(self, principal: Principal) -> bool:
        """Tell whether somebody belongs to it."""
        return self.everybody or principal.subject in self.users or not self.groups.isdisjoint(principal.groups)

    @classmethod
    def from_json(cls, said: Any) -> Audience:
        """Read `"everybody"`, or an object of `groups` and `users`; anything else is nobody."""
        if said == EVERYBODY:
            return cls(everybody=True)
        if not isinstance(said, Mapping):
            return NOBODY
        return cls(groups=frozenset(said.get("groups") or ()), users=frozenset(said.get("users") or ()))


NOBODY = Audience()
"""Nobody but those who may by their role."""


@dataclass(frozen=True, slots=True)
class ProcessAccess:
    """What people may do with a process beside operators, who may do everything."""

    start: Audience = NOBODY
    see: Audience = NOBODY

    def may_start(self, principal: Principal) -> bool:
        """Tell whether somebody may start it."""
        return has_overview(principal) or self.start.includes(principal)

    def may_see(self, principal: Principal) -> bool:
        """Tell whether somebody may see all its workflows; whoever started one sees that one besides."""
        return has_overview(principal) or self.see.includes(principal)

    @classmethod
    def from_json(cls, said: Mapping[str, Any] | None) -> ProcessAccess:
        """Read what a manifest says; nothing: nobody but operators."""
        return cls(Audience.from_json(said.get("start")), Audience.from_json(said.get("see"))) if said else CLOSED


CLOSED = ProcessAccess()
"""Of a process that says nothing of it, or that was not deployed through the fleet."""


def has_overview(principal: Principal) -> bool:
    """Tell whether somebody sees everything by their role: operators, administrators, the fleet's services."""
    return principal.has_role(OPERATOR_ROLE) or principal.has_role(SERVICE_ROLE)

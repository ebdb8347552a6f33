"""Who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SERVICE_ROLE = "service"
ADMIN_ROLE = "admin"
OPERATOR_ROLE = "operator"


@dataclass(frozen=True, slots=True)
class Principal:
    """The person or service behind a request, an event or something owed."""

    subject: str
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    issuer: str = ""
    """Who says so: the provider that signed somebody in; empty for the fleet itself, and for personas."""

    def has_role(self, role: str) -> bool:
        """Tell whether the role is held, directly or as an administrator."""
        return role in self.roles or ADMIN_ROLE in self.roles

    @property
    def is_service(self) -> bool:
        """Whether it is one of the fleet's services; administrators are none."""
        return SERVICE_ROLE in self.roles

    def is_same(self, stored: Mapping[str, Any]) -> bool:
        """Tell whether a stored principal is this one: subject and issuer. Older records do not say the issuer."""
        return bool(self.subject == stored["subject"] and stored.get("issuer", self.issuer) == self.issuer)

    def to_json(self) -> dict[str, Any]:
        """Return the shape stored with records."""
        said = {"subject": self.subject, "groups": sorted(self.groups), "roles": sorted(self.roles)}
        return {**said, "issuer": self.issuer}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Principal:
        """Read the shape that `to_json` wrote."""
        groups, roles = frozenset(stored.get("groups", ())), frozenset(stored.get("roles", ()))
        return cls(stored["subject"], groups, roles, stored.get("issuer", ""))


FLEET = Principal("fleet", roles=frozenset({SERVICE_ROLE}))
"""The fleet itself: what workers, relay and sweep do on nobody's request."""
RESERVED = frozenset({FLEET.subject, "fleet-doctor"})
"""Names that nobody may have who signs in."""

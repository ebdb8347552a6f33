"""What the transaction that finishes a step knows of the action in it; kept in the session's `info`."""

from __future__ import annotations

from dataclasses import dataclass

ACCESS = "fleet.access"
"""An `Access`."""
AS_PERSISTER = "fleet.as_persister"
"""An async function without arguments: what follows runs under the persister's role."""
FINISHING = "fleet.finishing"
"""Whether it is the fleet that acts now, not the action."""


@dataclass(frozen=True, slots=True)
class Access:
    """Whose action it is, and which tables of data models it may use."""

    workflow: str = ""
    action: str = ""
    tables: frozenset[str] = frozenset()

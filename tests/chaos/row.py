"""One line of the table: what is measured, what it should be, and whether it holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from tests.chaos.world import World


@dataclass(frozen=True)
class Finding:
    """What one measurement found."""

    measured: str
    holds: bool


@dataclass(frozen=True)
class Row:
    """A measurement and its target; `measure` plays in a world of its own."""

    name: str
    target: str
    measure: Callable[[World], Awaitable[Finding]]

    def written(self, finding: Finding) -> dict[str, object]:
        """Return the line as `build/chaos.json` keeps it."""
        return {"name": self.name, "target": self.target, **asdict(finding)}

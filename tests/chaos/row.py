"""One line of the table: what is measured, what it should be, and whether it holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from tests.chaos.world import World
from zeebe_fleet.deploy.local.engine import PLAYED

FORGETFUL = "--forgetful"
"""The engine hands out before it writes, and a kill loses the rest."""


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
    engine: tuple[str, ...] = ()
    """More arguments for the engine's command line."""

    @property
    def played_by(self) -> str:
        """Say which engine this was measured on."""
        manners = "forgetful" if FORGETFUL in self.engine else "polite"
        return f"built-in engine, playing {PLAYED}, {manners}"

    def written(self, finding: Finding) -> dict[str, object]:
        """Return the line as `build/chaos.json` keeps it."""
        return {"name": self.name, "target": self.target, "engine": self.played_by, **asdict(finding)}

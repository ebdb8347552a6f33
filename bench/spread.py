"""Several measurements of one thing: the middle one, and between which the others lie."""

from __future__ import annotations

import statistics


class Spread:
    """Values of one unit.

    Args:
        digits: behind the point.
    """

    def __init__(self, unit: str, digits: int = 0) -> None:
        self._unit = unit
        self._digits = digits
        self.values: list[float] = []

    def add(self, value: float) -> None:
        """Take one more."""
        self.values.append(value)

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        least, middle, most = (
            f"{value:,.{self._digits}f}" for value in (min(self.values), self.median, max(self.values))
        )
        return f"{middle} {self._unit} ({least}–{most})"

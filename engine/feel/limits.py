"""What one evaluation may cost, so that no expression can take the engine down.

Every bound is far above what a process model needs and far below what a process notices. Passing one is a failure of
the expression, never a wrong value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

#: Characters of one expression.
MAX_SOURCE_CHARACTERS = 100_000
#: Levels of parentheses, lists, calls and the like, one inside the other.
MAX_NESTING = 60
#: Loop rounds, calls, filtered items and items of built lists; about a microsecond each.
MAX_STEPS = 400_000
#: Function literals calling one another.
MAX_CALL_DEPTH = 40
#: Characters of one string.
MAX_STRING_CHARACTERS = 4_000_000
#: Values met while a value is written; a value that shares its parts may unfold to far more than it holds.
MAX_VALUES = 1_000_000
#: Characters of a string that cost one step.
CHARACTERS_A_STEP = 64
#: Levels of lists and contexts in a value.
MAX_VALUE_DEPTH = 200
#: The greatest exponent of `**`, either sign.
MAX_EXPONENT = 9_999


class FeelFailure(Exception):
    """An expression was stopped: `assert`, a call out of range, or a bound passed."""


class Run:
    """What one evaluation has left, and what it knows of the world.

    `seed` tells runs of the same millisecond apart where values are drawn (`uuid()`, `random number()`).
    """

    __slots__ = ("depth", "drawn", "now_ms", "seed", "steps")

    def __init__(self, now_ms: int, seed: int = 0) -> None:
        self.now_ms = now_ms
        self.seed = seed
        self.steps = MAX_STEPS
        self.depth = 0
        self.drawn = 0

    def spend(self, steps: int) -> None:
        """Take steps from what is left.

        Raises:
            FeelFailure: Nothing is left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise FeelFailure(f"The expression takes more than {MAX_STEPS} steps.")

    def draw(self) -> Random:
        """Return a source of what is drawn, of the time, the seed and how often it was drawn before."""
        from random import Random  # slow to import, and rarely wanted

        self.drawn += 1
        return Random(f"{self.now_ms} {self.seed} {self.drawn}")


class Unmetered(Run):
    """A run for what is bounded by the length of the expression alone."""

    def spend(self, steps: int) -> None:
        """Take nothing."""


UNMETERED = Unmetered(0)


def bounded_text(text: str) -> str:
    """Return the text unless it is too long.

    Raises:
        FeelFailure: The text is longer than a string may be.
    """
    if len(text) > MAX_STRING_CHARACTERS:
        raise FeelFailure(f"The string is longer than {MAX_STRING_CHARACTERS} characters.")
    return text

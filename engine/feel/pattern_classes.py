"""Classes of characters that Python's notation of patterns lacks, each as one character that stands for it.

A pattern is read by Python's own reader, which knows no `\\p{L}`. Such a class goes through it as a letter beyond
those that texts have, within a set and outside of it alike, and `pattern_writing` writes the class in its place.

Source: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

#: The last letters for private use: no text has them.
FIRST_CODE, LAST_CODE = 0x10F000, 0x10FFFD
#: What JavaScript's `\s` takes, and what it leaves, as the inside of a set.
SPACE = r"\x{9}-\x{d}\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
NOT_SPACE = (
    r"\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}"
    r"\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}"
)


class PatternError(ValueError):
    """A pattern that is none; says why."""


class UnfitPattern(PatternError):
    """A pattern that can't be matched in time linear in the text.

    Attributes:
        suggestion: what to write instead.
    """

    def __init__(self, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.suggestion = suggestion

    @property
    def told(self) -> str:
        """What to tell whoever wrote it."""
        return f"A pattern cannot be matched. {self} {self.suggestion}"


class Classes:
    """The classes of one pattern."""

    def __init__(self) -> None:
        self.insides: list[str] = []

    def letter(self, inside: str) -> str:
        """Return the letter that stands for a class, given as the inside of a set."""
        if inside not in self.insides:
            self.insides.append(inside)
        return chr(FIRST_CODE + self.insides.index(inside))


def check_letters(pattern: str) -> None:
    """Refuse a pattern with letters that would be taken for classes.

    Raises:
        UnfitPattern: it has some.
    """
    if not pattern.isascii() and max(map(ord, pattern)) >= FIRST_CODE:
        raise UnfitPattern("It has letters of the last plane for private use.", "Leave them out.")

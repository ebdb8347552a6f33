"""Patterns matched in time linear in the text, whatever they are and whoever wrote them.

RE2 follows all ways of a pattern at once. Its constant is bounded as well: by the size of what a pattern unfolds to,
and by that times the length of a text.

Source: R. Cox, Regular Expression Matching Can Be Simple And Fast, 2007
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from zeebe_fleet.engine.feel.pattern_classes import Classes, PatternError, UnfitPattern
from zeebe_fleet.engine.feel.pattern_ecma import notation_of
from zeebe_fleet.engine.feel.pattern_writing import Written

#: Characters of a pattern.
MAX_PATTERN_CHARACTERS = 2_000
#: Instructions that a pattern may unfold to; one that comes with a variable, and one that an author wrote.
MAX_INSTRUCTIONS = 20_000
MAX_AUTHORED_INSTRUCTIONS = 100_000
#: Instructions times characters of one search; ten nanoseconds each at worst.
MAX_WORK = 50_000_000
#: What RE2 asks for by instruction, with what it remembers of a text.
_BYTES_AN_INSTRUCTION = 120
_KEPT = 32
#: Characters that no pattern takes which says how many.
_ENDLESS = 1 << 30
_HALVES = {code: code - 0xD800 + 0xF0000 for code in range(0xD800, 0xE000)}
_WHOLE = {private: half for half, private in _HALVES.items()}

Spans = list[tuple[int, int]]


class TooLongToMatch(ValueError):
    """A text that is too long for a pattern of this size."""


class Subject:
    """A text as it is searched: bytes, so that no search copies it."""

    def __init__(self, text: str) -> None:
        try:
            self.content, self._has_halves = text.encode(), False
        except UnicodeEncodeError:
            self.content, self._has_halves = text.translate(_HALVES).encode(), True

    def part(self, begin: int, end: int) -> str:
        """Return what lies between two places that a search found."""
        text = self.content[begin:end].decode()
        return text.translate(_WHOLE) if self._has_halves else text

    def after(self, place: int) -> int:
        """Return where the character ends that begins at a place."""
        place += 1
        while place < len(self.content) and self.content[place] & 0xC0 == 0x80:
            place += 1
        return place


class LinearPattern:
    """A pattern, ready to be searched for.

    Args:
        notation: in Python's notation, as Python's reader takes it.
        flags: Python's.
        classes: which `notation` has letters for.
        most: instructions that it may unfold to.

    Raises:
        PatternError: it is none.
        UnfitPattern: it can't be matched in linear time, or is too large.
    """

    def __init__(self, notation: str, flags: int, classes: Classes, most: int = MAX_INSTRUCTIONS) -> None:
        written = _written(notation, flags, classes)
        self.groups = written.groups
        self._ends_before_line = written.ends_before_line
        self._is_lazy = written.is_lazy
        self._compiled = _compiled(written.text, most)
        self.size = int(self._compiled.programsize)
        self.group_count = int(self._compiled.groups)
        if written.longest < _ENDLESS and self.size * written.longest > MAX_WORK:
            raise UnfitPattern(
                f"It takes up to {written.longest:,} characters, of which {MAX_WORK // self.size:,} could be matched.",
                "Bound the length by a rule of its own, and leave it out of the pattern.",
            )
        if self.size > most:
            raise UnfitPattern(
                f"It unfolds to {self.size:,} instructions; {most:,} are the most.",
                "Bound the length by a rule of its own, and repeat fewer times.",
            )

    def work(self, subject: Subject, begin: int = 0) -> int:
        """Return what one search from a place on may take: instructions times bytes."""
        return self.size * (len(subject.content) - begin + 1)

    def search(self, subject: Subject, begin: int = 0) -> Spans | None:
        """Return where the whole and each group were found first, from a place on."""
        found = self._compiled.search(subject.content, begin)
        if self._ends_before_line and subject.content.endswith(b"\n"):
            # its end holds before the last line end as well
            earlier = self._compiled.search(subject.content[:-1], begin) if begin < len(subject.content) else None
            if earlier is not None and (found is None or earlier.start() < found.start() + self._is_lazy):
                found = earlier
        return None if found is None else [found.span(group) for group in range(self.group_count + 1)]


def ecma_pattern(pattern: str) -> LinearPattern:
    """Return a pattern in JavaScript's notation, as forms and JSON Schema have them.

    Raises:
        PatternError: it is none.
        UnfitPattern: it can't be matched in linear time, or is too large.
    """
    found = _ecma(pattern)
    if isinstance(found, PatternError):
        raise found
    return found


@lru_cache(maxsize=_KEPT)
def _ecma(pattern: str) -> LinearPattern | PatternError:
    try:
        check_length(pattern)
        classes = Classes()
        return LinearPattern(notation_of(pattern, classes), re.ASCII, classes, MAX_AUTHORED_INSTRUCTIONS)
    except PatternError as error:
        return error.with_traceback(None)


def is_found(pattern: str, text: str) -> bool:
    """Tell whether a pattern in JavaScript's notation is found anywhere in a text.

    Raises:
        PatternError: it is none.
        UnfitPattern: it can't be matched in linear time, or is too large.
        TooLongToMatch: the text is too long for it.
    """
    compiled = ecma_pattern(pattern)
    if compiled.size * len(text) > MAX_WORK:
        raise TooLongToMatch(f"A text may have {MAX_WORK // compiled.size:,} characters for this pattern.")
    subject = Subject(text)
    if compiled.work(subject) > 4 * MAX_WORK:
        raise TooLongToMatch("The text is too long for this pattern.")
    return compiled.search(subject) is not None


def check_length(pattern: str) -> None:
    """Refuse a pattern of too many characters.

    Raises:
        UnfitPattern: it has more.
    """
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise UnfitPattern(f"It is longer than {MAX_PATTERN_CHARACTERS} characters.", "Write a shorter one.")


def _written(notation: str, flags: int, classes: Classes) -> Written:
    try:
        return Written(notation, flags, classes)
    except RecursionError:
        raise UnfitPattern("Its groups are nested too deep.", "Nest fewer.") from None
    except (re.error, OverflowError, ValueError) as error:
        if isinstance(error, PatternError):
            raise
        raise PatternError(f"{error}.") from None


def _compiled(text: str, most: int) -> Any:
    import re2  # slow to import, and rarely wanted

    options = re2.Options()
    options.max_mem, options.log_errors = most * _BYTES_AN_INSTRUCTION, False
    try:
        return re2.compile(text.encode(), options)
    except re2.error as error:
        told = error.args[0]
        told = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        if "too large" in told:
            raise UnfitPattern(
                "It unfolds to too much.", "Bound the length by a rule of its own, and repeat fewer times."
            ) from None
        raise UnfitPattern(f"It has what cannot be matched in linear time: {told}.", "Write it another way.") from None
    finally:
        re2.purge()  # what is kept is kept here, and bounded

"""The characters that one place of a pattern matches, as bits: one for each of ASCII, and one for all others together.

Source: https://docs.python.org/3.11/library/re.html
"""

from __future__ import annotations

import re._constants as tree  # type: ignore[import-not-found]
from typing import Any

from zeebe_fleet.engine.feel.pattern_classes import FIRST_CODE

_ASCII = 128
_OTHERS = 1 << _ASCII
#: Every character.
ANYTHING = (1 << _ASCII + 1) - 1


def characters(operation: Any, argument: Any, ignores_case: bool) -> int:
    """Return what a node that takes one character may take; everything for a node that takes more."""
    if operation is tree.LITERAL:
        return _one(argument, ignores_case)
    if operation is tree.NOT_LITERAL:
        return _inverted(_one(argument, ignores_case))
    if operation is tree.IN:
        return _set(argument, ignores_case)
    return ANYTHING


def _one(code: int, ignores_case: bool) -> int:
    if code >= FIRST_CODE:
        return ANYTHING  # it stands for a class
    if code >= _ASCII:
        return ANYTHING & _OTHERS
    letter = chr(code)
    return 1 << ord(letter.lower()) | 1 << ord(letter.upper()) if ignores_case else 1 << code


def _set(items: Any, ignores_case: bool) -> int:
    found, negated = 0, False
    for operation, argument in items:
        if operation is tree.NEGATE:
            negated = True
        elif operation is tree.LITERAL:
            found |= _one(argument, ignores_case)
        elif operation is tree.RANGE:
            found |= _span(argument[0], argument[1], ignores_case)
        elif operation is tree.CATEGORY:
            found |= _CATEGORIES.get(argument, ANYTHING)
        else:
            return ANYTHING
    return _inverted(found) if negated else found


def _span(low: int, high: int, ignores_case: bool) -> int:
    found = _OTHERS if high >= _ASCII else 0
    for code in range(low, min(high, _ASCII - 1) + 1):
        found |= _one(code, ignores_case)
    return found


def _inverted(found: int) -> int:
    return ANYTHING & ~found | _OTHERS


def _of(text: str) -> int:
    return sum(1 << ord(letter) for letter in set(text))


_DIGIT = _of("0123456789")
_WORD = _DIGIT | _of("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SPACE = _of(" \t\n\r\f\v")
#: Patterns are read by ASCII; what `pattern_notation` writes for others is inverted sets, which take other characters.
_CATEGORIES = {
    tree.CATEGORY_DIGIT: _DIGIT,
    tree.CATEGORY_NOT_DIGIT: _inverted(_DIGIT),
    tree.CATEGORY_SPACE: _SPACE,
    tree.CATEGORY_NOT_SPACE: _inverted(_SPACE),
    tree.CATEGORY_WORD: _WORD,
    tree.CATEGORY_NOT_WORD: _inverted(_WORD),
}

"""JavaScript's regular expressions in Python's notation, as forms and JSON Schema have them.

A text is read by whole characters, as with the flag `u`; the escapes that only work without it are taken, too.

Source: https://tc39.es/ecma262/#sec-patterns and its annex B.1.2
"""

from __future__ import annotations

import re

from zeebe_fleet.engine.feel.pattern_classes import (
    NOT_SPACE,
    SPACE,
    Classes,
    PatternError,
    UnfitPattern,
    check_letters,
)

_LETTERS = {"t": "\\t", "n": "\\n", "v": "\\v", "f": "\\f", "r": "\\r"}
_SAME = {"d": "0-9", "D": r"\x{0}-\x{2f}\x{3a}-\x{10ffff}", "w": "0-9A-Za-z_"}
_SAME["W"] = r"\x{0}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{5e}\x{60}\x{7b}-\x{10ffff}"
_SETS = _SAME | {"s": SPACE, "S": NOT_SPACE}
_NOT_A_LINE_END = r"\x{0}-\x{9}\x{b}-\x{c}\x{e}-\x{2027}\x{202a}-\x{10ffff}"
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_CODE = re.compile(r"\\u([0-9a-fA-F]{4})|\\u\{([0-9a-fA-F]{1,6})\}|\\x([0-9a-fA-F]{2})|\\c([A-Za-z])|\\(0)(?![0-9])")
_PROPERTY = re.compile(r"\\([pP])\{(?:General_Category=|gc=|Script=|sc=)?(\w+)\}")
_BACK = re.compile(r"\\[1-9]|\\k<")
_NAME = re.compile(r"\(\?<([^\W\d][\w$]*)>")
_TIMES = re.compile(r"\{\d+(?:,\d*)?\}")
_LONG_NAMES = {"Letter": "L", "Mark": "M", "Number": "N", "Punctuation": "P", "Symbol": "S", "Separator": "Z"}
_LONG_NAMES |= {"Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Decimal_Number": "Nd", "Alphabetic": "L"}


def notation_of(pattern: str, classes: Classes) -> str:
    """Write a pattern for Python's reader.

    Raises:
        PatternError: it is none.
    """
    check_letters(pattern)
    return "".join(_Reader(pattern, classes).pieces())


class _Reader:
    """Goes through a pattern once."""

    def __init__(self, pattern: str, classes: Classes) -> None:
        self._pattern = pattern
        self._classes = classes
        self._at = 0

    def pieces(self) -> list[str]:
        found = []
        while self._at < len(self._pattern):
            found.append(self._piece())
        return found

    def _piece(self) -> str:
        letter = self._pattern[self._at]
        if letter == "\\":
            return self._escaped() if not self._pattern.startswith(("\\b", "\\B"), self._at) else self._take(2)
        if letter == "[":
            return self._set()
        if self._pattern.startswith("(?", self._at):
            return self._group()
        self._at += 1
        if letter == "$":
            return r"\Z"
        if letter == ".":
            return self._classes.letter(_NOT_A_LINE_END)
        if letter == "{" and not _TIMES.match(self._pattern, self._at - 1):
            return r"\{"
        return letter

    def _take(self, length: int) -> str:
        self._at += length
        return self._pattern[self._at - length : self._at]

    def _group(self) -> str:
        named = _NAME.match(self._pattern, self._at)
        if named is not None:
            self._at = named.end()
            return "("
        for begin in ("(?:", "(?=", "(?!", "(?<=", "(?<!"):
            if self._pattern.startswith(begin, self._at):
                return self._take(len(begin))
        raise PatternError("It has a group that JavaScript does not know.")

    def _escaped(self) -> str:
        """Read what stands for a character, or for a class of them; the same within a set and outside of it."""
        pair = _PAIR.match(self._pattern, self._at)
        if pair is not None:
            self._at = pair.end()
            return _character(0x10000 + ((int(pair[1], 16) & 0x3FF) << 10) + (int(pair[2], 16) & 0x3FF))
        coded = _CODE.match(self._pattern, self._at)
        if coded is not None:
            self._at = coded.end()
            return _character(_code(coded))
        prop = _PROPERTY.match(self._pattern, self._at)
        if prop is not None:
            self._at = prop.end()
            return self._classes.letter(rf"\{prop[1]}{{{_LONG_NAMES.get(prop[2], prop[2])}}}")
        if _BACK.match(self._pattern, self._at):
            raise UnfitPattern("It refers back to what a group took.", "Write out what may be repeated there.")
        letter = self._take(2)[1:]
        if not letter:
            raise PatternError("It ends in a backslash.")
        if letter in _SETS:
            return self._classes.letter(_SETS[letter])
        return _LETTERS.get(letter) or re.escape(letter)

    def _set(self) -> str:
        self._at += 1
        inverted = self._pattern.startswith("^", self._at)
        self._at += inverted
        found: list[str] = []
        while not self._pattern.startswith("]", self._at):
            if self._at >= len(self._pattern):
                raise PatternError("A set of characters is not closed.")
            found.append(self._item())
        self._at += 1
        if not found:
            return self._classes.letter(r"\x{0}-\x{10ffff}") if inverted else r"[^\x00-\U0010ffff]"
        return f"[{'^' * inverted}{''.join(found)}]"

    def _item(self) -> str:
        """Read one character of a set, or a range."""
        low = self._one()
        if self._pattern.startswith("-", self._at) and not self._pattern.startswith("-]", self._at):
            self._at += 1
            if self._at >= len(self._pattern):
                raise PatternError("A set of characters is not closed.")
            high = self._one()
            return low + r"\-" + high if max(low[-1], high[-1]) >= "\U0010f000" else f"{low}-{high}"
        return low

    def _one(self) -> str:
        letter = self._pattern[self._at]
        if letter != "\\":
            return re.escape(self._take(1))
        if self._pattern.startswith("\\b", self._at):
            self._at += 2
            return r"\x08"
        return self._escaped()


def _code(coded: re.Match[str]) -> int:
    if coded[4]:
        return ord(coded[4]) % 32
    code = int(coded[1] or coded[2] or coded[3] or "0", 16)
    if code > 0x10FFFF:
        raise PatternError("It names a character that there is not.")
    return code


def _character(code: int) -> str:
    if 0xD800 <= code < 0xE000:
        raise UnfitPattern("It names half a character.", "Name the whole one, as \\u{1F600}.")
    if code >= 0x10F000:
        raise UnfitPattern("It has letters of the last plane for private use.", "Leave them out.")
    return f"\\U{code:08x}"

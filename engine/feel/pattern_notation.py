"""Java's regular expressions in Python's notation.

Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re

#: Properties of characters, as the inside of a set.
_SETS = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\t-\r ",
    "Blank": r"\t ",
    "ASCII": r"\x00-\x7f",
}
#: Properties beyond ASCII, each as a whole set of its own; `Lu` and `Ll` know the letters of Latin and Greek.
_CLASSES = {
    "L": r"(?u:[^\W\d_])",
    "IsAlphabetic": r"(?u:[^\W\d_])",
    "N": r"(?u:[^\D])",
    "Nd": r"(?u:[^\D])",
    "IsDigit": r"(?u:[^\D])",
}
_PROPERTY = re.compile(r"\\([pP])(?:\{(\w+)\}|(\w))")
_NAMED = re.compile(r"\\k<(\w+)>")
_ENDS = {"z": r"\Z", "Z": r"(?=\n?\Z)", "h": r"[\t ]", "R": r"(?:\r\n|[\n-\r])"}


def translated(pattern: str) -> str | None:
    """Write a pattern for Python; null where Python has nothing that means the same."""
    out: list[str] = []
    position, within = 0, False
    piece: str | None
    while position < len(pattern):
        if pattern.startswith("\\Q", position):
            end = pattern.find("\\E", position)
            quoted = pattern[position + 2 : end if end >= 0 else None]
            piece, step = re.escape(quoted), len(quoted) + 4
        elif pattern[position] == "\\":
            piece, step = _escaped(pattern, position, within)
        else:
            piece, step = _plain(pattern, position, within)
            within = (within or pattern[position] == "[") and not (within and pattern[position] == "]")
        if piece is None:
            return None
        out.append(piece)
        position += step
    return "".join(out)


def _escaped(pattern: str, position: int, within: bool) -> tuple[str | None, int]:
    match = _PROPERTY.match(pattern, position)
    if match is not None:
        return _property(match[2] or match[3], match[1] == "P", within), len(match[0])
    letter = pattern[position + 1 : position + 2]
    if not within and letter in _ENDS:
        return _ENDS[letter], 2
    if letter == "k":
        named = _NAMED.match(pattern, position)
        return (None, 2) if named is None else (f"(?P={named[1]})", len(named[0]))
    return f"\\{letter}", 2


def _property(name: str, inverted: bool, within: bool) -> str | None:
    if name in _SETS:
        if within:
            return None if inverted else _SETS[name]
        return f"[{'^' if inverted else ''}{_SETS[name]}]"
    if within or name not in _CLASSES:
        return None
    return f"(?!{_CLASSES[name]})(?s:.)" if inverted else _CLASSES[name]


def _plain(pattern: str, position: int, within: bool) -> tuple[str | None, int]:
    rest = pattern[position : position + 3]
    if within and (rest[0] == "[" or rest.startswith("&&")):
        return None, 1
    if within and rest[:2] in ("--", "||", "~~"):
        return "\\" + rest[0], 1
    if not within and rest.startswith("(?<") and pattern[position + 3 : position + 4] not in ("=", "!"):
        return "(?P<", 3
    return rest[0], 1

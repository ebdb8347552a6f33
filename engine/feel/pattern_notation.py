"""Java's regular expressions in Python's notation.

Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re

from zeebe_fleet.engine.feel.pattern_classes import Classes, UnfitPattern, check_letters

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
#: Properties beyond ASCII, as RE2 names them; categories (`Lu`) and scripts (`IsGreek`) keep their names.
_CLASSES = {"IsAlphabetic": "L", "IsDigit": "Nd", "IsUppercase": "Lu", "IsLowercase": "Ll", "IsPunctuation": "P"}
_PROPERTY = re.compile(r"\\([pP])(?:\{(\w+)\}|(\w))")
_NAMED = re.compile(r"\\k<(\w+)>")
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")
_ENDS = {"z": r"\Z", "Z": "(?-m:$)", "h": r"[\t ]", "R": r"(?:\r\n|[\n-\r])"}
_SETS_WITHIN = UnfitPattern("It has a set of characters within another, or && between two.", "Write one plain set.")


def translated(pattern: str, classes: Classes) -> str | None:
    """Write a pattern for Python's reader; null where it is none.

    Raises:
        UnfitPattern: it has what is not known here.
    """
    check_letters(pattern)
    out: list[str] = []
    position, within = 0, False
    piece: str | None
    while position < len(pattern):
        if pattern.startswith("\\Q", position):
            end = pattern.find("\\E", position)
            quoted = pattern[position + 2 : end if end >= 0 else None]
            piece, step = re.escape(quoted), len(quoted) + 4
        elif pattern[position] == "\\":
            piece, step = _escaped(pattern, position, within, classes)
        else:
            piece, step = _plain(pattern, position, within)
            within = (within or pattern[position] == "[") and not (within and pattern[position] == "]")
        if piece is None:
            return None
        out.append(piece)
        position += step
    return "".join(out)


def _escaped(pattern: str, position: int, within: bool, classes: Classes) -> tuple[str | None, int]:
    match = _PROPERTY.match(pattern, position)
    if match is not None:
        return _property(match[2] or match[3], match[1] == "P", within, classes), len(match[0])
    letter = pattern[position + 1 : position + 2]
    if not within and letter in _ENDS:
        return _ENDS[letter], 2
    if letter == "k":
        named = _NAMED.match(pattern, position)
        return (None, 2) if named is None else (f"(?P={named[1]})", len(named[0]))
    return f"\\{letter}", 2


def _property(name: str, inverted: bool, within: bool, classes: Classes) -> str:
    if name in _SETS and not (within and inverted):
        return _SETS[name] if within else f"[{'^' if inverted else ''}{_SETS[name]}]"
    if name in _SETS:
        raise UnfitPattern(f"It has \\P{{{name}}} in a set.", "Write the characters out.")
    return classes.letter(rf"\{'P' if inverted else 'p'}{{{_CLASSES.get(name, name.removeprefix('Is'))}}}")


def _plain(pattern: str, position: int, within: bool) -> tuple[str | None, int]:
    rest = pattern[position : position + 3]
    if within and (rest[0] == "[" or rest.startswith("&&")):
        raise _SETS_WITHIN
    if position and not within and _FLAGS.match(pattern, position):
        raise UnfitPattern("It sets flags in its midst.", "Write (?i:…) around what they are for.")
    if within and rest[:2] in ("--", "||", "~~"):
        return "\\" + rest[0], 1
    if not within and rest.startswith("(?<") and pattern[position + 3 : position + 4] not in ("=", "!"):
        return "(?P<", 3
    return rest[0], 1

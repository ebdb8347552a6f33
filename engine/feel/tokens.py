"""FEEL text cut into tokens.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-expressions-introduction/
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANKS = "\u0009-\u000d\u0020\u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
_START = r"(?:[^\W\d]|[$\u00a2-\u00a5\u20a0-\u20bf])"
_PART = r"(?:\w|[$\u00a2-\u00a5\u20a0-\u20bf])*"
_TOKEN = re.compile(
    rf"""(?:[{_BLANKS}]+|//[^\n]*|/\*.*?\*/)*
    (?:(?P<name>{_START}{_PART})
    |(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<quoted>`[^`]+`)
    |(?P<sign>\*\*|\.\.|<=|>=|!=|[-+*/<>=(){{}}\[\],:.?@])
    |(?P<odd>.)
    |(?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"""\\([nrtbf'"\\])""")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}


class Token(NamedTuple):
    """A piece of the text; a sign's kind is the sign itself."""

    kind: str
    value: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """Cut a text into tokens; the last is of kind `end`, and what fits nowhere of kind `odd`."""
    found = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None  # `odd` takes any character, `end` their end
        kind = match.lastgroup or "end"
        value = match[kind]
        position = match.end()
        found.append(Token(value if kind == "sign" else kind, value, match.start(kind), position))
        if kind == "end":
            return found


def string_of(literal: str) -> str:
    """Return what a string literal stands for; a backslash before any other character stays."""
    inside = literal[1:-1]
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], inside) if "\\" in inside else inside

"""JSON as somebody wrote it, with the line that each value stands on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.workers.contract.errors import DefinitionError

MAX_BYTES = 1024 * 1024
MAX_LEVELS = 60
Place = tuple[str | int, ...]
"""Keys and indexes that lead to a value."""
_BLANK = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN = re.compile(r"[^\s,\]}]+")


@dataclass(frozen=True, slots=True)
class JsonText:
    """What a file holds, and where.

    Args:
        file: what a refusal begins with.
        lines: by place; of what is not there, the line of what would hold it.
    """

    file: str
    content: Any
    lines: Mapping[Place, int]

    def line(self, place: Iterable[str | int]) -> int:
        """Return the line of a value, or of the nearest one around it."""
        there = tuple(place)
        while there not in self.lines and there:
            there = there[:-1]
        return self.lines.get(there, 1)

    def wrong(self, place: Iterable[str | int], what: str, suggestion: str = "") -> DefinitionError:
        """Say what is wrong with a value, with file and line."""
        return DefinitionError(f"{self.file}:{self.line(place)}: {what}.", suggestion)


def json_text(content: bytes, file: str) -> JsonText:
    """Read JSON.

    Raises:
        DefinitionError: it is none, is more than is taken, or says a key twice; with the line.
    """
    if len(content) > MAX_BYTES:
        raise DefinitionError(f"{file}: larger than {MAX_BYTES:,} bytes.", "Cut it into several files.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DefinitionError(f"{file}:{line}: not UTF-8.", "Save it as UTF-8.") from None
    try:
        read = json.loads(text, parse_constant=_no_json)
    except json.JSONDecodeError as error:
        raise DefinitionError(f"{file}:{error.lineno}: not JSON: {error.msg}.", "Correct it there.") from None
    except ValueError as error:
        raise DefinitionError(f"{file}: not JSON: {str(error)[:200]}.", "Correct it there.") from None
    except RecursionError:
        raise DefinitionError(f"{file}: more than {MAX_LEVELS} levels.", "Nest less.") from None
    walk = _Walk(text, file)
    walk.value(0, ())
    return JsonText(file, read, walk.lines)


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


class _Walk:
    """Goes through text that is known to be JSON."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self.lines: dict[Place, int] = {}
        self._line, self._counted = 1, 0

    def value(self, at: int, place: Place) -> int:
        """Note a value and what is in it; returns where it ends."""
        at = self._past_blank(at)
        self.lines[place] = self._line_of(at)
        if len(place) >= MAX_LEVELS:
            raise DefinitionError(f"{self._file}:{self._line}: more than {MAX_LEVELS} levels.", "Nest less.")
        match self._text[at]:
            case "{":
                return self._object(at, place)
            case "[":
                return self._array(at, place)
            case '"':
                return _end(_STRING, self._text, at)
            case _:
                return _end(_PLAIN, self._text, at)

    def _object(self, at: int, place: Place) -> int:
        at = self._past_blank(at + 1)
        said: set[str] = set()
        while self._text[at] != "}":
            after = _end(_STRING, self._text, at)
            key = json.loads(self._text[at:after])
            if key in said:
                raise DefinitionError(f"{self._file}:{self._line_of(at)}: {key!r} is said twice.", "Say it once.")
            said.add(key)
            at = self._past_comma(self.value(self._past_blank(after) + 1, (*place, key)))
        return at + 1

    def _array(self, at: int, place: Place) -> int:
        at, index = self._past_blank(at + 1), 0
        while self._text[at] != "]":
            at, index = self._past_comma(self.value(at, (*place, index))), index + 1
        return at + 1

    def _past_comma(self, at: int) -> int:
        at = self._past_blank(at)
        return self._past_blank(at + 1) if self._text[at] == "," else at

    def _past_blank(self, at: int) -> int:
        return _end(_BLANK, self._text, at)

    def _line_of(self, at: int) -> int:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at

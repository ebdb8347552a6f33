"""What a process variable may hold: what the engine and the records can both keep as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeAlias

MAX_LEVELS = 200
"""Lists and objects within one another."""
MAX_NUMBER = 2**63
"""Numbers are whole within 64 bits, or doubles below that: PostgreSQL keeps a larger double as a whole number."""
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")

_Place: TypeAlias = "tuple[_Place, Any] | None"
"""A part of a path behind the place that it is in: paths are many, and told of one at most."""


def unfit(variables: Mapping[str, Any]) -> str:
    """Say what cannot be a variable: its path and the reason, never the value; nothing when all can.

    Source: RFC 8259; https://docs.camunda.io/docs/components/concepts/variables/;
    https://www.postgresql.org/docs/current/datatype-json.html
    """
    level: list[tuple[_Place, Any]] = [(None, variables)]
    for _ in range(MAX_LEVELS + 1):
        deeper: list[tuple[_Place, Any]] = []
        for place, value in level:
            if isinstance(value, Mapping):
                for name, inner in value.items():
                    if wrong := _wrong_name(name):
                        return f"{shown(_path(place)) or 'It'} has {wrong}"
                    deeper.append(((place, name), inner))
            elif isinstance(value, list | tuple):
                deeper += [((place, index), inner) for index, inner in enumerate(value)]
            elif wrong := _wrong(value):
                return f"{shown(_path(place))} {wrong}"
        if not deeper:
            return ""
        level = deeper
    return f"{shown(_path(level[0][0])[:1])} has more than {MAX_LEVELS} levels"


def _path(place: _Place) -> tuple[Any, ...]:
    parts: list[Any] = []
    while place is not None:
        place, part = place
        parts.append(part)
    return tuple(reversed(parts))


def _wrong_name(name: object) -> str:
    if not isinstance(name, str):
        return f"a name that is no text but {type(name).__name__}"
    return "a name with a NUL or half a character" if _NO_TEXT.search(name) else ""


def _wrong(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return "has a NUL or half a character in its text" if _NO_TEXT.search(value) else ""
    if isinstance(value, float) and not isfinite(value):
        return "is no finite number"
    if isinstance(value, int | float):
        return "" if -MAX_NUMBER <= value < MAX_NUMBER else "is a number beyond 64 bits"
    return f"is no JSON but {type(value).__name__}"


def shown(path: tuple[Any, ...]) -> str:
    """Write a path as in `order.lines[0]`; a name that is no identifier in brackets."""
    written = ""
    for part in path:
        if isinstance(part, str) and _PLAIN_NAME.fullmatch(part):
            written += f".{part}" if written else part
        else:
            written += f"[{part!r}]"
    return written

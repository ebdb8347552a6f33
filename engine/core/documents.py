"""Documents of variables: cut into JSON texts by name, and put together again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from json.scanner import make_scanner
from typing import Any, cast

from zeebe_fleet.engine import feel
from zeebe_fleet.engine.core.rejection import Rejected

EMPTY = "{}"
_BLANK = " \t\n\r"
_LONGEST_INTEGER = 18
"""Digits that surely fit into 64 bits."""
MAX_DEPTH = 200
"""Levels of a document."""


class _TooBig(ValueError):
    """A number that is no 64-bit integer."""


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) < 25 else 2**64
    if len(digits) > _LONGEST_INTEGER and not -(2**63) <= value < 2**63:
        raise _TooBig
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_no_constant)
_WIDE_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_scan: Any = make_scanner(cast(Any, _DECODER))
_scan_text: Any = cast(Any, json.decoder).scanstring


def cut(document: str) -> dict[str, str]:
    """Cut a JSON object into the texts of its members, as they were written.

    Raises:
        Rejected: it is no JSON object; what it holds is not quoted.
    """
    if document in ("", EMPTY):
        return {}
    try:
        return _cut(document)
    except _TooBig:
        return _rounded(document)
    except (ValueError, RecursionError, StopIteration, IndexError):
        raise _refusal(document) from None


def _cut(document: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = _skip(document, 0)
    if document[at] != "{":
        raise ValueError
    at = _skip(document, at + 1)
    if document[at] == "}":
        return _ended(document, at, found)
    while True:
        if document[at] != '"':
            raise ValueError
        name, at = _scan_text(document, at + 1, True)
        at = _skip(document, at)
        if document[at] != ":":
            raise ValueError
        begin = _skip(document, at + 1)
        value, at = _scan(document, begin)
        _require_shallow(value)
        found[name] = document[begin:at]
        at = _skip(document, at)
        if document[at] == "}":
            return _ended(document, at, found)
        if document[at] != ",":
            raise ValueError
        at = _skip(document, at + 1)


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at


def _ended(document: str, at: int, found: dict[str, str]) -> dict[str, str]:
    if document[at + 1 :].strip(_BLANK):
        raise ValueError
    return found


def _require_shallow(value: Any) -> None:
    if not isinstance(value, list | dict):
        return
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, list | dict)
        ]
        if not level:
            return
    raise ValueError


def _rounded(document: str) -> dict[str, str]:
    """Cut a document with integers beyond 64 bits: they become doubles, as in the engine."""
    try:
        members = _WIDE_DECODER.decode(document)
    except (ValueError, RecursionError):
        raise _refusal(document) from None
    if not isinstance(members, dict):
        raise _refusal(document)
    try:
        return {name: write(_as_doubles(value)) for name, value in members.items()}
    except (OverflowError, ValueError, RecursionError):
        raise _refusal(document) from None


def _as_doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_doubles(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_doubles(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def _refusal(document: str) -> Rejected:
    if document.lstrip(_BLANK)[:1] not in ("", "{") and _is_json(document):
        return Rejected(
            "INVALID_ARGUMENT",
            "Property 'variables' is invalid: Expected document to be a root level object, but was something else.",
        )
    return Rejected(
        "INVALID_ARGUMENT", "Property 'variables' is invalid: Expected a JSON object, but the text cannot be parsed."
    )


def _is_json(document: str) -> bool:
    try:
        json.loads(document)
    except (ValueError, RecursionError):
        return False
    return True


def write(value: Any) -> str:
    """Write a plain value as JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def joined(members: Mapping[str, str]) -> str:
    """Put a document together from the JSON texts of its members."""
    if not members:
        return EMPTY
    return "{" + ",".join([f"{write(name)}:{text}" for name, text in members.items()]) + "}"


def bytes_of(text: str) -> int:
    """Return how many bytes a text takes on the wire; most are ASCII, which costs nothing to find."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def array(texts: Iterable[str]) -> str:
    """Put an array together from the JSON texts of its items."""
    return "[" + ",".join(texts) + "]"


def written(value: Any) -> str:
    """Write a FEEL value as the JSON text of a variable."""
    return feel.to_json(value)

"""YAML as an artifact is written: the same text for the same data, texts of several lines as they stand.

Nothing is anchored, folded or guessed: what does not read back as it was is refused while it is written.
Source: YAML 1.1, 5.7 (escapes), 8.2.2 (block literals), 10.2 (what a plain word would mean)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zeebe_fleet.workers.contract.errors import DefinitionError

_STEP = "  "
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./ -]*[A-Za-z0-9_]|[A-Za-z]")
_MEANS_MORE = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_UNSEEN = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
"""What a block literal cannot hold, or reads as something else."""
_ESCAPED = re.compile(r'["\\]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]')


def rendered(data: Mapping[str, Any]) -> str:
    """Return data as YAML.

    Raises:
        DefinitionError: it holds what YAML has no word for.
    """
    return "".join(f"{line}\n" if line else "\n" for line in _mapping(data, ""))


def _mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        yield from _entry(f"{indent}{_word(str(key))}:", value, indent)


def _entry(before: str, value: Any, indent: str) -> Iterator[str]:
    """Write a value behind its key, or its dash."""
    if isinstance(value, Mapping) and value:
        yield before
        yield from _mapping(value, indent + _STEP)
    elif _is_list(value) and value:
        yield before
        for item in value:
            yield from _item(item, indent + _STEP)
    elif isinstance(value, str) and "\n" in value and not _UNSEEN.search(value):
        yield from _literal(before, value, indent + _STEP)
    else:
        yield f"{before} {_scalar(value)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping) and item:
        lines = _mapping(item, indent + _STEP)
        yield f"{indent}- {next(lines).removeprefix(indent + _STEP)}"
        yield from lines
    else:
        yield from _entry(f"{indent}-", item, indent)


def _literal(before: str, text: str, indent: str) -> Iterator[str]:
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    starts = len(_STEP) if text[:1] in (" ", "\n", "\t") else ""
    if not body.strip():
        yield f"{before} {_word(text)}"
        return
    yield f"{before} |{starts}{('-', '')[ends] if ends < 2 else '+'}"
    yield from (f"{indent}{line}" if line else "" for line in body.split("\n"))
    yield from [""] * (ends - 1)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _number(value)
    if isinstance(value, Mapping) or _is_list(value):
        return "{}" if isinstance(value, Mapping) else "[]"
    raise DefinitionError(f"{str(value)[:50]!r} has no place in an artifact.", "Write it as a text, in quotes.")


def _number(value: float) -> str:
    digits, exponent, power = repr(value).partition("e")
    whole = digits if "." in digits else f"{digits}.0"
    return f"{whole}e{power if power[:1] in '+-' else '+' + power}" if exponent else whole


def _word(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _MEANS_MORE:
        return text
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    return {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}.get(letter) or f"\\U{ord(letter):08X}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)

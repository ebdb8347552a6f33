"""JSON as strangers send it: bounded before it is read, and without what nobody can keep.

Source: RFC 8259
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

LEVELS = 220
"""Lists and objects within one another: those of a variable, and a request around it."""
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """The text is no JSON that can be taken; says why, and nothing of what it holds."""


class TooManyValues(NotJson):
    """There is more in it than may be sent at once."""


def read_json(text: bytes | str, values: int) -> Any:
    """Read JSON.

    Args:
        text: in UTF-8.
        values: how many it may hold; commas within texts count as well.

    Raises:
        NotJson: it is none, too deep, or holds numbers or characters that are none.
        TooManyValues: there are more values.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    opened = text.count("[") + text.count("{")
    if opened + text.count(",") > values:
        raise TooManyValues(f"There are more than {values:,} values in it.")
    try:
        read = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise NotJson(f"It has more than {LEVELS} levels.") from None
    except ValueError:
        raise NotJson("It is not JSON.") from None
    if opened > LEVELS or _ESCAPED_HALF.search(text):
        _check(read)
    return read


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise NotJson("It is not in UTF-8.") from None


def _check(read: Any) -> None:
    level = [read]
    for _ in range(LEVELS + 1):
        for one in level:
            texts = list(one) if isinstance(one, dict) else [one] if isinstance(one, str) else ()
            if any(_HALF.search(text) for text in texts):
                raise NotJson("It holds half a character.")
        level = [inner for one in level for inner in _within(one)]
        if not level:
            return
    raise NotJson(f"It has more than {LEVELS} levels.")


def _within(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _no_number(_name: str) -> NoReturn:
    raise ValueError

"""What comes from a file or from somebody else, bounded before it is read: size, depth and count.

Each refusal says what is too large, what the bound is, and what to do.
"""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

from zeebe_fleet.workers.contract.errors import DefinitionError

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_OPENED = re.compile(r"[\[{]+|[\]}]+")


class NotJson(ValueError):
    """A text that is no JSON, or more than is taken; says why."""


def content_of(file: Path, most_bytes: int, suggestion: str) -> bytes:
    """Read a file, no further than it may be long.

    Raises:
        DefinitionError: it cannot be read, is a pipe or a device, or is too large.
    """
    try:
        if stat.S_IFMT(file.stat().st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            raise DefinitionError(f"{file}: it is no file: a pipe or a device.", "Put a file in its place.")
        with file.open("rb") as opened:
            content = opened.read(most_bytes + 1)
    except OSError as error:
        raise DefinitionError(f"{file}: {error.strerror}.", suggestion) from None
    if len(content) > most_bytes:
        raise DefinitionError(f"{file}: larger than {most_bytes:,} bytes.", "Take out what does not belong there.")
    return content


def json_of(text: bytes | str, *, most_bytes: int, levels: int, values: int) -> Any:
    """Read JSON.

    Args:
        most_bytes: how long it may be; of a text, characters.
        levels: lists and objects within one another.
        values: how many it may hold.

    Raises:
        NotJson: it is none, or more.
    """
    if len(text) > most_bytes:
        raise NotJson(f"It is larger than {most_bytes:,} bytes.")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise NotJson("It is not in UTF-8.") from None
    _check_shape(decoded, levels, values)
    try:
        return json.loads(decoded, parse_constant=_no_number)
    except RecursionError:
        raise NotJson(f"It has more than {levels} levels.") from None
    except ValueError as error:
        raise NotJson(f"It is not JSON: {error}.") from None


def _check_shape(text: str, levels: int, values: int) -> None:
    marks = _TEXT.sub("", text)
    if marks.count(",") + marks.count("[") + marks.count("{") > values:
        raise NotJson(f"It has more than {values:,} values.")
    depth = 0
    for run in _OPENED.findall(marks):
        depth += sum(1 if letter in "[{" else -1 for letter in run)
        if depth > levels:
            raise NotJson(f"It has more than {levels} levels.")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")

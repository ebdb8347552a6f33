"""Where in a result stands what cannot be written as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from zeebe_fleet.workers.contract.variables import MAX_LEVELS, shown


def unwritable(result: Any) -> str:
    """Say where it stands and of which type it is, never the value."""
    path: tuple[Any, ...] = ()
    for _ in range(MAX_LEVELS + 1):
        inner = next(((name, value) for name, value in _parts(result) if not _is_writable(value)), None)
        if inner is None:
            return f"{shown(path) or 'it'} is of type {type(result).__name__}"
        path, result = (*path, inner[0]), inner[1]
    return f"{shown(path[:1])} has more than {MAX_LEVELS} levels"


def _is_writable(value: Any) -> bool:
    try:
        to_jsonable_python(value)
    except (ValueError, RecursionError):
        return False
    return True


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, BaseModel):
        yield from value
    elif is_dataclass(value):
        yield from ((one.name, getattr(value, one.name)) for one in fields(value))
    elif isinstance(value, list | tuple):
        yield from enumerate(value)

"""Holds what a decision gives, or a parameter takes, against the type that is written for it.

Types that are not FEEL's own are not looked at, as Camunda's engine does not.
"""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.dmn.trace import DecisionFailure
from zeebe_fleet.engine.feel.json import to_json
from zeebe_fleet.engine.feel.values import type_name

_KINDS = {
    "string": "string",
    "number": "number",
    "boolean": "boolean",
    "time": "time",
    "date": "date",
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
}
_TOLD = 200
"""Characters of a value; it may be large."""


def checked(value: Any, written: str) -> Any:
    """Return a value that is null or of the type; of a type that is not known, any.

    Raises:
        DecisionFailure: it is of another.
    """
    expected = written.replace("feel:", "")
    kind = _KINDS.get(expected)
    if kind is None or value is None or type_name(value) == kind:
        return value
    raise DecisionFailure(f"expected '{expected}' but found '{told(value)}'")


def told(value: Any) -> str:
    """Write a value into a message."""
    text = to_json(value)
    return text if len(text) <= _TOLD else f"{text[:_TOLD]}…"

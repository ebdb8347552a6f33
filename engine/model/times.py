"""Times as they are written in a timer: dates, durations and cycles of ISO 8601, and cron.

Source: Camunda's documentation, components/modeler/bpmn/timer-events. The words of a refusal are unverified.
"""

from __future__ import annotations

import re
from typing import Literal

_DURATION = re.compile(
    r"[-+]?P(?=[-+\dT])(?:[-+]?\d+Y)?(?:[-+]?\d+M)?(?:[-+]?\d+W)?(?:[-+]?\d+D)?"
    r"(?:T(?=[-+\d])(?:[-+]?\d+H)?(?:[-+]?\d+M)?(?:[-+]?\d+(?:[.,]\d+)?S)?)?\Z",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"[-+]?\d{4,9}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
    r"(?:Z|[-+]\d{2}:\d{2}(?::\d{2})?)(?:\[[\w/+\-]+\])?\Z",
    re.IGNORECASE,
)
_REPEAT = re.compile(r"R(?:-?\d+)?\Z")
_CRON_MACROS = frozenset(("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"))
_CRON_FIELD = re.compile(r"[\w*/,\-?#]+\Z")
_CRON_FIELDS = 6


def wrong(kind: Literal["date", "duration", "cycle"], text: str) -> str:
    """Say what is wrong with a time that is no expression; empty when nothing is."""
    if kind == "duration":
        return "" if is_duration(text) else f"Invalid duration format '{text}' for timer"
    if kind == "date":
        return "" if is_date(text) else f"Invalid date-time format '{text}' for timer"
    return "" if is_cycle(text) else f"Invalid cycle format '{text}' for timer"


def is_duration(text: str) -> bool:
    """Whether text is a duration: `PT5S`, `P1Y2M`, `-P1D`."""
    return bool(_DURATION.match(text))


def is_date(text: str) -> bool:
    """Whether text is a point in time, with its offset or zone."""
    return bool(_DATE.match(text))


def is_cycle(text: str) -> bool:
    """Whether text is `R3/PT10H`, `R/<date>/P1D`, a cron expression of six fields, or one of cron's names."""
    if not text.startswith("R"):
        return _is_cron(text)
    repeat, _, rest = text.partition("/")
    start, slash, interval = rest.rpartition("/")
    return bool(_REPEAT.match(repeat)) and is_duration(interval) and (not slash or is_date(start))


def _is_cron(text: str) -> bool:
    if text in _CRON_MACROS:
        return True
    fields = text.split()
    return len(fields) == _CRON_FIELDS and all(_CRON_FIELD.match(field) for field in fields)

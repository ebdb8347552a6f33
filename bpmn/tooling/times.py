"""Times as people write them, with what is wrong with them; cron looked into field by field.

Source: Camunda's documentation, components/modeler/bpmn/timer-events; Spring's CronExpression, whose notation it is.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from zeebe_fleet.engine.model import times

_FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {
    "month": ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    "weekday": ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
}
_PART = re.compile(r"(\*|\?|[A-Z\d]+)(?:-([A-Z\d]+))?(?:/(\d+))?\Z")
_SPECIAL = re.compile(r"L(W|-\d+)?\Z|\d+[WL]\Z|[A-Z\d]+#\d\Z|[A-Z]{3}L\Z")


def wrong_time(kind: str, text: str) -> str:
    """Say what is wrong with a date, a duration or a cycle; empty when nothing is."""
    if times.wrong(cast("Literal['date', 'duration', 'cycle']", kind), text):
        if kind == "cycle" and not text.startswith(("R", "@")) and len(text.split()) != len(_FIELDS):
            return f"is no cycle: cron has {len(_FIELDS)} fields, the first for seconds"
        return {"date": "is no date with time and offset", "duration": "is no duration"}.get(kind, "is no cycle")
    return _wrong_cron(text) if kind == "cycle" and not text.startswith(("R", "@")) else ""


def _wrong_cron(text: str) -> str:
    for (name, least, most), field in zip(_FIELDS, text.upper().split(), strict=True):
        for part in field.split(","):
            if not _is_in(part, name, least, most):
                return f"is no cycle: its {name} is {part!r}, and goes from {least} to {most}"
    return ""


def _is_in(part: str, name: str, least: int, most: int) -> bool:
    if name in ("day", "weekday") and _SPECIAL.match(part):
        return True
    found = _PART.match(part)
    if found is None or (found[1] == "?" and name not in ("day", "weekday")) or found[3] == "0":
        return False
    written = [one for one in found.group(1, 2) if one not in (None, "*", "?")]
    names = _NAMES.get(name, ())
    return all(one in names or (one.isdecimal() and least <= int(one) <= most) for one in written)

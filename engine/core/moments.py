"""Points in time and spans of it, as timers write them: ISO 8601 text, or values of FEEL.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/timer-events/
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from zeebe_fleet.engine.core import cron
from zeebe_fleet.engine.feel.limits import FeelFailure
from zeebe_fleet.engine.feel.temporal import (
    DateTime,
    DaysTime,
    YearsMonths,
    epoch_ms,
    now,
    plus_months,
)
from zeebe_fleet.engine.feel.temporal_text import date_time_of

_SPAN = re.compile(
    r"(?P<sign>[-+])?P(?:(?P<years>[-+]?\d+)Y)?(?:(?P<months>[-+]?\d+)M)?(?:(?P<weeks>[-+]?\d+)W)?"
    r"(?:(?P<days>[-+]?\d+)D)?"
    r"(?:T(?:(?P<hours>[-+]?\d+)H)?(?:(?P<minutes>[-+]?\d+)M)?(?:(?P<seconds>[-+]?\d+)(?:[.,](?P<part>\d+))?S)?)?",
    re.IGNORECASE | re.ASCII,
)
_SECOND_MS, _MINUTE_MS, _HOUR_MS, _DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
_LONGEST = 100
LATEST_MS = 253_402_300_799_000
"""The end of the year 9999."""


class Unreadable(ValueError):
    """Something that is no time; its text says what was expected."""


def moment_ms(value: Any) -> int:
    """Return a point in time in milliseconds since 1970.

    Raises:
        Unreadable: it is none, or has no offset.
    """
    found = date_time_of(value) if isinstance(value, str) and len(value) <= _LONGEST else value
    if isinstance(found, DateTime) and found.offset_s is not None:
        return epoch_ms(found)
    if isinstance(found, DateTime | date):
        local = found if isinstance(found, DateTime) else DateTime(found, 0)
        return epoch_ms(local._replace(offset_s=0))
    raise Unreadable(f"Invalid date-time format '{_shown(value)}' for expression of a timer.")


def after(base_ms: int, value: Any) -> int:
    """Return the point in time a span after another; a negative span lies before it.

    Raises:
        Unreadable: it is no span.
    """
    months, span_ms = _span(value)
    try:
        if months:
            base = now(base_ms)
            base_ms = epoch_ms(base._replace(date=plus_months(base.date, months)))
    except FeelFailure:
        raise Unreadable(f"The duration '{_shown(value)}' leads beyond the year 9999.") from None
    return max(0, min(base_ms + span_ms, LATEST_MS))


def _span(value: Any) -> tuple[int, int]:
    """Return months and milliseconds."""
    if isinstance(value, DaysTime):
        return 0, value.nanos // 1_000_000
    if isinstance(value, YearsMonths):
        return value.months, 0
    match = _SPAN.fullmatch(value) if isinstance(value, str) and len(value) <= _LONGEST else None
    if match is None or not any(match.groups()[1:]):
        raise Unreadable(f"Invalid duration format '{_shown(value)}' for expression of a timer.")
    count = {name: int(text) for name, text in match.groupdict().items() if text and name not in ("sign", "part")}
    months = count.get("years", 0) * 12 + count.get("months", 0)
    part_ms = int(((match["part"] or "") + "000")[:3])
    span_ms = (
        (count.get("weeks", 0) * 7 + count.get("days", 0)) * _DAY_MS
        + count.get("hours", 0) * _HOUR_MS
        + count.get("minutes", 0) * _MINUTE_MS
        + count.get("seconds", 0) * _SECOND_MS
        + (-part_ms if (match["seconds"] or "").startswith("-") else part_ms)
    )
    return (-months, -span_ms) if match["sign"] == "-" else (months, span_ms)


def read_cycle(value: Any) -> tuple[int, str, int | None]:
    """Read a cycle: how often (-1: for ever), which interval, and when first (None: after one).

    `R3/PT10S`, `R/<date>/P1D`; or cron, whose interval is the expression itself.

    Raises:
        Unreadable: it is no cycle.
    """
    if isinstance(value, str) and value and not value.startswith("R"):
        _cron(value)
        return -1, value, None
    repeat, _, rest = value.partition("/") if isinstance(value, str) else ("", "", "")
    start, _, interval = rest.rpartition("/")
    if not re.fullmatch(r"R(-?\d{1,9})?", repeat, re.ASCII):
        raise Unreadable(f"Invalid cycle format '{_shown(value)}' for expression of a timer.")
    _span(interval)
    repetitions = int(repeat[1:] or -1)
    return repetitions if repetitions > 0 else -1, interval, moment_ms(start) if start else None


def next_ms(base_ms: int, interval: str) -> int:
    """Return when a cycle fires next after a moment.

    Raises:
        Unreadable: never again.
    """
    if interval[:1] in "pP+-":
        return after(base_ms, interval)
    found = _cron(interval).after(base_ms)
    if found is None:
        raise Unreadable(f"The cycle '{_shown(interval)}' never fires.")
    return found


def _cron(text: str) -> cron.Cron:
    try:
        return cron.read(text[:_LONGEST])
    except ValueError:
        raise Unreadable(f"Invalid cycle format '{_shown(text)}' for expression of a timer.") from None


def _shown(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else type(value).__name__

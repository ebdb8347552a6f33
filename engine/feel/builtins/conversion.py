"""Conversion functions.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-conversion/
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.json import from_json, to_json
from zeebe_fleet.engine.feel.limits import MAX_VALUE_DEPTH, FeelFailure, Run, bounded_text
from zeebe_fleet.engine.feel.numbers import Number, number_of
from zeebe_fleet.engine.feel.temporal import (
    SECOND,
    TEMPORAL_TYPES,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    date_time_at,
    date_time_in,
    months_between,
)
from zeebe_fleet.engine.feel.temporal_text import date_of, date_time_of, duration_of, iso_text, time_in, time_of
from zeebe_fleet.engine.feel.text import text_of
from zeebe_fleet.engine.feel.values import Function, Range

_GROUPING = (" ", ",", ".")
_DECIMAL = (",", ".")


@builtin("string", "from: any")
def string(value: Any) -> str | None:
    """Write a value as text; null stays null."""
    return None if value is None else text_of(value)


@builtin("number", "from: string")
def number(text: str) -> Number | None:
    """Read a number."""
    return number_of(text)


@builtin("number", "from: string", "grouping separator: string or null")
def number_grouped(text: str, grouping: str | None) -> Number | None:
    """Read a number whose digits are grouped."""
    return number_separated(text, grouping, None) if grouping is not None else None


@builtin("number", "from: string", "grouping separator: string or null", "decimal separator: string or null")
def number_separated(text: str, grouping: str | None, decimal: str | None) -> Number | None:
    """Read a number with separators of its own."""
    if grouping is None and decimal is None:
        return None
    if grouping not in (*_GROUPING, None) or decimal not in (*_DECIMAL, None) or grouping == decimal:
        return None
    digits = text if grouping is None else text.replace(grouping, "")
    return number_of(digits if decimal is None else digits.replace(decimal, "."))


@builtin("date", "from: any")
def day(value: Any) -> date | None:
    """Read a date, or take it from a date-time."""
    if type(value) is str:
        return date_of(value)
    if type(value) is DateTime:
        return value.date
    return value if type(value) is date else None


@builtin("date", "year: number", "month: number", "day: number")
def day_of_parts(year: Number, month: Number, day_of_month: Number) -> date | None:
    """Make a date of year, month and day."""
    try:
        return date(int(year), int(month), int(day_of_month))
    except (ValueError, OverflowError):
        return None


@builtin("time", "from: any")
def time(value: Any) -> Time | None:
    """Read a time, or take it from a date-time; a date's is midnight at UTC."""
    if type(value) is str:
        return time_of(value)
    if type(value) is DateTime:
        return Time(value.nanos, value.offset_s, value.zone)
    return Time(0, 0) if type(value) is date else None


@builtin("time", "hour: number", "minute: number", "second: number")
def time_of_parts(hour: Number, minute: Number, second: Number) -> Time | None:
    """Make a local time of hour, minute and second."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    return Time((int(hour) * 60 + int(minute)) * 60 * SECOND + int(Decimal(second) * SECOND))


@builtin("time", "hour: number", "minute: number", "second: number", "offset: any")
def time_with_offset(hour: Number, minute: Number, second: Number, offset: Any) -> Time | None:
    """Make a time of hour, minute, second and a duration as its offset."""
    local = time_of_parts(hour, minute, second)
    if local is None or offset is None:
        return local
    if type(offset) is not DaysTime or abs(offset.nanos) > 18 * 3600 * SECOND:
        return None
    return Time(local.nanos, offset.nanos // SECOND)


@builtin("date and time", "from: string")
def date_time(text: str) -> DateTime | None:
    """Read a date and time."""
    return date_time_of(text)


@builtin("date and time", "date: day", "time: any")
def date_time_of_parts(value: date | DateTime, time_or_zone: Any) -> DateTime | None:
    """Put a date and a time together, or move a date-time into a zone.

    Raises:
        FeelFailure: There is no such zone.
    """
    if type(time_or_zone) is Time:
        return _at(value.date if isinstance(value, DateTime) else value, time_or_zone)
    if type(time_or_zone) is str and isinstance(value, DateTime):
        return _moved(value, time_or_zone)
    return None


def _at(value: date, clock: Time) -> DateTime:
    if clock.zone is not None:
        return date_time_in(value, clock.nanos, clock.zone)
    return DateTime(value, clock.nanos, clock.offset_s)


def _moved(value: DateTime, zone: str) -> DateTime:
    offset = time_in(0, zone, None) if zone[:1] in ("Z", "+", "-") else None
    if offset is not None:
        local = DateTime(value.date, value.nanos, offset.offset_s)
        return local if value.offset_s is None else date_time_at(value.instant, offset.offset_s, None)
    if value.offset_s is None:
        return date_time_in(value.date, value.nanos, zone)
    return date_time_at(value.instant, None, zone)


@builtin("duration", "from: string")
def duration(text: str) -> DaysTime | YearsMonths | None:
    """Read a duration."""
    return duration_of(text)


@builtin("years and months duration", "from: day", "to: day")
def years_months(start: date | DateTime, end: date | DateTime) -> YearsMonths:
    """Return the whole months from one date to another."""
    first = start.date if isinstance(start, DateTime) else start
    return YearsMonths(months_between(first, end.date if isinstance(end, DateTime) else end))


@builtin("from json", "json: string")
def read_json(text: str) -> Any:
    """Read a value from JSON."""
    try:
        return from_json(text)
    except ValueError:
        return None


@builtin("to json", "value: any", run=True)
def write_json(run: Run, value: Any) -> str:
    """Write a value as JSON.

    Raises:
        FeelFailure: It would be too long.
    """
    return bounded_text(to_json(_plain(value, run, 0)))


def _plain(value: Any, run: Run, depth: int) -> Any:
    run.spend(1)
    if depth > MAX_VALUE_DEPTH:
        raise FeelFailure(f"The value has more than {MAX_VALUE_DEPTH} levels.")
    if type(value) is list:
        return [_plain(item, run, depth + 1) for item in value]
    if type(value) is dict:
        return {key: _plain(item, run, depth + 1) for key, item in value.items()}
    if type(value) is Range or type(value) is Function:
        return text_of(value)
    return iso_text(value) if type(value) in TEMPORAL_TYPES else value

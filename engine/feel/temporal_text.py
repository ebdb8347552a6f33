"""Temporal values read from text, and written as text.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-data-types/
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from zeebe_fleet.engine.feel.limits import FeelFailure
from zeebe_fleet.engine.feel.temporal import (
    DAY,
    SECOND,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    date_time_at,
    date_time_in,
    days_time,
    property_of,
    standard_offset,
    years_months,
)

_CLOCK = r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
_ZONE = r"(?:(Z|[+-]\d\d:\d\d(?::\d\d)?)(?:\[([^\]]+)\])?|@(.+))"
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(rf"T?{_CLOCK}{_ZONE}?", re.ASCII)
_DATE_TIME = re.compile(rf"(\d{{4}}-\d\d-\d\d)T{_CLOCK}{_ZONE}?", re.ASCII)
_MONTHS = re.compile(r"(-?)P(?:(-?\d+)Y)?(?:(-?\d+)M)?", re.ASCII)
_NANOS = re.compile(r"(-?)P(?:(-?\d+)D)?(?:(T)(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d{0,9}))?S)?)?", re.ASCII)
_LONGEST = 100


def date_of(text: str) -> date | None:
    """Read a date; null if it is none."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def time_of(text: str) -> Time | None:
    """Read a time of day, local or with offset or zone; null if it is none."""
    match = _TIME.fullmatch(text) if len(text) <= _LONGEST else None
    nanos = None if match is None else _clock(match, 1)
    if match is None or nanos is None:
        return None
    try:
        return time_in(nanos, match[5], match[6] or match[7])
    except FeelFailure:
        return None


def time_in(nanos: int, offset: str | None, zone: str | None) -> Time | None:
    """Put an offset or a zone to a time of day; null if there is no such offset."""
    if offset is None and zone is not None:
        return Time(nanos, standard_offset(zone), zone)
    seconds = None if offset is None else _offset(offset)
    return None if offset is not None and seconds is None else Time(nanos, seconds, zone)


def date_time_of(text: str) -> DateTime | None:
    """Read a date and time, local or with offset or zone; a date alone is its midnight; null if it is neither."""
    day = date_of(text)
    if day is not None:
        return DateTime(day, 0)
    match = _DATE_TIME.fullmatch(text) if len(text) <= _LONGEST else None
    day = None if match is None else date_of(match[1])
    nanos = None if match is None else _clock(match, 2)
    if match is None or day is None or nanos is None:
        return None
    try:
        return _zoned(day, nanos, match[6], match[7] or match[8])
    except FeelFailure:
        return None


def duration_of(text: str) -> DaysTime | YearsMonths | None:
    """Read a duration; null if it is none."""
    if len(text) > _LONGEST or text.endswith(("P", "T")):
        return None
    match = _MONTHS.fullmatch(text)
    if match is not None:
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return _years_months(-months if match[1] else months)
    match = _NANOS.fullmatch(text)
    if match is None:
        return None
    seconds = int(match[7] or 0) * SECOND + int((match[8] or "").ljust(9, "0"))
    nanos = int(match[2] or 0) * DAY + (int(match[4] or 0) * 60 + int(match[5] or 0)) * 60 * SECOND
    nanos += -seconds if match[6] else seconds
    try:
        return days_time(-nanos if match[1] else nanos)
    except FeelFailure:
        return None


def _years_months(months: int) -> YearsMonths | None:
    try:
        return years_months(months)
    except FeelFailure:
        return None


def temporal_of(text: str) -> Any:
    """Read any temporal value, as an `@` literal does; null if it is none."""
    for read in (date_of, time_of, date_time_of, duration_of):
        value = read(text)
        if value is not None:
            return value
    return None


def text_of_temporal(value: Any) -> str:
    """Write a temporal value as `string()` does."""
    if type(value) is date:
        return value.isoformat()
    if type(value) is Time:
        return _clock_text(value.nanos) + _zone_text(value)
    if type(value) is DateTime:
        return f"{value.date.isoformat()}T{_clock_text(value.nanos)}{_zone_text(value)}"
    names = "years", "months"
    return _parts_text(value, names, "YM") if type(value) is YearsMonths else _days_text(value)


def _days_text(value: DaysTime) -> str:
    return _parts_text(value, ("days", "hours", "minutes", "seconds"), "DHMS")


def _parts_text(value: Any, names: tuple[str, ...], units: str) -> str:
    parts = [property_of(value, name) for name in names]
    if not any(parts):
        return f"P0{units[0]}"
    negative = all(part <= 0 for part in parts)
    shown = [f"{-part if negative else part}{unit}" if part else "" for part, unit in zip(parts, units, strict=True)]
    if units == "YM":
        return ("-P" if negative else "P") + "".join(shown)
    clock = "".join(shown[1:])
    return ("-P" if negative else "P") + shown[0] + (f"T{clock}" if clock else "")


def offset_text(offset_s: int) -> str:
    """Write an offset: `Z`, `+01:00`."""
    if not offset_s:
        return "Z"
    minutes, seconds = divmod(abs(offset_s), 60)
    tail = f":{seconds:02}" if seconds else ""
    return f"{'-' if offset_s < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}{tail}"


def _zone_text(value: Time | DateTime) -> str:
    if value.zone is not None:
        return f"@{value.zone}"
    return "" if value.offset_s is None else offset_text(value.offset_s)


def _clock_text(nanos: int) -> str:
    seconds, fraction = divmod(nanos, SECOND)
    tail = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{tail}"


def _clock(match: re.Match[str], first: int) -> int | None:
    hour, minute, second = int(match[first]), int(match[first + 1]), int(match[first + 2] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * SECOND + int((match[first + 3] or "").ljust(9, "0"))


def _offset(text: str) -> int | None:
    if text == "Z":
        return 0
    hours, minutes, seconds = int(text[1:3]), int(text[4:6]), int(text[7:9] or 0)
    total = (hours * 60 + minutes) * 60 + seconds
    if minutes > 59 or seconds > 59 or total > 18 * 3600:
        return None
    return -total if text[0] == "-" else total


def _zoned(day: date, nanos: int, offset: str | None, zone: str | None) -> DateTime | None:
    if offset is None:
        return DateTime(day, nanos) if zone is None else date_time_in(day, nanos, zone)
    seconds = _offset(offset)
    if seconds is None:
        return None
    if zone is None:
        return DateTime(day, nanos, seconds)
    return date_time_at(DateTime(day, nanos, seconds).instant, None, zone)


def iso_text(value: Any) -> str:
    """Write a temporal value as `to json()` does: offsets before zones, and durations in hours at most."""
    if type(value) is Time and value.zone is not None:
        return _clock_text(value.nanos) + offset_text(value.offset_s or 0)
    if type(value) is DateTime and value.zone is not None:
        local = DateTime(value.date, value.nanos, value.offset_s)
        return f"{text_of_temporal(local)}[{value.zone}]"
    if type(value) is DaysTime:
        return _iso_hours(value)
    return text_of_temporal(value)


def _iso_hours(value: DaysTime) -> str:
    if not value.nanos:
        return "PT0S"
    sign = -1 if value.nanos < 0 else 1
    seconds, fraction = divmod(abs(value.nanos), SECOND)
    parts = [(seconds // 3600, "H"), (seconds // 60 % 60, "M")]
    shown = "".join(f"{sign * amount}{unit}" for amount, unit in parts if amount)
    if seconds % 60 or fraction:
        tail = f".{fraction:09}".rstrip("0") if fraction else ""
        shown += f"{'-' if sign < 0 else ''}{seconds % 60}{tail}S"
    return f"PT{shown}"

"""Dates, times and durations.

A date is `datetime.date`. Times count nanoseconds of the day, and keep the offset and the zone they were written with:
two date-times of one instant under different offsets are not equal. Years run from 1 to 9999.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-temporal-expressions/
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from zeebe_fleet.engine.feel.limits import FeelFailure

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
_MAX_NANOS = 2**63 * SECOND
_MAX_MONTHS = 12 * 2**31


class Time(NamedTuple):
    """A time of day; local without an offset."""

    nanos: int
    offset_s: int | None = None
    zone: str | None = None

    @property
    def instant(self) -> int:
        """Nanoseconds of the day at UTC."""
        return self.nanos - (self.offset_s or 0) * SECOND


class DateTime(NamedTuple):
    """A date and a time of day; local without an offset."""

    date: date
    nanos: int
    offset_s: int | None = None
    zone: str | None = None

    @property
    def local(self) -> int:
        """Nanoseconds since the first day, as the clock on the wall shows."""
        return self.date.toordinal() * DAY + self.nanos

    @property
    def instant(self) -> int:
        """Nanoseconds since the first day at UTC."""
        return self.local - (self.offset_s or 0) * SECOND

    @property
    def order(self) -> tuple[int, int, str]:
        """What date-times are ordered by."""
        return self.instant, self.local, self.zone or ""


class DaysTime(NamedTuple):
    """A days and time duration."""

    nanos: int


class YearsMonths(NamedTuple):
    """A years and months duration."""

    months: int


TEMPORAL_TYPES: frozenset[type] = frozenset((date, Time, DateTime, DaysTime, YearsMonths))


def days_time(nanos: int) -> DaysTime:
    """Make a duration.

    Raises:
        FeelFailure: It is longer than a duration may be.
    """
    if abs(nanos) >= _MAX_NANOS:
        raise FeelFailure("The duration is out of range.")
    return DaysTime(nanos)


def years_months(months: int) -> YearsMonths:
    """Make a duration.

    Raises:
        FeelFailure: It is longer than a duration may be.
    """
    if abs(months) >= _MAX_MONTHS:
        raise FeelFailure("The duration is out of range.")
    return YearsMonths(months)


def local_date_time(nanos: int) -> DateTime:
    """Make a local date-time of nanoseconds since the first day.

    Raises:
        FeelFailure: The year is out of range.
    """
    return DateTime(_day(nanos // DAY), nanos % DAY)


def date_time_at(instant: int, offset_s: int | None, zone: str | None) -> DateTime:
    """Show an instant by the clock of an offset or a zone.

    Raises:
        FeelFailure: The year is out of range, or there is no such zone.
    """
    if zone is not None:
        offset_s = _offset_at(zone, instant)
    shown = local_date_time(instant + (offset_s or 0) * SECOND)
    return DateTime(shown.date, shown.nanos, offset_s, zone)


def date_time_in(day: date, nanos: int, zone: str) -> DateTime:
    """Read the clock of a zone; a time that the clock leaps over is moved behind the gap.

    Raises:
        FeelFailure: There is no such zone.
    """
    local = datetime(day.year, day.month, day.day) + timedelta(microseconds=nanos // 1000)
    offset = local.replace(tzinfo=zone_of(zone)).utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    return date_time_at(day.toordinal() * DAY + nanos - seconds * SECOND, None, zone)


def now(now_ms: int) -> DateTime:
    """Show the engine's time at UTC."""
    return date_time_at((_EPOCH * 86_400_000 + now_ms) * 1_000_000, 0, None)


def epoch_ms(value: DateTime) -> int:
    """Return epoch milliseconds; a local date-time is taken as UTC."""
    return value.instant // 1_000_000 - _EPOCH * 86_400_000


def standard_offset(zone: str) -> int:
    """Return the seconds that a zone is ahead of UTC outside daylight saving.

    Raises:
        FeelFailure: There is no such zone.
    """
    info = zone_of(zone)
    offsets = (datetime(2025, month, 1, tzinfo=info).utcoffset() for month in (1, 7))
    return min(int(offset.total_seconds()) for offset in offsets if offset is not None)


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Return a zone's rules.

    Raises:
        FeelFailure: There is no such zone.
    """
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise FeelFailure(f"There is no time zone '{name}'.") from error


def plus_months(value: date, months: int) -> date:
    """Move a date by months; a day beyond the month's end becomes its last.

    Raises:
        FeelFailure: The year is out of range.
    """
    count = value.year * 12 + value.month - 1 + months
    year, month = divmod(count, 12)
    if not 1 <= year <= 9999:
        raise FeelFailure("The year is out of range.")
    return date(year, month + 1, min(value.day, last_day(year, month + 1)))


def last_day(year: int, month: int) -> int:
    """Return how many days a month has."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 28 + leap if month == 2 else 30 + (month + month // 8) % 2


def months_between(start: date, end: date) -> int:
    """Return the whole months from one date to another."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return months


def property_of(value: Any, name: str) -> Any:
    """Read a part of a temporal value by name; null if it has none of that name."""
    parts = _PARTS.get(type(value), {}).get(name)
    return None if parts is None else parts(value)


def rest(x: int, y: int) -> int:
    """Return the remainder, with the sign of the dividend."""
    return x - y * truncated(x, y)


def truncated(x: int, y: int) -> int:
    """Divide towards zero."""
    return x // y if (x >= 0) == (y > 0) else -(-x // y)


def _seconds(value: DaysTime) -> int:
    return value.nanos // SECOND


def _day(ordinal: int) -> date:
    if not 1 <= ordinal <= 3_652_059:
        raise FeelFailure("The year is out of range.")
    return date.fromordinal(ordinal)


def _offset_at(zone: str, instant: int) -> int:
    utc = local_date_time(instant)
    moment = datetime(utc.date.year, utc.date.month, utc.date.day) + timedelta(microseconds=utc.nanos // 1000)
    info = zone_of(zone)
    try:
        offset = info.fromutc(moment.replace(tzinfo=info)).utcoffset()
    except OverflowError as error:
        raise FeelFailure("The year is out of range.") from error
    return 0 if offset is None else int(offset.total_seconds())


def _offset(value: Any) -> DaysTime | None:
    return None if value.offset_s is None else DaysTime(value.offset_s * SECOND)


_EPOCH = date(1970, 1, 1).toordinal()
_DATE: dict[str, Any] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "weekday": lambda value: value.isoweekday(),
}
_TIME: dict[str, Any] = {
    "hour": lambda value: value.nanos // (3600 * SECOND),
    "minute": lambda value: value.nanos // (60 * SECOND) % 60,
    "second": lambda value: value.nanos // SECOND % 60,
    "time offset": _offset,
    "timezone": lambda value: value.zone,
}
_PARTS: dict[type, dict[str, Any]] = {
    date: _DATE,
    Time: _TIME,
    DateTime: _TIME | {name: lambda value, part=part: part(value.date) for name, part in _DATE.items()},
    DaysTime: {
        "days": lambda value: truncated(_seconds(value), 86_400),
        "hours": lambda value: rest(truncated(_seconds(value), 3600), 24),
        "minutes": lambda value: rest(truncated(_seconds(value), 60), 60),
        "seconds": lambda value: rest(_seconds(value), 60),
    },
    YearsMonths: {
        "years": lambda value: truncated(value.months, 12),
        "months": lambda value: rest(value.months, 12),
    },
}

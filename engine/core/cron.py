"""Cron expressions of six fields: second, minute, hour, day of month, month, day of week; times are UTC.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/timer-events/#cron-expression, which names Spring's
`CronExpression`: both day fields must match, `L` is the last, `W` the nearest weekday, `#` the nth of a month.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_MACROS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_DAYS = {name: nth for nth, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}
_MONTHS = {name.upper(): nth for nth, name in enumerate(calendar.month_abbr) if name}
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(\*|\d{1,2})(?:-(\d{1,2}))?(?:/(\d{1,4}))?", re.ASCII)
_DAYS_AHEAD = 366 * 9
"""The next 29th of February may be eight years away."""


class Cron:
    """When a cron expression fires.

    Raises:
        ValueError: it is none.
    """

    def __init__(self, text: str) -> None:
        fields = _MACROS.get(text, text).upper().split()
        if len(fields) != len(_BOUNDS):
            raise ValueError(text)
        self._seconds, self._minutes, self._hours = (
            sorted(_numbers(field, bounds)) for field, bounds in zip(fields[:3], _BOUNDS[:3], strict=True)
        )
        self._days = [_day(part) for part in fields[3].split(",")]
        self._months = _numbers(_named(fields[4], _MONTHS), _BOUNDS[4])
        self._weekdays = [_weekday(part) for part in _named(fields[5], _DAYS).split(",")]

    def after(self, moment_ms: int) -> int | None:
        """Return the first time after a moment; None when there is none within nine years."""
        begin = datetime.fromtimestamp(moment_ms // 1000 + 1, UTC)
        day = begin.date()
        for ahead in range(_DAYS_AHEAD):
            if self._has(day):
                second = self._time_from(begin.hour * 3600 + begin.minute * 60 + begin.second if not ahead else 0)
                if second is not None:
                    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
                    return (int(midnight.timestamp()) + second) * 1000
            if day == date.max:
                return None
            day += timedelta(days=1)
        return None

    def _has(self, day: date) -> bool:
        return (
            day.month in self._months
            and any(_matches_day(part, day) for part in self._days)
            and any(_matches_weekday(part, day) for part in self._weekdays)
        )

    def _time_from(self, second: int) -> int | None:
        """Return the first time of a day that is not before a second of it."""
        hour, rest = divmod(second, 3600)
        for one in self._hours[bisect_left(self._hours, hour) :]:
            minute, least = divmod(rest, 60) if one == hour else (0, 0)
            for other in self._minutes[bisect_left(self._minutes, minute) :]:
                at = bisect_left(self._seconds, least if other == minute and one == hour else 0)
                if at < len(self._seconds):
                    return one * 3600 + other * 60 + self._seconds[at]
        return None


@lru_cache(maxsize=256)
def read(text: str) -> Cron:
    """Read a cron expression, or one of cron's names as `@daily`.

    Raises:
        ValueError: it is none.
    """
    return Cron(text)


def _named(field: str, names: dict[str, int]) -> str:
    return re.sub(r"[A-Z]{3}", lambda name: str(names.get(name[0], name[0])), field)


def _numbers(field: str, bounds: tuple[int, int]) -> set[int]:
    found: set[int] = set()
    least, most = bounds
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(field)
        first, last, step = match.groups()
        begin = least if first == "*" else int(first)
        end = int(last) if last else most if first == "*" or step else begin
        if not least <= begin <= end <= most or step == "0":
            raise ValueError(field)
        found.update(range(begin, end + 1, int(step or 1)))
    return found


def _day(part: str) -> str | set[int]:
    """Return numbers, or what must be told from the month: `L`, `L-3`, `15W`, `LW`."""
    if re.fullmatch(r"L|LW|L-\d{1,2}|\d{1,2}W", part, re.ASCII):
        return part
    return _numbers("*" if part == "?" else part, _BOUNDS[3])


def _matches_day(part: str | set[int], day: date) -> bool:
    if isinstance(part, set):
        return day.day in part
    last = calendar.monthrange(day.year, day.month)[1]
    if part == "L":
        return day.day == last
    if part.startswith("L-"):
        return day.day == last - int(part[2:])
    return day == _nearest_weekday(day.replace(day=last if part == "LW" else min(int(part[:-1]), last)), last)


def _nearest_weekday(day: date, last: int) -> date:
    """Return the weekday nearest to a day within its month."""
    if day.weekday() == 5:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.weekday() == 6:
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day


def _weekday(part: str) -> str | set[int]:
    """Return numbers (0 is Sunday), or what must be told from the month: `5L`, `5#2`."""
    if re.fullmatch(r"[0-7]L|[0-7]#[1-5]", part, re.ASCII):
        return part
    return {number % 7 for number in _numbers("*" if part == "?" else part, _BOUNDS[5])}


def _matches_weekday(part: str | set[int], day: date) -> bool:
    number = day.isoweekday() % 7
    if isinstance(part, set):
        return number in part
    if number != int(part[0]) % 7:
        return False
    if part.endswith("L"):
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return (day.day - 1) // 7 + 1 == int(part[2:])

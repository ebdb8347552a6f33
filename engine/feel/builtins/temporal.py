"""Functions of the calendar and the clock.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-temporal/
"""

from __future__ import annotations

from datetime import date

from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.limits import Run
from zeebe_fleet.engine.feel.temporal import DateTime, last_day
from zeebe_fleet.engine.feel.temporal import now as date_time_now

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: tuple[str, ...] = ("January", "February", "March", "April", "May", "June")
_MONTHS += ("July", "August", "September", "October", "November", "December")


@builtin("now", run=True)
def now(run: Run) -> DateTime:
    """Return the engine's time, at UTC."""
    return date_time_now(run.now_ms)


@builtin("today", run=True)
def today(run: Run) -> date:
    """Return the engine's date, at UTC."""
    return date_time_now(run.now_ms).date


@builtin("day of year", "date: day")
def day_of_year(value: date | DateTime) -> int:
    """Count the days from the first of January."""
    return _day(value).timetuple().tm_yday


@builtin("day of week", "date: day")
def day_of_week(value: date | DateTime) -> str:
    """Name the weekday, in English."""
    return _WEEKDAYS[_day(value).weekday()]


@builtin("month of year", "date: day")
def month_of_year(value: date | DateTime) -> str:
    """Name the month, in English."""
    return _MONTHS[_day(value).month - 1]


@builtin("week of year", "date: day")
def week_of_year(value: date | DateTime) -> int:
    """Return the week's number, as ISO 8601 counts."""
    return _day(value).isocalendar().week


@builtin("last day of month", "date: day")
def last_day_of_month(value: date | DateTime) -> date:
    """Return the month's last date."""
    day = _day(value)
    return day.replace(day=last_day(day.year, day.month))


def _day(value: date | DateTime) -> date:
    return value.date if isinstance(value, DateTime) else value

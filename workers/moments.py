"""Dates, times and durations as FEEL and engines write them, where pydantic knows only ISO 8601.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-data-types/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

_CLOCK = r"(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d(?::\d\d)?)?(?:\[([^\]]+)\]|@(.+))?"
_DATE_TIME = re.compile(rf"(\d{{4}}-\d\d-\d\d)T{_CLOCK}", re.ASCII)
_TIME = re.compile(rf"T?{_CLOCK}", re.ASCII)
_DURATION = re.compile(r"(-?)P(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d+)?)S)?)?", re.ASCII)
_LONGEST = 100


def date_time_of(text: str) -> datetime | None:
    """Read a date and time with a zone; the offset beside it tells which of two hours in autumn it is."""
    match = _DATE_TIME.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    day, clock, offset, *zones = match.groups()
    zone = next(filter(None, zones), None)
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{offset or ''}")
        if zone is None:
            return moment
        place = _zone_of(zone)
        if offset is None:
            return None if place is None else moment.replace(tzinfo=place)
        return moment if place is None else moment.astimezone(place)
    except (ValueError, OverflowError):
        return None


def time_of(text: str) -> time | None:
    """Read a time of day with an offset, or a zone where it has none."""
    match = _TIME.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    clock, offset, *zones = match.groups()
    zone = next(filter(None, zones), None)
    try:
        moment = time.fromisoformat(f"{clock}{offset or ''}")
    except ValueError:
        return None
    if zone is None or offset is not None:
        return moment
    place = _zone_of(zone)
    return None if place is None else moment.replace(tzinfo=place)


def duration_of(text: str) -> timedelta | None:
    """Read a duration of days and less, with a sign before all or each of its parts."""
    match = _DURATION.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or text.endswith(("P", "T")):
        return None
    sign, *parts = match.groups()
    try:
        days, hours, minutes, seconds = (float(part or 0) for part in parts)
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None
    return -length if sign else length


def _zone_of(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return None


_READERS: dict[str, Callable[[str], Any]] = {
    "datetime_": date_time_of,
    "time_delta_": duration_of,
    "time_": time_of,
}


def with_moments(value: Any, errors: Sequence[Any]) -> Any:
    """Put moments where pydantic missed them; returns nothing when it missed none.

    Args:
        value: what was validated.
        errors: pydantic's, which tell where a moment should stand: texts elsewhere stay texts.
    """
    found = False
    read = deepcopy(value)
    for error in errors:
        reader = next((one for prefix, one in _READERS.items() if error["type"].startswith(prefix)), None)
        if reader is not None:
            found |= _put(read, error["loc"], reader)
    return read if found else None


def _put(value: Any, path: Sequence[str | int], reader: Callable[[str], Any]) -> bool:
    """Replace the text at a path; of a path, parts that lead nowhere name a branch of a union."""
    place: tuple[Any, Any] | None = None
    for part in path:
        is_there = part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int)
        if is_there:
            place, value = (value, part), value[part]
    if place is None or not isinstance(value, str):
        return False
    moment = reader(value)
    if moment is None:
        return False
    place[0][place[1]] = moment
    return True

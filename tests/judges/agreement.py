"""Whether two engines say the same: values as JSON, temporal ones as the judge writes them."""

from __future__ import annotations

import re
from typing import Any

Answer = dict[str, Any]
"""Either a `value`, or a `failure`."""

_TOLD = 160
_TEMPORAL = re.compile(r"<(Local|Zoned|Offset)?(Date|Time|DateTime)> (.*)")
_AMOUNT = re.compile(r"<(Period|Duration)> ")


def agree(ours: Answer, theirs: Answer) -> bool:
    """Tell whether two answers are one."""
    if "failure" in ours or "failure" in theirs:
        return "failure" in ours and "failure" in theirs
    return same(ours["value"], theirs["value"])


def same(ours: Any, theirs: Any) -> bool:
    """Tell whether two values are one; numbers to eight digits, for doubles lie between."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return abs(ours - theirs) <= 1e-8 * max(1.0, abs(theirs))
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(theirs, str) and theirs.startswith("<"):
        return _is_written(ours, theirs)
    return bool(ours == theirs)


def _is_written(ours: Any, theirs: str) -> bool:
    """Compare with a value that JSON has no word for: functions and ranges are null in a variable."""
    if temporal := _TEMPORAL.fullmatch(theirs):
        return isinstance(ours, str) and _seconds(ours) == _seconds(temporal[3])
    if _AMOUNT.match(theirs):
        return isinstance(ours, str) and ours.lstrip("-").startswith("P")
    return ours is None


def _seconds(text: str) -> str:
    """Return a date or time without its offset, and with seconds that are nought left out."""
    plain = re.sub(r"(Z|[+-]\d\d:\d\d)(\[.*\])?$|\[.*\]$|@.*$", "", text)
    return re.sub(r"(\d\d:\d\d):00(\.0+)?$", r"\1", plain)


def told(answer: Answer) -> str:
    """Write an answer into a result."""
    text = f"failure: {answer['failure']}" if "failure" in answer else repr(answer["value"])
    text = re.sub(r"(/[^/\s:']+)+/", "", text)
    return text if len(text) <= _TOLD else f"{text[:_TOLD]}…"

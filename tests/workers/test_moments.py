"""Moments and other values: each form that FEEL and the engine write is read, and what is written is read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, Field

from zeebe_fleet.deploy.trial import run_task
from zeebe_fleet.engine import feel
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.task import Task

BERLIN = ZoneInfo("Europe/Berlin")
PLUS_ONE = timezone(timedelta(hours=1))

DATE_TIMES = {
    "2026-11-21T10:00:00.123456+01:00[Europe/Berlin]": datetime(2026, 11, 21, 10, 0, 0, 123456, BERLIN),
    "2026-11-21T10:00:00.123456789@Europe/Berlin": datetime(2026, 11, 21, 10, 0, 0, 123456, BERLIN),
    "2026-07-21T10:00+02:00[Europe/Berlin]": datetime(2026, 7, 21, 10, tzinfo=BERLIN),
    "2026-11-21T09:00:00Z[Europe/Berlin]": datetime(2026, 11, 21, 10, tzinfo=BERLIN),
    "2026-11-21T09:00:00Z[UTC]": datetime(2026, 11, 21, 9, tzinfo=UTC),
    "2026-11-21T09:00:00Z[Etc/UTC]": datetime(2026, 11, 21, 9, tzinfo=UTC),
    "2026-11-21T09:00:00Z": datetime(2026, 11, 21, 9, tzinfo=UTC),
    "2026-11-21T10:00:00+01:00": datetime(2026, 11, 21, 10, tzinfo=PLUS_ONE),
    "2026-11-21T10:00:00+01:00:30": datetime(2026, 11, 21, 10, tzinfo=timezone(timedelta(seconds=3630))),
    "2026-11-21T10:00:00": datetime(2026, 11, 21, 10),
    "2026-11-21T10:00": datetime(2026, 11, 21, 10),
    "2026-11-21": datetime(2026, 11, 21),
    "2026-10-25T02:30:00+01:00[Europe/Berlin]": datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
    "2026-11-21T10:00:00+03:00[Nowhere/Land]": datetime(2026, 11, 21, 10, tzinfo=timezone(timedelta(hours=3))),
}
TIMES = {
    "10:00:00": time(10),
    "10:00": time(10),
    "T10:00:00": time(10),
    "10:00:00.123456789": time(10, 0, 0, 123456),
    "10:00:00Z": time(10, tzinfo=UTC),
    "10:00:00+01:00": time(10, tzinfo=PLUS_ONE),
    "10:00:00+01:00[Europe/Berlin]": time(10, tzinfo=PLUS_ONE),
    "10:00:00@Europe/Berlin": time(10, tzinfo=BERLIN),
}
DURATIONS = {
    "P1D": timedelta(days=1),
    "PT1H30M": timedelta(minutes=90),
    "-P1DT2H": -timedelta(days=1, hours=2),
    "PT-1H-30M": -timedelta(minutes=90),
    "P-1DT-2H": -timedelta(days=1, hours=2),
    "PT0.5S": timedelta(milliseconds=500),
    "PT-0.5S": -timedelta(milliseconds=500),
    "P0D": timedelta(),
    "PT36H": timedelta(hours=36),
}


def evaluated(expression: str) -> Any:
    """Return what the engine makes of an expression."""
    return feel.parse(expression).evaluate(lambda _: feel.MISSING, 1_795_000_000_123)


async def read(hint: Any, value: Any) -> Any:
    """Return what a task gets for a variable."""
    got: list[Any] = []

    async def getting(value: Any) -> None:
        got.append(value)

    getting.__annotations__["value"] = hint
    outcome = await run_task(Task("getting", getting), {"value": value})
    assert outcome == Complete({}), outcome
    return got[0]


@pytest.mark.parametrize("text", DATE_TIMES)
async def test_date_time_of_any_form_is_read(text: str) -> None:
    """The moment, the clock, and where it has one the zone, so that an hour later is right in autumn too."""
    moment, wanted = await read(datetime, text), DATE_TIMES[text]
    assert moment == wanted
    assert moment.replace(tzinfo=None) == wanted.replace(tzinfo=None)
    assert moment.utcoffset() == wanted.utcoffset()
    if "[Europe" in text or "@" in text:
        assert moment.tzinfo is BERLIN


@pytest.mark.parametrize("text", TIMES)
async def test_time_of_any_form_is_read(text: str) -> None:
    """With the offset or zone it has."""
    moment = await read(time, text)
    assert (moment.replace(tzinfo=None), moment.utcoffset()) == (
        TIMES[text].replace(tzinfo=None),
        TIMES[text].utcoffset(),
    )


@pytest.mark.parametrize("text", DURATIONS)
async def test_duration_of_any_form_is_read(text: str) -> None:
    """Signs before the parts as well."""
    assert await read(timedelta, text) == DURATIONS[text]


@pytest.mark.parametrize("expression", ["now()", "today()", "time(now())", 'now() + duration("P1D")'])
async def test_what_the_engine_itself_gives_is_read(expression: str) -> None:
    """As text, and as `to json` writes it."""
    hints: dict[str, Any] = {"today()": date, "time(now())": time}
    for written in (f"string({expression})", f"from json(to json({expression}))"):
        value = evaluated(written)
        assert isinstance(value, str)
        assert isinstance(await read(hints.get(expression, datetime), value), hints.get(expression, datetime))


class Stay(BaseModel):
    """One that holds moments."""

    at: list[datetime]
    until: Annotated[datetime | None, Field(alias="to-day")] = None
    name: str = ""


@dataclass
class Booking:
    """One that holds those."""

    stays: dict[str, Stay]
    when: datetime | int | str


async def test_moments_within_models_are_read_and_texts_stay_texts() -> None:
    """However deep; a text that looks like a moment is one only where one is declared."""
    text = "2026-11-21T10:00:00+01:00[Europe/Berlin]"
    stay = {"at": ["2026-01-01T00:00:00Z", text, text], "to-day": text, "name": text}
    booking = await read(Booking, {"stays": {"a.b": stay}, "when": text})
    moment = datetime(2026, 11, 21, 10, tzinfo=BERLIN)
    assert booking.stays["a.b"].at[1:] == [moment, moment]
    assert booking.stays["a.b"].until == moment
    assert booking.stays["a.b"].name == text
    assert booking.when == text


@pytest.mark.parametrize("text", ["2026-13-01T00:00:00@Europe/Berlin", "soon", "2026-11-21T10:00:00@Nowhere/Land"])
async def test_what_is_no_moment_is_refused_without_its_value(text: str) -> None:
    """As before."""

    async def getting(value: datetime) -> None: ...

    outcome = await run_task(Task("getting", getting), {"value": text})
    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    assert "value: " in outcome.message
    assert text not in outcome.message


class Colour(Enum):
    """Of any kind."""

    RED = "red"


class Size(StrEnum):
    """Of texts."""

    LARGE = "large"


class Level(IntEnum):
    """Of numbers."""

    HIGH = 3


WRITTEN: dict[str, tuple[Any, Any, Any]] = {
    "Decimal": (Decimal, Decimal("9.50"), "9.50"),
    "Enum": (Colour, Colour.RED, "red"),
    "StrEnum": (Size, Size.LARGE, "large"),
    "IntEnum": (Level, Level.HIGH, 3),
    "UUID": (UUID, UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    "timedelta": (timedelta, timedelta(days=1, hours=2), "P1DT2H"),
    "negative timedelta": (timedelta, -timedelta(hours=2), "-PT2H"),
    "date": (date, date(2026, 11, 21), "2026-11-21"),
    "time": (time, time(10, 30), "10:30:00"),
    "datetime": (datetime, datetime(2026, 11, 21, 10, tzinfo=UTC), "2026-11-21T10:00:00Z"),
    "datetime with a zone": (datetime, datetime(2026, 11, 21, 10, tzinfo=BERLIN), "2026-11-21T10:00:00+01:00"),
    "set": (set[str], {"one"}, ["one"]),
    "frozenset": (frozenset[int], frozenset({1}), [1]),
    "tuple": (tuple[int, str], (1, "a"), [1, "a"]),
    "path": (Path, Path("a/b"), "a/b"),
}
FEEL: dict[str, Callable[[str], str]] = {
    "timedelta": lambda text: f'duration("{text}") = duration("P1DT2H")',
    "negative timedelta": lambda text: f'duration("{text}") = duration("PT2H") * -1',
    "date": lambda text: f'date("{text}") = date(2026, 11, 21)',
    "time": lambda text: f'time("{text}") = time(10, 30, 0)',
    "datetime": lambda text: f'date and time("{text}").hour = 10',
    "datetime with a zone": lambda text: f'date and time("{text}").hour = 10',
    "Decimal": lambda text: f'number("{text}") = 9.5',
}


@pytest.mark.parametrize("what", WRITTEN)
async def test_value_is_written_as_documented_and_comes_back(what: str) -> None:
    """Returned by one task, read by FEEL and by the next one."""
    hint, value, written = WRITTEN[what]

    async def returning() -> dict[str, Any]:
        return {"value": value}

    outcome = await run_task(Task("returning", returning))
    assert isinstance(outcome, Complete)
    text = outcome.variables["value"]
    assert text == written or what.endswith("timedelta")
    assert await read(hint, text) == value
    if what in FEEL:
        assert evaluated(FEEL[what](text)) is True

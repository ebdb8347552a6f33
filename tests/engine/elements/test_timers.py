"""Timers: when they fire, how often, and what they interrupt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.engine.core.acting import BEGIN_MS, HOUR_MS, SECOND_MS, Acting, end, nothing_left, process, sub, task, timer
from tests.engine.core.acting import io as mappings
from tests.engine.model.writing import boundary, element, flows
from zeebe_fleet.engine.core import commands, cron

LATE_MS = 64
"""How late a timer may be."""


def waiting(kind: str, value: str) -> str:
    """Write a process that waits for a timer."""
    return process(element("intermediateCatchEvent", "wait", timer(kind, value)), end(), flows("start", "wait", "end"))


def guarded(kind: str, value: str, *, interrupting: bool = True) -> str:
    """Write a task with a timer at its boundary."""
    return process(
        task("work"),
        boundary("late", "work", timer(kind, value), interrupting=interrupting),
        task("after", job_type="after"),
        flows("start", "work"),
        flows("late", "after"),
    )


@pytest.mark.parametrize(
    ("kind", "value", "after_ms"),
    [
        ("timeDuration", "PT5S", 5_000),
        ("timeDuration", '=duration("PT" + string(n) + "S")', 7_000),
        ("timeDuration", "=span", 90_000),
        ("timeDuration", "P1DT1H", 25 * HOUR_MS),
        ("timeDate", "2027-01-15T08:00:10Z", 10_000),
        ("timeDate", '=date and time("2027-01-15T09:00:10+01:00")', 10_000),
        ("timeDate", "=now() + duration(span)", 90_000),
        ("timeDate", "2027-01-15T09:00:10+01:00[Europe/Berlin]", 10_000),
    ],
)
def test_timer_fires_at_its_time_and_not_before(kind: str, value: str, after_ms: int) -> None:
    """B29: dates and durations, as text and as expressions."""
    assert datetime(2027, 1, 15, 8, tzinfo=UTC).timestamp() * 1000 == BEGIN_MS
    acting = Acting()
    instance = acting.begun(waiting(kind, value.replace('"', "&quot;")), n=7, span="PT1M30S")
    acting.pass_time(after_ms - 1)
    assert not acting.is_over(instance)
    acting.pass_time(1 + LATE_MS)

    assert acting.is_over(instance)


@pytest.mark.parametrize(
    ("kind", "value"), [("timeDuration", "PT0S"), ("timeDuration", "-PT5S"), ("timeDate", "2020-01-01T00:00:00Z")]
)
def test_timer_in_the_past_fires_now(kind: str, value: str) -> None:
    """B29: zero, negative, or long ago."""
    acting = Acting()
    instance = acting.begun(waiting(kind, value))
    acting.pass_time(LATE_MS)

    assert acting.is_over(instance)


@pytest.mark.parametrize(
    ("kind", "given"), [("timeDuration", None), ("timeDuration", "soon"), ("timeDate", 5), ("timeDate", "soon")]
)
def test_timer_without_a_time_is_an_incident_until_it_has_one(kind: str, given: object) -> None:
    """B29, B48: the expression is evaluated again when the incident is resolved."""
    acting = Acting()
    instance = acting.begun(waiting(kind, "=t"), t=given)
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "wait")
    acting.set(instance, t="PT1S" if kind == "timeDuration" else "2027-01-15T08:00:01Z")
    acting.resolve()
    acting.pass_time(SECOND_MS + LATE_MS)

    assert acting.is_over(instance)


def test_interrupting_timer_ends_its_activity_while_the_job_is_out() -> None:
    """B29: the job is gone for its worker, and the way from the timer is taken."""
    acting = Acting()
    acting.begun(guarded("timeDuration", "PT5S"))
    key = acting.take().key
    acting.pass_time(5_000 + LATE_MS)

    assert acting.refused(commands.CompleteJob(key)).kind == "NOT_FOUND"
    assert acting.active() == ["after"]


def test_completed_activity_has_no_timer_any_more() -> None:
    """B29: what was waited for at its boundary is closed."""
    acting = Acting()
    instance = acting.begun(guarded("timeDuration", "PT5S"))
    acting.complete()
    acting.pass_time(HOUR_MS)

    assert acting.is_over(instance)
    nothing_left(acting)


@pytest.mark.parametrize(
    ("value", "times"), [("R2/PT10S", 2), ("R/PT10S", 5), ("R1/PT10S", 1), ("R3/2027-01-15T08:00:10Z/PT10S", 3)]
)
def test_cycle_fires_as_often_as_it_says(value: str, times: int) -> None:
    """B29: on a boundary that does not interrupt; counted from when it was due, so that it never drifts."""
    acting = Acting()
    acting.begun(guarded("timeCycle", value, interrupting=False))
    for _ in range(5):
        acting.pass_time(10_000 + LATE_MS // 8)
    acting.pass_time(LATE_MS)

    assert acting.jobs() == ["a"] + ["after"] * times


@pytest.mark.parametrize("value", ["R3/PT0S", "R3/-PT1H", "R3/PT0.0001S"])
def test_cycle_that_leads_nowhere_fires_at_once_as_often_as_it_says(value: str) -> None:
    """B29: zero and negative intervals are over at once."""
    acting = Acting()
    acting.begun(guarded("timeCycle", value, interrupting=False))
    acting.pass_time(LATE_MS)

    assert acting.jobs() == ["a"] + ["after"] * 3


@pytest.mark.parametrize(
    "value", ["R/PT0S", "R/-PT1H", "R/PT-5S", "R/PT0.0001S", "R/P0D", "R-1/PT0S", "R0/PT0S", "R999999999/PT0S"]
)
def test_cycle_that_never_comes_to_its_end_is_an_incident_until_it_can(value: str) -> None:
    """B29: firing for ever at one moment, it would keep the engine from everything else."""
    acting = Acting()
    instance = acting.begun(guarded("timeCycle", "=t", interrupting=False), t=value)
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "work")
    acting.set(instance, t="R2/PT10S")
    acting.resolve()
    acting.pass_time(HOUR_MS)

    assert acting.jobs() == ["a"] + ["after"] * 2


def test_cycle_whose_interval_turns_back_ends_there() -> None:
    """B29: a month without thirty days is a day, until it is none from the 29th of January."""
    acting = Acting()
    acting.begun(guarded("timeCycle", "R/P1M-30D", interrupting=False))
    for _ in range(60):
        acting.pass_time(24 * HOUR_MS)

    assert acting.jobs() == ["a"] + ["after"] * 14


def test_cycle_goes_on_after_a_restart() -> None:
    """B29: with the firings that are left."""
    acting = Acting()
    acting.begun(guarded("timeCycle", "R3/PT10S", interrupting=False))
    acting.pass_time(10_000 + LATE_MS)
    acting = acting.restarted()
    acting.pass_time(HOUR_MS)

    assert acting.jobs() == ["a"] + ["after"] * 3


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        ("0 0/15 * * * *", [15, 30, 45, 60]),
        ("0 30 9-17 * * MON-FRI", [90, 150]),
        ("@hourly", [60, 120]),
        ("0 0 0 1 * *", [17 * 24 * 60 - 8 * 60]),
        ("0 0 8 L * *", [16 * 24 * 60]),
        ("0 0 12 ? * SUN", [2 * 24 * 60 + 4 * 60]),
    ],
)
def test_cron_fires_at_its_minutes(value: str, minutes: list[int]) -> None:
    """B29: six fields, seconds first, or one of cron's names; 2027-01-15 is a Friday, and it is 8 o'clock UTC."""
    acting = Acting()
    acting.begun(guarded("timeCycle", value, interrupting=False))
    at = 0
    for nth, minute in enumerate(minutes):
        acting.pass_time((minute - at) * 60_000 - 1)
        assert acting.jobs().count("after") == nth
        acting.pass_time(1 + LATE_MS)
        assert acting.jobs().count("after") == nth + 1
        acting.now_ms -= LATE_MS
        at = minute


def test_timer_at_a_subprocess_ends_all_that_is_inside() -> None:
    """B29, B30: jobs, timers and called things inside are gone; the way from the timer is taken once."""
    inner = (
        element("parallelGateway", "fork"),
        task("one"),
        task("two"),
        element("intermediateCatchEvent", "wait", timer("timeDuration", "PT9H")),
        flows("s-start", "fork", "one"),
        flows("fork", "two"),
        flows("fork", "wait"),
    )
    acting = Acting()
    instance = acting.begun(
        process(
            sub("s", *inner),
            boundary("late", "s", timer("timeDuration", "PT5S")),
            task("after", job_type="after"),
            flows("start", "s"),
            flows("late", "after"),
        )
    )
    acting.pass_time(5_000 + LATE_MS)
    assert acting.active() == ["after"]
    acting.complete("after")

    assert acting.is_over(instance)
    nothing_left(acting)


def test_timer_of_an_activity_that_is_being_left_interrupts_nothing() -> None:
    """B29: an activity that stands still at its output mapping is not interrupted any more."""
    acting = Acting()
    model = guarded("timeDuration", "PT5S").replace(
        'retries="3" />', 'retries="3" />' + mappings(("output", "=assert(x, x != null)", "y")), 1
    )
    instance = acting.begun(model)
    acting.complete("a", z=1)
    acting.pass_time(HOUR_MS)
    assert acting.told()[:2] == ("IO_MAPPING_ERROR", "work")
    acting.set(instance, x=1)
    acting.resolve()

    assert acting.ended(instance)["y"] == 1


def test_first_of_two_interrupting_timers_wins() -> None:
    """B29: both are due when they are looked at; only one way is taken."""
    acting = Acting()
    acting.begun(
        process(
            task("work"),
            boundary("one", "work", timer("timeDuration", "PT1S")),
            boundary("two", "work", timer("timeDuration", "PT2S")),
            task("after-one", job_type="one"),
            task("after-two", job_type="two"),
            flows("start", "work"),
            flows("one", "after-one"),
            flows("two", "after-two"),
        )
    )
    acting.pass_time(HOUR_MS)

    assert acting.jobs() == ["one"]


@pytest.mark.parametrize("host", ["task", "sub"])
def test_boundary_whose_time_cannot_be_told_is_an_incident_of_its_activity(host: str) -> None:
    """B29, B48: nothing of the activity has begun then: no job, no subscription; resolved, all of it begins."""
    inside = task("work") if host == "task" else sub("work", task("in"), flows("work-start", "in"))
    acting = Acting()
    instance = acting.begun(
        process(
            inside,
            boundary("ok", "work", timer("timeDuration", "PT1H")),
            boundary("late", "work", timer("timeDuration", "=t")),
            end(),
            flows("start", "work"),
            flows("late", "end"),
            flows("ok", "end"),
        )
    )
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "work")
    assert acting.jobs() == []
    assert not acting.state.catches
    acting.set(instance, t="PT5S")
    acting.resolve()
    assert acting.jobs() == ["a"]
    acting.pass_time(6_000)

    assert acting.is_over(instance)
    nothing_left(acting)


def test_cycle_that_cannot_be_read_is_an_incident() -> None:
    """B29, B48: an expression may give a cycle, in either notation, or something else."""
    for given, reads in (
        ("R2/PT1S", True),
        ("0 * * * * *", True),
        ("0 * * * *", False),
        ("R2/soon", False),
        (5, False),
    ):
        acting = Acting()
        acting.begun(guarded("timeCycle", "=c", interrupting=False), c=given)
        assert bool(acting.state.incidents) is not reads, given


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("0 0 0 29 2 ?", "2028-02-29T00:00:00"),
        ("0 0 0 LW * *", "2027-01-29T00:00:00"),
        ("0 0 0 L-2 * *", "2027-01-29T00:00:00"),
        ("0 0 0 16W * *", "2027-02-16T00:00:00"),
        ("0 0 0 31W JAN *", "2027-01-29T00:00:00"),
        ("0 0 0 ? * 5L", "2027-01-29T00:00:00"),
        ("0 0 0 ? * MON#2", "2027-02-08T00:00:00"),
        ("30 15 10 * JAN,FEB 1-5", "2027-01-15T10:15:30"),
        ("*/20 * * * * *", "2027-01-15T08:00:20"),
        ("0 0 9-17/4 * * SAT,SUN", "2027-01-16T09:00:00"),
        ("0 0 0 30 2 ?", ""),
    ],
)
def test_cron_s_days_are_spring_s(value: str, wanted: str) -> None:
    """B29: lists, ranges, steps, names; the last, the nearest weekday, the nth of a month; a day that never comes."""
    due_ms = cron.read(value).after(BEGIN_MS)

    assert ("" if due_ms is None else datetime.fromtimestamp(due_ms / 1000, UTC).isoformat()[:19]) == wanted

"""What is owed and can never be told: an incident with the reason and a way out, and never silence."""

from __future__ import annotations

import uuid
from typing import Any, cast

import pytest
import structlog

from zeebe_fleet.workers.contract.errors import (
    EngineBroke,
    EngineConflict,
    EngineError,
    EngineGone,
    EngineRejected,
    EngineUnavailable,
)
from zeebe_fleet.workers.contract.outcomes import Fail
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Owed
from zeebe_fleet.workers.relay import Relay

THROWN = Owed(1, "THROW_ERROR", 7, {"code": "C", "message": "m", "variables": {}}, attempts=1, step_id=3, fence=1)
DONE = Owed(2, "COMPLETE", 7, {"variables": {}}, attempts=1, step_id=3, fence=1)
ANSWER = Owed(3, "COMPLETE", 7, {"variables": {}}, attempts=1, activity_id=uuid.uuid4())
CANCEL = Owed(4, "CANCEL", None, {}, attempts=1, workflow_id=uuid.uuid4())


class Outbox:
    """Notes what it is told."""

    def __init__(self, *owed: Owed, is_current: bool = True) -> None:
        self._owed = list(owed)
        self._is_current = is_current
        self.said: list[tuple[str, Any]] = []

    async def due(self, _: int) -> list[Owed]:
        owed, self._owed = self._owed, []
        return owed

    async def current(self, _: Owed) -> bool:
        return self._is_current

    async def instance_of(self, _: uuid.UUID) -> int:
        return 5

    async def told(self, _: Owed, answer: Answer) -> None:
        self.said.append(("told", answer))

    async def refused(self, _: Owed, reason: str) -> None:
        self.said.append(("refused", reason))

    async def held_up(self, _: Owed, reason: str) -> None:
        self.said.append(("held up", reason))


class Engine:
    """Answers each verb with one error, and takes failures unless it shall not."""

    def __init__(self, error: Exception, on_fail: EngineError | None = None) -> None:
        self._error = error
        self._on_fail = on_fail
        self.failed: list[Fail] = []

    async def complete(self, *_: Any) -> None:
        raise self._error

    throw_error = cancel = complete

    async def fail(self, _: int, outcome: Fail) -> None:
        if self._on_fail:
            raise self._on_fail
        self.failed.append(outcome)


async def sent(owed: Owed, engine: Engine, **options: Any) -> tuple[list[tuple[str, Any]], list[Any]]:
    """Let a relay tell it; returns what the records are told, and the log."""
    outbox = Outbox(owed, **options)
    relay = Relay(cast("Any", outbox), cast("Any", None), cast("Any", engine))
    with structlog.testing.capture_logs() as lines:
        await relay.send_due()
    return outbox.said, lines


@pytest.mark.parametrize("error", [EngineConflict("It is a message throw event."), EngineRejected("No such thing.")])
async def test_business_error_that_the_engine_does_not_take_becomes_an_incident_there(error: EngineError) -> None:
    """A message throw event and an execution listener take none: the engine's words are shown, with a way out."""
    engine = Engine(error)
    said, lines = await sent(THROWN, engine)
    (failed,) = engine.failed
    assert failed.retries == 0
    assert "'C'" in failed.message
    assert error.message in failed.message
    assert "then resolve this incident" in failed.message
    assert said == [("refused", failed.message)]
    assert [line["event"] for line in lines] == ["owed.refused"]


async def test_business_error_that_was_thrown_before_is_told() -> None:
    """Such a job cannot fail either: the engine has its incident already."""
    said, _ = await sent(THROWN, Engine(EngineConflict("Thrown."), on_fail=EngineConflict("Thrown.")))
    assert said == [("told", Answer.DONE)]


async def test_business_error_of_a_step_that_others_hold_is_left_to_them() -> None:
    """Their outcome counts; the job they have must not fail."""
    engine = Engine(EngineConflict("No."))
    said, _ = await sent(THROWN, engine, is_current=False)
    assert not engine.failed
    assert said == []


async def test_result_that_the_engine_refuses_becomes_an_incident_there() -> None:
    """What was done stays done: its words say that it is not run again."""
    engine = Engine(EngineRejected("Too large."))
    said, _ = await sent(DONE, engine)
    (failed,) = engine.failed
    assert "Too large." in failed.message
    assert "not run again" in failed.message
    assert said == [("refused", failed.message)]


async def test_answer_that_the_engine_refuses_goes_back_to_people() -> None:
    """Its job waits on: nothing fails at the engine."""
    engine = Engine(EngineRejected("Too large."))
    said, lines = await sent(ANSWER, engine)
    assert not engine.failed
    assert [what for what, _ in said] == ["refused"]
    assert lines


@pytest.mark.parametrize("owed", [THROWN, DONE, ANSWER, CANCEL])
async def test_job_that_is_gone_when_it_shall_fail_is_gone(owed: Owed) -> None:
    """Cancelled in between."""
    said, _ = await sent(owed, Engine(EngineGone("Gone.")))
    assert said == [("told", Answer.GONE)]


@pytest.mark.parametrize("owed", [THROWN, DONE, ANSWER, CANCEL])
@pytest.mark.parametrize("error", [EngineBroke("INTERNAL."), ValueError("secret"), KeyError("x")])
async def test_what_breaks_again_and_again_is_shown_and_tried_on(owed: Owed, error: Exception) -> None:
    """Of all that the engine hears, this breaks it, or us: an incident says so, and each try has its line."""
    from dataclasses import replace

    first, lines = await sent(owed, Engine(error))
    assert [what for what, _ in first] == ["told"]
    assert lines
    said, _ = await sent(replace(owed, attempts=10), Engine(error))
    assert [what for what, _ in said] == ["held up", "told"]
    assert "secret" not in said[0][1]
    assert said[1][1] is Answer.LATER


async def test_engine_that_is_down_holds_nobody_up() -> None:
    """It passes by itself: no incidents for it, however long it takes."""
    from dataclasses import replace

    said, _ = await sent(replace(DONE, attempts=1000), Engine(EngineUnavailable("No answer.")))
    assert said == [("told", Answer.LATER)]

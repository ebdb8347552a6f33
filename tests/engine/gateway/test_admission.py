"""A set limit of commands at work at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from zeebe_fleet.engine.admission import Admission
from zeebe_fleet.engine.core.commands import BroadcastSignal, CompleteJob, CreateInstance, FailJob, ThrowError
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.gateway.status import status_of
from zeebe_fleet.engine.pump import Overloaded, Pump, open_pump

SIGNAL = BroadcastSignal("s")
NOBODY = 2251799813999999


@pytest.fixture
async def pump() -> AsyncIterator[Pump]:
    """A pump that keeps nothing; commands begun in one turn of the loop are at work together."""
    pump = open_pump(None)
    await pump.start()
    yield pump
    await pump.stop()


async def outcomes(admission: Admission, *commands: Any) -> list[Any]:
    """What becomes of commands that begin together."""
    return await asyncio.gather(*(admission.run(one) for one in commands), return_exceptions=True)


async def test_a_limit_refuses_what_comes_on_top(pump: Pump) -> None:
    """Points 51 and 53: those are counted, and later ones are let in again."""
    admission = Admission(pump, 2)
    for dropped in (1, 2):
        *admitted, refused = await outcomes(admission, SIGNAL, SIGNAL, SIGNAL)
        assert all(isinstance(one, int) for one in admitted)
        assert status_of(refused)[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert admission.dropped == dropped


@pytest.mark.parametrize("ending", [CompleteJob(NOBODY), FailJob(NOBODY, 1), ThrowError(NOBODY, "E")])
async def test_a_limit_never_refuses_what_ends_work(pump: Pump, ending: Any) -> None:
    """They count, though: who would start something while they are at work is refused."""
    admission = Admission(pump, 1)
    _, ended, refused = await outcomes(admission, SIGNAL, ending, SIGNAL)
    assert isinstance(ended, Rejected)
    assert isinstance(refused, Overloaded)
    first, refused = await outcomes(admission, ending, SIGNAL)
    assert isinstance(first, Rejected)
    assert isinstance(refused, Overloaded)


async def test_a_limit_holds_for_polls_and_awaited_instances(pump: Pump) -> None:
    """They are refused at the limit, and count for nothing while they wait."""
    admission = Admission(pump, 1)
    at_work = asyncio.ensure_future(admission.run(SIGNAL))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        admission.check()
    with pytest.raises(Overloaded):
        await admission.run_to_end(CreateInstance("p"), ())
    await at_work
    admission.check()
    assert admission.dropped == 2


async def test_without_a_limit_everything_is_let_in(pump: Pump) -> None:
    """The default."""
    admission = Admission(pump)
    assert all(isinstance(one, int) for one in await outcomes(admission, *[SIGNAL] * 200))
    assert admission.dropped == 0

"""What a sweep goes on without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import structlog

from zeebe_fleet.workers.contract.errors import EngineDenied, EngineError, EngineRejected
from zeebe_fleet.workers.contract.ports import OpenIncident
from zeebe_fleet.workers.relay import Relay


class Sweeper:
    """Knows of nothing quiet, and notes what holds workflows up."""

    def __init__(self) -> None:
        self.told: list[Sequence[OpenIncident]] = []

    async def quiet(self, _: int) -> list[Any]:
        return []

    async def alive(self, _: Sequence[Any]) -> None:
        pass

    async def settle_uncertain(self) -> None:
        pass

    async def hold_up(self, incidents: Sequence[OpenIncident], *, whole: bool) -> None:
        self.told.append(incidents)


class Asked:
    """An engine that answers questions after incidents one after the other."""

    def __init__(self, *answers: EngineError | None) -> None:
        self._answers = iter(answers)

    async def newest_incidents(self, _: int) -> list[OpenIncident]:
        if error := next(self._answers):
            raise error
        return []


async def test_sweep_goes_on_where_incidents_cannot_be_read() -> None:
    """A wrong password for Operate is said once, and so is another reason; nothing is taken for resolved."""
    denied = EngineDenied("Operate answered 401.")
    other = EngineDenied("Operate answered 403.")
    answers = (denied, denied, other, EngineRejected("It never can."), None, denied)
    sweeper = Sweeper()
    relay = Relay(cast("Any", None), cast("Any", sweeper), cast("Any", Asked(*answers)))
    with structlog.testing.capture_logs() as lines:
        for _ in answers:
            await relay.sweep()
    assert [(line["event"], line.get("why")) for line in lines] == [
        ("incidents.waiting", "Operate answered 401."),
        ("incidents.waiting", "Operate answered 403."),
        ("incidents.unknown", "It never can."),
        ("incidents.again", None),
        ("incidents.waiting", "Operate answered 401."),
    ]
    assert sweeper.told == [[]]

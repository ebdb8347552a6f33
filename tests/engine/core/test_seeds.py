"""What random functions of FEEL draw from."""

from __future__ import annotations

from zeebe_fleet.engine.core.expressions import evaluate
from zeebe_fleet.engine.core.machine import Machine
from zeebe_fleet.engine.elements import BEHAVIOURS
from zeebe_fleet.engine.feel import parse


def test_uuid_is_another_for_each_evaluation() -> None:
    """Also within one millisecond."""
    machine = Machine(BEHAVIOURS)

    drawn = {evaluate(machine, None, parse("uuid()")) for _ in range(100)}

    assert len(drawn) == 100

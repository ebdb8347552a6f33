"""What was written gives the state again that the run had: random models, random commands, random times."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.engine.durability.models import Block, blocks
from tests.engine.durability.runs import Choice, Run, choices, image, stuck
from zeebe_fleet.engine.core import machine

# Shrinking takes minutes: whoever has a failure adds `Phase.shrink`.
_SETTINGS = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands cut off often: what is left of them has to outlive a restart too."""
    monkeypatch.setattr(machine, "SLICE", 25)


@_SETTINGS
@given(blocks, blocks, choices)
def test_replay_equals_the_run(one: Block, other: Block, chosen: list[Choice]) -> None:
    """From all records; from checkpoints and the records behind; and again from a checkpoint made of those."""
    run = Run([one, other])
    for choice in chosen:
        run.do(choice)
    run.settle()
    ran = image(run.machine.state)
    assert image(run.everything.machine().state) == ran
    again = run.disk.machine()
    assert image(again.state) == ran
    run.disk.save(again.state)
    assert image(run.disk.machine().state) == ran
    assert stuck(run) == []

"""Functions that Zeebe adds to FEEL."""

from __future__ import annotations

import pytest

from tests.engine.feel.evaluation import value_of


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('cycle(duration("PT1H"))', "R/PT1H"),
        ('cycle(3, duration("PT1H"))', "R3/PT1H"),
        ('cycle(null, duration("P2M"))', "R/P2M"),
        ('cycle(repetitions: 3, interval: duration("P7D"))', "R3/P7D"),
        ('cycle("3", duration("PT1H"))', None),
        ('cycle(1.5, duration("PT1H"))', None),
        ('cycle("PT1H")', None),
        ("cycle(null)", None),
        ('fromAi("berlin", "Where to")', "berlin"),
        ('fromAi(value: "berlin", description: "Where to", type: "string")', "berlin"),
        ("fromAi(toolCall.city)", None),
    ],
)
def test_zeebe_adds(expression: str, value: object) -> None:
    """Cycles for timers, and what an agent fills in."""
    assert value_of(expression) == value

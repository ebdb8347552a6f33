"""The verdicts of others: each difference has a reason, and there are no more than there were."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.judges.agreement import agree
from tests.judges.clients.programs import PROGRAMS
from tests.judges.clients.test_clients import CASES

HERE = Path(__file__).parent
REASONS: dict[str, dict[str, list[Any]]] = tomllib.loads((HERE / "differences.toml").read_text("utf-8"))
LEAST = {"feel": 0.99, "dmn": 0.95}


def verdicts(name: str) -> dict[str, Any]:
    """Return a result as it was written."""
    found: dict[str, Any] = json.loads((HERE / "results" / f"{name}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", LEAST)
def test_every_difference_has_a_reason_and_no_reason_is_left_over(name: str) -> None:
    """Whoever brings a new difference says why; whoever mends one takes its reason out."""
    found = Counter(case_id.split()[0] for case_id in verdicts(name)["differs"])

    assert dict(found) == {folder: count for folder, (count, _) in REASONS[name].items()}


@pytest.mark.parametrize("name", LEAST)
def test_most_is_as_camundas_own_engine_says(name: str) -> None:
    """The share that was promised."""
    found = verdicts(name)

    assert 1 - len(found["differs"]) / found["cases"] >= LEAST[name]
    assert len(found["commit"]) == 40


def test_camundas_clients_find_what_they_expect() -> None:
    """Each was asked for the same, and none had anything to complain of."""
    found = verdicts("clients")

    assert set(found) == set(PROGRAMS)
    assert {name: one["breaks"] for name, one in found.items() if one["breaks"]} == {}
    assert min(one["cases"] for one in found.values()) >= len(CASES)


@pytest.mark.parametrize(
    ("ours", "theirs", "is_one"),
    [
        ({"value": 1}, {"value": 1.0000000001}, True),
        ({"value": 1}, {"value": True}, False),
        ({"value": {"a": [1, None]}}, {"value": {"a": [1, None]}}, True),
        ({"value": {"a": 1}}, {"value": {"a": 1, "b": None}}, False),
        ({"value": "2020-01-01"}, {"value": "<LocalDate> 2020-01-01"}, True),
        ({"value": "2020-01-01"}, {"value": "<LocalDate> 2020-01-02"}, False),
        ({"value": "10:30:00"}, {"value": "<LocalTime> 10:30"}, True),
        ({"value": None}, {"value": "<ValFunction> f"}, True),
        ({"failure": "so"}, {"failure": "otherwise"}, True),
        ({"failure": "so"}, {"value": None}, False),
    ],
)
def test_answers_are_compared_by_what_they_mean(ours: Any, theirs: Any, is_one: bool) -> None:
    """A comparison that cannot fail would prove nothing."""
    assert agree(ours, theirs) is is_one

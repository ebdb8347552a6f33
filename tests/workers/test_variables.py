"""What a result may hold, and how what it may not is refused: at once, before anything commits, by its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from zeebe_fleet.adapters.zeebe.messages import document
from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.workers.contract.errors import BusinessError, EngineRejected
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.variables import MAX_LEVELS, unfit
from zeebe_fleet.workers.task import task


def deep(levels: int) -> Any:
    """Return lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


UNFIT = {
    "NUL": "a\x00b",
    "half a character": "\ud83d",
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "2**63": 2**63,
    "2**70": 2**70,
    "-2**70": -(2**70),
    "10**20": 10**20,
    "1e20": 1e20,
    "a long number": 10**5000,
    "bytes": b"\xff\x00",
    "deep": deep(MAX_LEVELS + 1),
    "very deep": deep(5_000),
    "an object": object(),
    "a name": {"a\x00b": 1},
}
FIT = {
    "the greatest": 2**63 - 1,
    "the least": -(2**63),
    "a double": 9.2e18,
    "a small one": 1e-300,
    "levels": deep(MAX_LEVELS - 1),
    "text": "Ünïcödé 🎉 \x01\x7f",
    "nothing": None,
}


@pytest.mark.parametrize("what", UNFIT)
async def test_result_that_cannot_be_kept_is_an_incident_at_once_that_names_its_path(what: str) -> None:
    """Returned or thrown; the value itself is not told."""

    @task("returning")
    async def returning() -> dict[str, Any]:
        return {"order": {"lines": [1, UNFIT[what]]}}

    @task("throwing")
    async def throwing() -> None:
        raise BusinessError("ODD", variables={"order": {"lines": [1, UNFIT[what]]}})

    for action in (returning, throwing):
        outcome = await run_task(action, step=StepInfo(retries=3))
        assert isinstance(outcome, Fail)
        assert outcome.retries == 0
        assert "order" in outcome.message
        if "deep" not in what:
            assert "order.lines[1]" in outcome.message
        assert "0000" not in outcome.message


@pytest.mark.parametrize("what", FIT)
async def test_result_that_can_be_kept_is_kept_as_it_is(what: str) -> None:
    """Up to the very limits."""

    @task("returning")
    async def returning() -> dict[str, Any]:
        return {"value": FIT[what]}

    assert await run_task(returning) == Complete({"value": FIT[what]})
    assert document({"value": FIT[what]})


class Line(BaseModel):
    """A line of an order."""

    picture: bytes


@dataclass
class Order:
    """An order."""

    lines: list[Line]


async def test_what_cannot_be_written_is_found_in_models_too() -> None:
    """By the names of their fields."""

    @task("returning")
    async def returning() -> dict[str, Order]:
        return {"order": Order([Line(picture=b"plain"), Line(picture=b"\xff")])}

    outcome = await run_task(returning)
    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    assert "order.lines[1].picture" in outcome.message


@pytest.mark.parametrize("what", UNFIT)
def test_document_that_the_engine_cannot_hold_is_not_sent(what: str) -> None:
    """The last look: what was committed before today's rules still does not hang."""
    with pytest.raises(EngineRejected, match=r"order"):
        document({"order": {"lines": [1, UNFIT[what]]}})


def test_path_is_written_as_feel_would() -> None:
    """Names that are no identifiers are quoted."""
    assert unfit({"order-id": [{"a b": "\x00"}]}).startswith("['order-id'][0]['a b'] ")
    assert unfit({}) == ""

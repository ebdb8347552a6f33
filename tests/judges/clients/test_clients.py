"""Camunda's own clients, unmodified, against an engine of its own process."""

from __future__ import annotations

import pytest

from tests.engine.process.box import box
from tests.judges.clients.programs import PROGRAMS, NotFetched

CASES = {
    "topology",
    "deployment",
    "start",
    "worker",
    "message",
    "user_task",
    "search",
    "incident",
    "error",
    "variables",
    "cancellation",
    "decision",
    "refusal",
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PROGRAMS)
async def test_client_finds_a_camunda(name: str) -> None:
    """Every case goes as its documentation says, under whatever the client itself checks."""
    async with box("--memory") as engine:
        try:
            verdict = await PROGRAMS[name].judge(engine.rest, engine.grpc)
        except NotFetched as missing:
            pytest.skip(str(missing))
    assert not verdict.breaks
    assert set(verdict.works) >= CASES
    assert verdict.client.startswith(f"{name} ")

"""What a worker's wish means."""

from __future__ import annotations

import pytest

from zeebe_fleet.engine.wishes import wait_s


@pytest.mark.parametrize(("sent_ms", "waits_s"), [(-1, None), (0, 10.0), (1, 0.001), (25_000, 25.0)])
def test_a_poll_waits_as_it_is_told(sent_ms: int, waits_s: float | None) -> None:
    """Point 12: 0 leaves it to the engine, less is no wait at all."""
    assert wait_s(sent_ms) == waits_s

"""Commands that a test runs in its own process leave that process's logs alone."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def logs_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else they would go on to what was standard error while the command ran, and is closed afterwards."""
    monkeypatch.setattr("zeebe_fleet.deploy.logs.configure_logs", lambda *_, **__: None)

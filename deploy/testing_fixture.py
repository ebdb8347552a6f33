"""The engine in the box as a fixture of pytest: import it in a `conftest.py`.

Public in `zeebe_fleet.testing`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zeebe_fleet.deploy.testing_engine import RunningEngine, running_engine


@pytest.fixture
def zeebe_engine() -> Iterator[RunningEngine]:
    """An engine of the test's own: in `conftest.py`, `from zeebe_fleet.testing import zeebe_engine`."""
    with running_engine() as engine:
        yield engine

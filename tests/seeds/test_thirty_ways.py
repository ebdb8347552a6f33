"""A table of ways to break a process: each is stopped at the right gate, for the right reason."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.seeds.thirty_ways import GATES, SHIPPED, WAYS, Way


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """A copy of the processes that are broken here."""
    for name in sorted({Path(way.file).parts[0] for way in WAYS}):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("gate", GATES)
def test_what_ships_passes_the_gate(gate: str, processes: Path) -> None:
    """So that whatever a gate says of a broken copy is about what was broken."""
    assert GATES[gate](processes) == []


@pytest.mark.parametrize("way", WAYS, ids=[way.what for way in WAYS])
def test_a_broken_process_is_stopped(way: Way, processes: Path) -> None:
    """By no gate before its own, and there for the reason that is meant."""
    way.break_it(processes)
    for gate, say in GATES.items():
        told = say(processes)
        if gate == way.gate:
            assert any(re.search(way.reason, one) for one in told), told
            return
        assert told == [], f"{gate} stops it already"
    pytest.fail(f"There is no gate {way.gate!r}.")


def test_there_are_thirty_ways() -> None:
    """And no two are the same."""
    assert len({way.what for way in WAYS}) == len(WAYS) >= 30

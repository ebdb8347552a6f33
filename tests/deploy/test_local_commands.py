"""`fleet stack` as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from zeebe_fleet.deploy.local.commands import stack
from zeebe_fleet.deploy.local.state import StateDir


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state directory that the commands use."""
    monkeypatch.setenv("FLEET_STATE", str(tmp_path / ".fleet"))
    return tmp_path / ".fleet"


def test_status_of_a_stack_that_never_ran_is_stopped(state: Path) -> None:
    """Nothing needs to exist to ask."""
    result = CliRunner().invoke(stack, ["status"])
    assert result.exit_code == 0
    assert result.output.count("stopped") == 3


def test_down_of_a_stack_that_never_ran_succeeds(state: Path) -> None:
    """Stopping what is stopped is no error."""
    assert CliRunner().invoke(stack, ["down"]).exit_code == 0


def test_logs_of_an_unknown_part_names_the_parts(state: Path) -> None:
    """A wrong name is answered with the right ones, without a traceback."""
    result = CliRunner().invoke(stack, ["logs", "postgres"])
    assert result.exit_code == 1
    assert "engine, database, sandbox" in result.output
    assert "Traceback" not in result.output


def test_logs_prints_the_end_of_each_part(state: Path) -> None:
    """Lines of several parts carry the part's name."""
    log = StateDir().log("database")
    log.parent.mkdir(parents=True)
    log.write_text("first\nready\n")
    assert "database | ready" in CliRunner().invoke(stack, ["logs"]).output
    assert CliRunner().invoke(stack, ["logs", "database"]).output.splitlines() == ["first", "ready"]


def test_up_of_a_held_stack_says_who_holds_it(state: Path) -> None:
    """The owner's process is named, and how to go on."""
    with_owner = StateDir().own()
    assert with_owner is not None
    with with_owner:
        result = CliRunner().invoke(stack, ["up", "--reset"])
    assert result.exit_code == 1
    assert "belongs to process" in result.output
    assert "FLEET_STATE" in result.output

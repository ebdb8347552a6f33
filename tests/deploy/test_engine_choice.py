"""Which engine: what the settings choose, and whose data a state directory holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from zeebe_fleet.deploy.local.database import Database
from zeebe_fleet.deploy.local.errors import OtherEngine
from zeebe_fleet.deploy.local.kinds import Kind, note_kind, require_kind
from zeebe_fleet.deploy.local.postgres_binaries import home
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings, read_settings
from zeebe_fleet.deploy.up import engine_kind, missing_parts
from zeebe_fleet.workers.contract.errors import FleetError


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    """An empty state directory."""
    return StateDir(tmp_path / ".fleet")


@pytest.mark.parametrize(
    ("engine", "address", "kind"),
    [
        ("auto", "", "builtin"),
        ("auto", "zeebe.example.com:26500", "remote"),
        ("builtin", "zeebe.example.com:26500", "builtin"),
        ("docker", "", "docker"),
        ("remote", "zeebe.example.com:26500", "remote"),
    ],
)
def test_auto_is_remote_where_an_address_is_set_and_builtin_elsewhere(engine: str, address: str, kind: str) -> None:
    """The same on every machine, whatever else runs on it; a name always wins."""
    settings = Settings().model_copy(
        update={"engine": engine, "zeebe": ZeebeSettings(address=address), "database_url": ""}
    )

    assert engine_kind(settings) == kind
    assert ("engine" in missing_parts(settings)) == (kind != "remote")


def test_embedded_engine_is_refused_by_the_name_of_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has it in an environment learns what to write instead."""
    monkeypatch.setenv("FLEET_ENGINE", "embedded")

    with pytest.raises(ValidationError, match="called builtin"):
        Settings()
    with pytest.raises(FleetError, match=r"^FLEET_ENGINE: there is no embedded Zeebe any more"):
        read_settings()


@pytest.mark.parametrize("left", ["incidents.jsonl", "engine/raft-partition/1"])
def test_data_of_the_old_engine_is_refused_with_the_way_out(state: StateDir, left: str) -> None:
    """Its PostgreSQL knows keys that a new engine would give out again."""
    (state.data / left).mkdir(parents=True)

    with pytest.raises(OtherEngine, match=r"made with Zeebe 8\.6\.0") as refused:
        LocalStack(state.root, parts=["database"]).up()

    assert "--reset" in refused.value.suggestion


def test_data_without_a_word_on_its_engine_is_not_taken_for_the_one_in_the_box(state: StateDir) -> None:
    """An older version kept none, and ran a container's or a remote engine beside its own database."""
    (home(state.data) / "postgres").mkdir(parents=True)
    state.root.mkdir(exist_ok=True)
    (state.root / "database-password").touch()

    with pytest.raises(OtherEngine):
        require_kind(state, "builtin")
    require_kind(state, "remote")
    Database(state, lambda: None).wipe()


@pytest.mark.parametrize(("made_with", "asked"), [("docker", "builtin"), ("builtin", "docker"), ("remote", "builtin")])
def test_data_of_another_engine_is_refused(state: StateDir, made_with: Kind, asked: Kind) -> None:
    """One engine's keys are another's, too."""
    note_kind(state, made_with)

    require_kind(state, made_with)
    with pytest.raises(OtherEngine, match="asked for"):
        require_kind(state, asked)


def test_reset_is_the_way_from_one_engine_to_another(state: StateDir) -> None:
    """It wipes what the other left, and the next start needs no more words."""
    (state.data / "engine" / "raft-partition").mkdir(parents=True)
    stack = LocalStack(state.root, parts=["sandbox", "database"])
    try:
        stack.up(reset=True)
        assert not (state.data / "engine").exists()
        stack.down()
        stack.up()
    finally:
        stack.wipe()

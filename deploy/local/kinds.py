"""Whose keys the data of a state directory knows: those of one engine, and of no other.

Each engine counts its keys from the same number on. Records that were made with one would take the instances of
another for their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zeebe_fleet.deploy.local.errors import OtherEngine
from zeebe_fleet.deploy.local.postgres_binaries import home
from zeebe_fleet.deploy.local.state import StateDir

Kind = Literal["builtin", "docker", "remote"]
_OLDER = "another engine, by an older version"
_NAMES = {"builtin": "the engine in the box", "docker": "the engine in Docker", "remote": "a remote engine"}


def require_kind(state: StateDir, kind: Kind) -> None:
    """Refuse data that was made with another engine.

    Raises:
        OtherEngine: it was.
    """
    found = _found(state, kind)
    if found not in ("", kind):
        raise OtherEngine(
            f"The data in {state.root} was made with {_NAMES.get(found, found)}, and {_NAMES[kind]} is asked for: "
            "its keys would be taken for others.",
            "Start once with --reset, which wipes that data, or set FLEET_STATE to use a second folder.",
        )


def note_kind(state: StateDir, kind: Kind) -> None:
    """Write down whose keys the data will know; a reset forgets it."""
    state.data.mkdir(parents=True, exist_ok=True)
    _file(state).write_text(kind, "utf-8")


def _found(state: StateDir, kind: Kind) -> str:
    if _file(state).exists():
        return _file(state).read_text("utf-8").strip()
    if (state.data / "engine").exists() or (state.data / "incidents.jsonl").exists():
        return "Zeebe 8.6.0"
    return _OLDER if kind == "builtin" and _has_database(state) else ""


def _has_database(state: StateDir) -> bool:
    # Its password is the state directory's own; as root, its files may be those of a directory that is long gone.
    return (home(state.data) / "postgres").exists() and (state.root / "database-password").exists()


def _file(state: StateDir) -> Path:
    return state.data / "engine-kind"

"""The schema as committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeebe_fleet.graphql_api import export


def test_committed_schema_is_current() -> None:
    """Clients can rely on the file."""
    assert export.main(["--check"]) == 0


def test_drift_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A schema that has changed fails the check and says what to do; writing it settles that."""
    file = tmp_path / "schema.graphql"
    file.write_text(export.SCHEMA_FILE.read_text().replace("type Me ", "type Myself "))
    monkeypatch.setattr(export, "SCHEMA_FILE", file)
    assert export.main(["--check"]) == 1
    assert "export" in capsys.readouterr().err
    assert export.main([]) == 0
    assert export.main(["--check"]) == 0

"""Records in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zeebe_fleet.engine.records.file import KEPT, RecordsFile


def lines(path: Path) -> list[Any]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def written(path: Path, *records: dict[str, Any], most_bytes: int = 1_000_000) -> list[str]:
    """Write groups of one record; returns what was said."""
    said: list[str] = []
    file = RecordsFile(path, said.append, most_bytes=most_bytes)
    for record in records:
        file.write([record])
    file.close()
    return said


def test_file_goes_on_where_the_last_engine_was_killed(tmp_path: Path) -> None:
    """Half a line stays alone on its own, and spoils no other."""
    path = tmp_path / "records"
    written(path, {"position": 1})
    with path.open("a") as torn:
        torn.write('{"posi')
    written(path, {"position": 2})
    assert path.read_text().splitlines() == ['{"position":1}', '{"posi', '{"position":2}']


def test_file_is_flushed_after_every_group(tmp_path: Path) -> None:
    """Whoever follows the file sees what has happened while the engine runs."""
    file = RecordsFile(tmp_path / "records", print)
    file.write([{"position": 1}, {"position": 2}])
    assert lines(tmp_path / "records") == [{"position": 1}, {"position": 2}]
    file.close()


def test_file_is_put_aside_when_it_is_full_and_the_oldest_goes(tmp_path: Path) -> None:
    """All together stay bounded, in order."""
    path = tmp_path / "records"
    written(path, *({"position": number} for number in range(8)), most_bytes=20)
    assert len(list(tmp_path.iterdir())) == KEPT + 1
    aside = [path.with_name(f"records.{number}") for number in range(KEPT, 0, -1)]
    kept = [line["position"] for one in [*aside, path] for line in lines(one)]
    assert kept == sorted(kept)
    assert kept[-1] == 7
    assert 0 not in kept


def test_file_that_breaks_ends_with_a_sentence(tmp_path: Path) -> None:
    """The engine goes on without it."""
    said: list[str] = []
    file = RecordsFile(Path("/dev/full"), said.append)
    file.write([{"position": 1}])
    file.write([{"position": 2}])
    assert len(said) == 1
    assert "/dev/full" in said[0]


def test_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    """Before the engine has begun."""
    with pytest.raises(OSError, match="directory"):
        RecordsFile(tmp_path, print)

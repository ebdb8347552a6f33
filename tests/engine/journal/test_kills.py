"""A killed process: what it was told is safe is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.engine.journal.acting import content
from tests.engine.journal.victim import body

VICTIM = Path(__file__).with_name("victim.py")


def _run_until(directory: Path, least: int, *arguments: str) -> int:
    """Run a victim until it was told of record `least`, kill it, and return the last record that it was told of."""
    command = [sys.executable, str(VICTIM), str(directory), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        last = 0
        for line in victim.stdout:
            last = int(line)
            if last >= least:
                break
        victim.kill()
        told = [int(line) for line in victim.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    return told[-1] if told else last


def _records(directory: Path) -> dict[int, bytes]:
    """Return all records, out of the checkpoint and after it."""
    rows, records, _ = content(directory)
    return rows | {len(rows) + 1 + index: text for index, text in enumerate(records)}


def test_killed_journal_keeps_what_it_called_safe(tmp_path: Path) -> None:
    """Eight kills amid writes, checkpoints and trimming: each safe record is there, each with its own text."""
    last = 0
    for turn in range(8):
        last = _run_until(tmp_path, last + 150 + 61 * turn)
        found = _records(tmp_path)
        assert len(found) >= last
        assert found == {number: body(number) for number in range(1, len(found) + 1)}
        last = len(found)
    assert len(list((tmp_path / "log").glob("*.seg"))) < 5


def test_late_journal_keeps_what_it_called_safe(tmp_path: Path) -> None:
    """The switch for chaos makes no false promise: what was told is there, and the rest is a whole prefix."""
    last = _run_until(tmp_path, 60, "0.01")
    found = _records(tmp_path)
    assert len(found) >= last
    assert found == {number: body(number) for number in range(1, len(found) + 1)}

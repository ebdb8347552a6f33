"""What a forgetful engine was told: after a kill it does again what its journal has nothing of, as Zeebe does.

Zeebe keeps commands safe before it acts on them, and what came of them only after it has shown it. So a kill loses
jobs that somebody has, never the work itself: that is made anew, under other keys. For tests of workers only.

Source: https://docs.camunda.io/docs/components/zeebe/technical-concepts/internal-processing/
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from zeebe_fleet.engine.core.machine import Command

FILE = "told.pickle"


class Told:
    """Commands in a file without a sync: it outlives a kill of the process, if not of the machine.

    Args:
        directory: of the engine's data.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._before = list(_read(self._path)) if self._path.exists() else []
        self._file = self._path.open("wb", buffering=0)

    def note(self, number: int, command: Command[Any]) -> None:
        """Keep a command, of which record `number` of the journal is to tell."""
        self._file.write(pickle.dumps((number, command)))

    def unwritten(self, last: int) -> Iterator[Command[Any]]:
        """Return, in order, the commands of which the journal, up to its record `last`, tells nothing."""
        return (command for number, command in self._before if number > last)

    def close(self) -> None:
        """Forget everything: what was told is in the journal."""
        self._file.close()
        self._path.unlink()


def _read(path: Path) -> Iterator[tuple[int, Command[Any]]]:
    """Yield what is whole in a file that a kill may have cut."""
    with path.open("rb") as file, suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(file)

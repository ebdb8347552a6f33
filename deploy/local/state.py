"""What a stack remembers between two commands, in the project's `.fleet/`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from io import TextIOWrapper
from pathlib import Path

from zeebe_fleet.deploy.local.errors import StackHeld
from zeebe_fleet.deploy.local.processes import Identity


@dataclass(frozen=True)
class PartRecord:
    """One started part.

    Args:
        settings: what it was started with; a part with other settings is restarted, not reused.
        owned: it was started to die with its starter.
        ready: it has answered once; without that, a start was cut short.
    """

    pid: int
    created_s: float
    settings: str = ""
    owned: bool = False
    ready: bool = False

    @property
    def identity(self) -> Identity:
        """The process meant."""
        return Identity(self.pid, self.created_s)


@dataclass
class StackState:
    """Content of `state.json`."""

    ports: dict[str, int] = field(default_factory=dict)
    parts: dict[str, PartRecord] = field(default_factory=dict)


class StateDir:
    """The state directory and the files in it.

    Args:
        root: `FLEET_STATE`, or `.fleet` beside the nearest `pyproject.toml`, unless given.
    """

    def __init__(self, root: Path | None = None) -> None:
        chosen = root or Path(os.environ.get("FLEET_STATE", "").strip() or _project() / ".fleet")
        self.root = chosen.expanduser().absolute()

    @property
    def data(self) -> Path:
        """Data of engine and database; wiped by a reset, always both together."""
        return self.root / "data"

    def log(self, part: str) -> Path:
        """Log file of one part."""
        return self.root / "logs" / f"{part}.log"

    def fresh_directory(self, name: str) -> Path:
        """Make an empty directory for what need not survive."""
        path = self.root / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def load(self) -> StackState:
        """Read `state.json`; a missing or unreadable one is an empty state: processes are found anyway."""
        try:
            raw = json.loads(self._file.read_text("utf-8"))
            parts = {name: PartRecord(**record) for name, record in raw["parts"].items()}
            return StackState({name: int(port) for name, port in raw["ports"].items()}, parts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return StackState()

    def save(self, state: StackState) -> None:
        """Write `state.json` in one atomic step."""
        self.root.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(f".{os.getpid()}.partial")
        part.write_text(json.dumps(asdict(state), indent=2), "utf-8")
        part.replace(self._file)

    @contextmanager
    def changing(self, check: Callable[[], None], waiting: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock under which parts are started and stopped.

        Args:
            check: called while waiting; whatever it raises ends the wait.
            waiting: told once who is waited for.
        """
        told = False
        while (handle := self._try_lock("change.lock")) is None:
            if not told:
                waiting(self.holder("change.lock"))
                told = True
            check()
            time.sleep(0.05)
        with handle:
            yield

    def own(self) -> TextIOWrapper | None:
        """Become the owner for as long as the returned file is open; None if somebody else is."""
        return self._try_lock("owner.lock")

    def owned_by_other(self) -> bool:
        """Whether a living process owns this stack; only to be asked by one that does not."""
        handle = self.own()
        if handle is None:
            return True
        handle.close()
        return False

    def holder(self, lock: str = "owner.lock") -> str:
        """Who holds a lock, for a message."""
        try:
            return (self.root / lock).read_text("utf-8").strip() or "another process"
        except OSError:
            return "another process"

    def held(self, doing: str) -> StackHeld:
        """The error for somebody who may not do this because of the owner."""
        return StackHeld(
            f"The local stack in {self.root} belongs to {self.holder()}, so it cannot be {doing} here.",
            "Stop it there (Ctrl-C) first, or set FLEET_STATE to use a second stack.",
        )

    def _try_lock(self, name: str) -> TextIOWrapper | None:
        self.root.mkdir(parents=True, exist_ok=True)
        handle = (self.root / name).open("a+", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return None
        handle.seek(0)
        handle.truncate()
        handle.write(f"process {os.getpid()}")
        handle.flush()
        return handle

    @property
    def _file(self) -> Path:
        return self.root / "state.json"


def _project() -> Path:
    here = Path.cwd()
    return next((folder for folder in [here, *here.parents] if (folder / "pyproject.toml").exists()), here)

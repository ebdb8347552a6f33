"""Class-data archives: what a training run of a Java server leaves, so that later starts take a third of the time."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from zeebe_fleet.deploy.local import processes
from zeebe_fleet.deploy.local.cache import Cache, require_space
from zeebe_fleet.deploy.local.errors import LocalStackError
from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.local.starting import Part

_ARCHIVE_BYTES = 130 * 1024**2
_TRAINING_S = 180.0
_UNUSED_S = 30 * 86_400.0

Train = Callable[[Path], None]


class ClassArchives:
    """The archives in the cache, each made once on a machine.

    Args:
        check: called often; whatever it raises stops the training.
    """

    def __init__(self, cache: Cache, report: Report, check: Callable[[], None]) -> None:
        self._cache = cache
        self._report = report
        self._check = check

    def find(self, name: str, identity: str, title: str, train: Train) -> Path | None:
        """Return an archive; a machine on which it cannot be made starts without, only slower.

        Args:
            identity: what the archive is bound to: the runtime's place and the class path.
            title: shown while it is made.
            train: fills the given file.
        """
        final = self._cache.root / "archives" / f"{name}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.jsa"
        if final.exists():
            os.utime(final)
            return final
        with self._cache.lock(final.name, self._check):
            if not final.exists():
                try:
                    self._make(final, title, train)
                except (LocalStackError, OSError) as error:
                    self._report.say(f"The {name} will start slower than it could: {error}")
                    return None
        return final

    def _make(self, final: Path, title: str, train: Train) -> None:
        final.parent.mkdir(parents=True, exist_ok=True)
        _forget_unused(final.parent)
        require_space(self._cache.root, _ARCHIVE_BYTES, "A class archive")
        part = final.with_suffix(".partial")
        try:
            with self._report.step(title):
                train(part)
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def trained(part: Part, ports: Mapping[str, int], archive: Path | None, check: Callable[[], None]) -> Iterator[None]:
    """Run a part for the length of the block, and have it write its archive at the end.

    Args:
        archive: the file to write; None for a part that another one's training needs.

    Raises:
        LocalStackError: it does not start, does not end, or leaves no archive.
    """
    launch = part.prepare()(ports)
    recording = [f"-XX:ArchiveClassesAtExit={archive}"] if archive else []
    command = [launch.command[0], *recording, *launch.command[1:]]
    identity = processes.spawn(processes.Launch(command, launch.log, launch.environment), owned=True)
    try:
        _until(lambda: part.ready(ports), identity, check)
        yield
        processes.signal_to(identity, signal.SIGTERM)
        _until(lambda: not identity.alive, identity, check)
        if archive and not archive.exists():
            raise LocalStackError("the training run left no archive.", f"Its log: {launch.log}.")
    finally:
        processes.kill(identity)


def _forget_unused(archives: Path) -> None:
    """Remove what no checkout has started with for a month; each is over 100 MB."""
    for archive in archives.glob("*.jsa"):
        if archive.stat().st_mtime < time.time() - _UNUSED_S:
            archive.unlink()


def _until(done: Callable[[], bool], identity: processes.Identity, check: Callable[[], None]) -> None:
    end_s = time.monotonic() + _TRAINING_S
    while not done():
        check()
        if time.monotonic() > end_s or not identity.alive:
            if done():
                return
            raise LocalStackError("the training run did not finish.")
        time.sleep(0.05)

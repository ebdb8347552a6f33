"""One engine to a directory, and a directory that this version knows."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from zeebe_fleet.engine.journal.disk import Disk
from zeebe_fleet.engine.journal.errors import JournalDamaged, JournalHeld, JournalTooNew
from zeebe_fleet.engine.journal.segment import FORMAT

VERSION = "VERSION"

_TEXT = "zeebe-fleet engine, journal format {}\n"
_PATTERN = re.compile(re.escape(_TEXT).replace(r"\{\}", r"(\d+)"))


def hold(directory: Path) -> int:
    """Lock a directory until the descriptor is closed or the process ends; its file LOCK names the process.

    Raises:
        JournalHeld: another has it.
    """
    path = directory / "LOCK"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise JournalHeld(directory, path.read_text(errors="replace").strip()) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def is_known(directory: Path) -> bool:
    """Return whether a directory was made ready; false when that never came to its end.

    Raises:
        JournalTooNew: a later version made it.
        JournalDamaged: the file VERSION is not what any version writes.
    """
    path = directory / VERSION
    if not path.exists():
        return False
    found = _PATTERN.fullmatch(path.read_text(errors="replace"))
    if found is None:
        raise JournalDamaged(path, "it names no format", 0)
    if int(found[1]) > FORMAT:
        raise JournalTooNew(path, int(found[1]), FORMAT)
    return True


def mark_known(directory: Path, disk: Disk) -> None:
    """Write the file VERSION: the last step of making a directory ready."""
    draft = directory / "VERSION.part"
    file = disk.open(draft, create=True)
    try:
        file.write(_TEXT.format(FORMAT).encode(), 0)
        file.sync()
    finally:
        file.close()
    disk.rename(draft, directory / VERSION)
    disk.sync_names(directory)

"""What can be wrong with a journal.

    JournalError
    ├── JournalHeld      another engine works on this directory
    ├── JournalTooNew    a later version wrote it
    ├── JournalDamaged   bytes that were safely on the disk are not what was written
    └── JournalBroken    the disk failed under way: nothing more is written, nothing more acknowledged

Each message says what to do about it.
"""

from __future__ import annotations

from pathlib import Path


class JournalError(Exception):
    """The journal cannot be used as asked."""


class JournalHeld(JournalError):
    """Another process has this directory open."""

    def __init__(self, directory: Path, owner: str) -> None:
        who = f"process {owner}" if owner else "another process"
        super().__init__(
            f"The engine's directory {directory} is in use by {who}. "
            f"End that engine first, or give this one a directory of its own."
        )
        self.directory = directory


class JournalTooNew(JournalError):
    """A later version wrote this; nothing was changed."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} has journal format {found}; this version knows formats up to {known}. "
            f"Start the version that wrote it, or begin anew with --reset (all instances are forgotten)."
        )
        self.found, self.known = found, known


class JournalDamaged(JournalError):
    """What was on the disk has changed or is missing; nothing of it is used."""

    def __init__(self, path: Path, what: str, offset: int | None = None) -> None:
        where = f"{path} is damaged" if offset is None else f"{path} is damaged at byte {offset}"
        super().__init__(
            f"{where}: {what}. Restore the engine's directory from a copy, "
            f"or begin anew with --reset, which removes it (all instances are forgotten)."
        )
        self.path, self.offset = path, offset


class JournalBroken(JournalError):
    """The disk failed: what was not acknowledged may be lost, and nothing follows it."""

    def __init__(self, directory: Path, cause: BaseException) -> None:
        super().__init__(
            f"The journal in {directory} cannot be written any more ({cause!r}). Nothing after the last acknowledged "
            f"record counts. Look after the disk, then start the engine again."
        )

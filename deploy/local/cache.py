"""The one place on a machine that all checkouts share: what the pages are built with."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from zeebe_fleet.deploy.local.errors import DiskFull

#: Left free on the disk after anything we write.
RESERVE_BYTES = 64 * 1024**2
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Cache:
    """Directory of finished things; whatever has its final name is complete.

    Args:
        root: the directory; `FLEET_CACHE` or the platform's cache directory unless given.
    """

    def __init__(self, root: Path | None = None) -> None:
        chosen = root or os.environ.get("FLEET_CACHE", "").strip() or platformdirs.user_cache_dir("zeebe-fleet")
        self.root = Path(chosen).expanduser().absolute()

    @contextmanager
    def lock(self, name: str, check: Callable[[], None]) -> Iterator[None]:
        """Hold a lock across processes while the context is open.

        Args:
            check: called while waiting; whatever it raises ends the wait.
        """
        path = self.root / "locks" / f"{name}.lock"
        with translate_full(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as handle:
            while True:
                check()
                with suppress(BlockingIOError):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                time.sleep(0.05)
            yield

    @contextmanager
    def build(self, name: str) -> Iterator[Path]:
        """Make a directory in one atomic step: the block fills a temporary one, its end gives it its name."""
        final = self.root / name
        half_made = self.root / f".{name}.{os.getpid()}.partial"
        shutil.rmtree(half_made, ignore_errors=True)
        try:
            with translate_full(self.root):
                half_made.mkdir(parents=True)
                yield half_made
                half_made.replace(final)
        finally:
            shutil.rmtree(half_made, ignore_errors=True)

    def sweep(self, name: str) -> None:
        """Remove what killed builders of `name` left; hold its lock."""
        for left in self.root.glob(f".{name}.*.partial"):
            shutil.rmtree(left, ignore_errors=True)


def require_space(directory: Path, needed_bytes: int, purpose: str) -> None:
    """Fail before writing what would not fit.

    Raises:
        DiskFull: fewer than `needed_bytes` and a reserve are free.
    """
    existing = next(path for path in [directory, *directory.parents] if path.exists())
    free_bytes = shutil.disk_usage(existing).free
    if free_bytes < needed_bytes + RESERVE_BYTES:
        raise DiskFull(
            f"{purpose} needs {_megabytes(needed_bytes + RESERVE_BYTES)} on the disk of {directory}, "
            f"but only {_megabytes(free_bytes)} are free.",
            "Free some space, or point FLEET_CACHE (downloads) or FLEET_STATE (data) at another disk.",
        )


@contextmanager
def translate_full(directory: Path) -> Iterator[None]:
    """Turn the system's "no space left" into `DiskFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(
                f"The disk of {directory} is full.",
                "Free some space, or point FLEET_CACHE (downloads) or FLEET_STATE (data) at another disk.",
            ) from error
        raise


def _megabytes(count_bytes: int) -> str:
    return f"{count_bytes / 1024**2:.0f} MB"

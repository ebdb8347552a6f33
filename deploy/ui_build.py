"""Builds the UI of a checkout into `graphql_api/page/app`; does nothing when it is up to date.

python -m zeebe_fleet.deploy.ui_build

A wheel holds what is built here, so that whoever installs it needs no Node.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from pathlib import Path

from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.node import MODULES, SOURCES, fingerprint, node, packages, run_node, sources
from zeebe_fleet.graphql_api.pages import BUILT
from zeebe_fleet.workers.contract.errors import FleetError

_STAMP = ".built-of"
_PACKED = (".js", ".css", ".html", ".svg")


def build_ui(cache: Cache | None = None) -> bool:
    """Build the UI unless it is built; tells whether there was anything to do.

    Packages are kept by the hash of the lock, what is built by the hash of lock and sources, on this machine for all
    checkouts.

    Raises:
        FleetError: there is no Node, packages cannot be fetched, or the sources cannot be built.
    """
    if not SOURCES.is_dir():
        return False  # installed from a wheel
    wanted = fingerprint(sources())
    if (BUILT / _STAMP).is_file() and (BUILT / _STAMP).read_text() == wanted:
        return False
    cache = cache or Cache()
    name = f"ui-{wanted}"
    with cache.lock("ui", lambda: None):
        if not (cache.root / name).is_dir():
            cache.sweep(name)
            with cache.build(name) as folder:
                _make(folder, packages(cache))
                (folder / _STAMP).write_text(wanted)
        _put(cache.root / name)
    return True


def _make(folder: Path, modules: Path) -> None:
    work = folder / "work"
    shutil.copytree(SOURCES, work, ignore=shutil.ignore_patterns(MODULES, "dist"))
    (work / MODULES).symlink_to(modules)
    run_node([str(node()), "build.mjs", str(folder / "app")], work)
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

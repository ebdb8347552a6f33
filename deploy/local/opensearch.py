"""OpenSearch as a plain Java process: what the engine exports its records to, and Operate reads them from."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zeebe_fleet.deploy.local.cache import require_space
from zeebe_fleet.deploy.local.java import java_environment
from zeebe_fleet.deploy.local.loopback import answers
from zeebe_fleet.deploy.local.processes import Launch
from zeebe_fleet.deploy.local.state import StateDir

#: Port names and their defaults.
OPENSEARCH_PORTS: Mapping[str, int] = {"opensearch": 9250, "opensearch_transport": 9350}
#: What the engine's indices are called; Operate has to know.
RECORD_PREFIX = "zeebe-record"
_MAIN = "org.codelibs.opensearch.runner.OpenSearchRunner"
_JVM = (
    "-Xms256m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    # The locale data of icu4j: the wheel's Java cannot segment Thai, which every index template asks for.
    "-Djava.locale.providers=CLDR,SPI",
    "-Dlog4j2.disable.jmx=true",
)
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %c{1.} - %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


@dataclass(frozen=True)
class OperateInstallation:
    """What Operate and the OpenSearch below it need on the disk.

    Args:
        home: the engine's distribution, which holds Operate too.
        java: the runtime's home.
        opensearch_archive: class-data archive, or None to start without.
        operate_archive: likewise.
    """

    home: Path
    java: Path
    opensearch_jars: tuple[Path, ...]
    opensearch_archive: Path | None = None
    operate_archive: Path | None = None

    @property
    def operate_jars(self) -> list[Path]:
        """Operate's class path."""
        return sorted(self.home.glob("lib/*.jar"))


@dataclass(frozen=True)
class OpenSearch:
    """The search part of the stack.

    Args:
        install: makes or finds the installation; slow the first time.
    """

    state: StateDir
    install: Callable[[], OperateInstallation]

    name = "opensearch"
    ports = OPENSEARCH_PORTS
    stop_signal = signal.SIGTERM
    timeout_s = 180.0
    settings = ""

    @property
    def marker(self) -> str:
        """The argument by which a running one of this state directory is recognised."""
        return f"-Dfleet.opensearch={self.state.root}"

    def prepare(self) -> Callable[[Mapping[str, int]], Launch]:
        """Make everything that a start needs; returns the start for given ports."""
        require_space(self.state.data, 256 * 1024**2, "The data of OpenSearch")
        installation = self.install()
        configuration = self.state.fresh_directory("opensearch")
        (configuration / "scratch").mkdir()
        (configuration / "log4j2.properties").write_text(_LOGGING, "utf-8")

        def launch(ports: Mapping[str, int]) -> Launch:
            (configuration / "opensearch.yml").write_text(_configuration(ports), "utf-8")
            command = self._command(installation, configuration, ports["opensearch"])
            return Launch(command, self.state.log(self.name), java_environment())

        return launch

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Whether the node can be written to."""
        return answers(f"{opensearch_url(ports)}/_cluster/health")

    def _command(self, installation: OperateInstallation, configuration: Path, port: int) -> list[str]:
        archive = installation.opensearch_archive
        return [
            str(installation.java / "bin" / "java"),
            *_JVM,
            *([f"-XX:SharedArchiveFile={archive}"] if archive else []),
            self.marker,
            f"-Djava.io.tmpdir={configuration / 'scratch'}",
            "-cp",
            ":".join(map(str, installation.opensearch_jars)),
            _MAIN,
            *("-basePath", str(self.state.data / "opensearch")),
            *("-confPath", str(configuration)),
            *("-numOfNode", "1"),
            *("-baseHttpPort", str(port - 1)),  # its first node listens one above
            *("-clusterName", "opensearch"),
        ]


def opensearch_url(ports: Mapping[str, int]) -> str:
    """Where OpenSearch answers."""
    return f"http://127.0.0.1:{ports['opensearch']}"


def _configuration(ports: Mapping[str, int]) -> str:
    return "\n".join(
        [
            "network.host: 127.0.0.1",
            f"transport.port: {ports['opensearch_transport']}",
            "discovery.type: single-node",
            'action.auto_create_index: "true"',
            # Shipped: a disk that is 85 % full gets no index. A laptop's often is.
            "cluster.routing.allocation.disk.threshold_enabled: false",
        ]
    )

"""Zeebe as a plain Java process of the local stack."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import httpx

from zeebe_fleet.deploy.local.cache import require_space
from zeebe_fleet.deploy.local.exporter.build import exporter_environment
from zeebe_fleet.deploy.local.java import SMALL_JVM, java_environment
from zeebe_fleet.deploy.local.processes import Launch
from zeebe_fleet.deploy.local.state import StateDir

#: Port names and their defaults.
ENGINE_PORTS: Mapping[str, int] = {
    "engine_grpc": 26500,
    "engine_command": 26501,
    "engine_internal": 26502,
    "engine_rest": 8088,
    "engine_management": 9600,
}
_MAIN = "io.camunda.application.StandaloneBroker"
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Installation:
    """What the engine needs on the disk.

    Args:
        home: the unpacked distribution.
        java: the runtime's home.
        exporter: the jar of our exporter.
        archive: class-data archive of a training run, or None to start without.
    """

    home: Path
    java: Path
    exporter: Path
    archive: Path | None = None

    @property
    def class_path(self) -> str:
        """Every jar by name: a wildcard would cost the archive and two seconds."""
        return ":".join(str(jar) for jar in [*sorted(self.home.glob("lib/*.jar")), self.exporter])


@dataclass(frozen=True)
class Engine:
    """The engine part: how it is prepared, started, asked whether it is ready, and stopped.

    Args:
        install: makes or finds the installation; slow the first time.
        clock_controlled: let a test set the engine's clock through its management interface.
        extra: settings of the engine's own, by the names of its environment variables.
    """

    state: StateDir
    install: Callable[[], Installation]
    clock_controlled: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    name = "engine"
    ports = ENGINE_PORTS
    stop_signal = signal.SIGTERM
    timeout_s = 180.0

    @property
    def marker(self) -> str:
        """The argument by which a running engine of this state directory is recognised."""
        return f"-Dfleet.state={self.state.root}"

    @property
    def settings(self) -> str:
        """What a running engine must have been started with to be reused."""
        return " ".join([f"clock_controlled={self.clock_controlled}", *(f"{k}={v}" for k, v in self.extra.items())])

    def prepare(self) -> Callable[[Mapping[str, int]], Launch]:
        """Make everything that a start needs; returns the start for given ports."""
        require_space(self.state.data, 256 * 1024**2, "The engine's data")
        installation = self.install()
        (self.state.data / "engine").mkdir(parents=True, exist_ok=True)
        scratch = self.state.fresh_directory("engine-scratch")
        flags = [self.marker, f"-Djava.io.tmpdir={scratch}", f"-Dfleet.log={self.state.log(self.name)}"]
        environment = java_environment() | self._environment() | exporter_environment(incident_log(self.state))
        environment |= self.extra
        return lambda ports: Launch(
            engine_command(installation, flags), self.state.log(self.name), environment | _ports(ports)
        )

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Whether the engine answers everywhere and its partition has a leader."""
        with suppress(httpx.HTTPError, OSError, ValueError), httpx.Client(trust_env=False, timeout=2.0) as http:
            health = f"http://{_LOOPBACK}:{ports['engine_management']}/actuator/health/readiness"
            if not http.get(health).is_success:
                return False
            topology = http.get(f"http://{_LOOPBACK}:{ports['engine_rest']}/v2/topology").json()
            partitions = [part for broker in topology["brokers"] for part in broker["partitions"]]
            socket.create_connection((_LOOPBACK, ports["engine_grpc"]), timeout=2.0).close()
            return bool(partitions) and all(part["role"] == "leader" for part in partitions)
        return False

    def _environment(self) -> dict[str, str]:
        return {
            "ZEEBE_BROKER_DATA_DIRECTORY": str(self.state.data / "engine"),
            "ZEEBE_BROKER_DATA_LOGSEGMENTSIZE": "16MB",
            # Shipped: processing pauses in silence below 2 GB free. A laptop is often there.
            "ZEEBE_BROKER_DATA_DISK_FREESPACE_PROCESSING": "128MB",
            "ZEEBE_BROKER_DATA_DISK_FREESPACE_REPLICATION": "64MB",
            "ZEEBE_BROKER_EXPERIMENTAL_ROCKSDB_MEMORYLIMIT": "64MB",
            "ZEEBE_CLOCK_CONTROLLED": str(self.clock_controlled).lower(),
        }


def incident_log(state: StateDir) -> Path:
    """Where the engine says which incidents are open; it goes with the engine's data."""
    return state.data / "incidents.jsonl"


def engine_command(installation: Installation, flags: list[str]) -> list[str]:
    """The engine's command line.

    Args:
        flags: more flags for the Java machine.
    """
    archive = [f"-XX:SharedArchiveFile={installation.archive}"] if installation.archive else []
    return [
        str(installation.java / "bin" / "java"),
        *SMALL_JVM,
        *archive,
        *flags,
        f"-Dspring.config.additional-location=file:{installation.home}/config/",
        f"-Dlog4j2.configurationFile={files(__package__).joinpath('engine-log.xml')}",
        "-cp",
        installation.class_path,
        _MAIN,
    ]


def _ports(ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "ZEEBE_BROKER_NETWORK_HOST": _LOOPBACK,
        "ZEEBE_BROKER_GATEWAY_NETWORK_HOST": _LOOPBACK,
        "SERVER_ADDRESS": _LOOPBACK,
        "MANAGEMENT_SERVER_ADDRESS": _LOOPBACK,
        "ZEEBE_BROKER_GATEWAY_NETWORK_PORT": str(ports["engine_grpc"]),
        "ZEEBE_BROKER_NETWORK_COMMANDAPI_PORT": str(ports["engine_command"]),
        "ZEEBE_BROKER_NETWORK_INTERNALAPI_PORT": str(ports["engine_internal"]),
        "SERVER_PORT": str(ports["engine_rest"]),
        "MANAGEMENT_SERVER_PORT": str(ports["engine_management"]),
    }

"""The engine in the box as a process of the local stack."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zeebe_fleet.deploy.local.cache import require_space
from zeebe_fleet.deploy.local.loopback import accepts, told
from zeebe_fleet.deploy.local.processes import Launch
from zeebe_fleet.deploy.local.state import StateDir

#: Port names and their defaults.
ENGINE_PORTS: Mapping[str, int] = {"engine_grpc": 26500, "engine_rest": 8088}
#: The Camunda that the engine plays.
PLAYED = "8.9"
_MODULE = "zeebe_fleet.engine"


@dataclass(frozen=True)
class Engine:
    """The engine part: how it is started, asked whether it is ready, and stopped.

    Args:
        clock_controlled: let a test set the engine's clock.
        extra: more arguments for the engine's command line.
    """

    state: StateDir
    clock_controlled: bool = False
    extra: Sequence[str] = ()

    name = "engine"
    ports = ENGINE_PORTS
    stop_signal = signal.SIGTERM
    timeout_s = 60.0

    @property
    def marker(self) -> str:
        """The argument by which a running engine of this state directory is recognised."""
        return f"--marker=fleet-engine:{self.state.root}"

    @property
    def settings(self) -> str:
        """What a running engine must have been started with to be reused."""
        return " ".join(self._arguments())

    def prepare(self) -> Callable[[Mapping[str, int]], Launch]:
        """Make room for its data; returns the start for given ports."""
        require_space(self.state.data, 64 * 1024**2, "The engine's data")
        data = self.state.data / "engine"
        data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", _MODULE, self.marker, "--data", str(data), *self._arguments()]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
        return lambda ports: Launch([*command, *_ports(ports)], self.state.log(self.name), environment)

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Whether the engine answers everywhere and its partition has a leader."""
        rest = ports["engine_rest"]
        return (
            accepts(ports["engine_grpc"])
            and told(rest, "/actuator/health/readiness") is not None
            and _is_led(told(rest, "/v2/topology"))
        )

    def _arguments(self) -> list[str]:
        return ["--as", PLAYED, *(["--clock-controlled"] if self.clock_controlled else []), *self.extra]


def _ports(ports: Mapping[str, int]) -> list[str]:
    return ["--grpc-port", str(ports["engine_grpc"]), "--rest-port", str(ports["engine_rest"])]


def _is_led(topology: bytes | None) -> bool:
    try:
        brokers = json.loads(topology or b"")["brokers"]
        roles = [partition["role"] for broker in brokers for partition in broker["partitions"]]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(roles) and set(roles) == {"leader"}

"""The sandbox HTTP server, standing in for other companies' services, as a part of the local stack."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zeebe_fleet.deploy.local.loopback import told
from zeebe_fleet.deploy.local.processes import Launch
from zeebe_fleet.deploy.local.state import StateDir

SANDBOX_PORTS: Mapping[str, int] = {"sandbox": 8091}
_MODULE = "zeebe_fleet.deploy.local.sandbox"


@dataclass(frozen=True)
class Sandbox:
    """The sandbox part: how it is started, asked whether it is ready, and stopped."""

    state: StateDir

    name = "sandbox"
    ports = SANDBOX_PORTS
    settings = ""
    stop_signal = signal.SIGTERM
    timeout_s = 30.0

    @property
    def marker(self) -> str:
        """The argument by which a running sandbox of this state directory is recognised."""
        return f"fleet.state={self.state.root}"

    def prepare(self) -> Callable[[Mapping[str, int]], Launch]:
        """Return the start for a given port."""
        command = [sys.executable, "-X", self.marker, "-m", _MODULE]
        command += ["--state", str(self.state.data / "sandbox"), "--port"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
        return lambda ports: Launch([*command, str(ports["sandbox"])], self.state.log(self.name), environment)

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Whether it answers."""
        return told(ports["sandbox"], "/health") is not None

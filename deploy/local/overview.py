"""What can be seen of a local stack from outside: where it answers and how it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from zeebe_fleet.deploy.local import processes
from zeebe_fleet.deploy.local.database import DATABASE_PORTS, Database
from zeebe_fleet.deploy.local.engine import ENGINE_PORTS
from zeebe_fleet.deploy.local.outside_services import SANDBOX_PORTS
from zeebe_fleet.deploy.local.state import StackState, StateDir

_PORTS = {"engine": ENGINE_PORTS, "database": DATABASE_PORTS, "sandbox": SANDBOX_PORTS}


@dataclass(frozen=True)
class Addresses:
    """Where the parts answer; an empty string for a part that was left out.

    Args:
        engine_grpc: host and port of the gateway.
        engine_rest: base address of the REST API, of health and of counters.
        database_url: with user and password.
    """

    engine_grpc: str
    engine_rest: str
    database_url: str
    sandbox_url: str


@dataclass(frozen=True)
class PartStatus:
    """How one part is.

    Args:
        state: running, starting, or stopped.
        resident_bytes: memory with its children, shared pages counted once.
    """

    name: str
    state: str
    pid: int | None = None
    address: str = ""
    resident_bytes: int = 0
    uptime_s: float = 0.0


def addresses(state: StateDir, names: Sequence[str]) -> Addresses:
    """Where the named parts answer, by what was written down at their start."""
    remembered = state.load().ports
    ports = {name: remembered[name] for part in names for name in _PORTS[part] if name in remembered}
    database = Database(state, check=lambda: None)
    return Addresses(
        engine_grpc=_address("", ports.get("engine_grpc")),
        engine_rest=_address("http://", ports.get("engine_rest")),
        database_url=database.url(ports) if "database" in ports else "",
        sandbox_url=_address("http://", ports.get("sandbox")),
    )


def part_status(name: str, stack: StackState) -> PartStatus:
    """How one part is, asked of the system."""
    record = stack.parts.get(name)
    if record is None or not record.identity.alive:
        return PartStatus(name, "stopped")
    return PartStatus(
        name,
        "running" if record.ready else "starting",
        record.pid,
        _address("", stack.ports[next(iter(_PORTS[name]))]),
        processes.resident_bytes(record.identity),
        time.time() - record.created_s,
    )


def _address(scheme: str, port: int | None) -> str:
    return f"{scheme}127.0.0.1:{port}" if port else ""

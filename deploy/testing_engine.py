"""The engine in the box for one test: no fleet, no database, nothing kept.

Public in `zeebe_fleet.testing`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.engine.version import VERSIONS
from zeebe_fleet.workers.contract.errors import FleetError

_READY = re.compile(r"READY grpc=(\S+) rest=(\S+)\n")
_READY_S = 30.0
_LOOK_S = 0.01
_COMMAND = ("-P", "-m", "zeebe_fleet.engine", "--memory", "--clock-controlled", "--until-eof")
_ANY_PORTS = ("--grpc-port", "0", "--rest-port", "0")


class RunningEngine:
    """An engine as a test sees it.

    Args:
        grpc_address: where the gRPC gateway answers, as `127.0.0.1:40123`.
        rest_address: where REST answers, as `http://127.0.0.1:40124`.
    """

    def __init__(self, grpc_address: str, rest_address: str, http: httpx.Client) -> None:
        self.grpc_address = grpc_address
        self.rest_address = rest_address
        self._http = http
        self._stands_at: datetime | None = None

    def deploy(self, *resources: str | Path) -> dict[str, Any]:
        """Deploy files together: models, decisions, forms; returns Camunda's answer.

        Raises:
            FleetError: the engine refuses them, in its words.
        """
        files = [("resources", (Path(one).name, Path(one).read_bytes())) for one in resources]
        answer: dict[str, Any] = self._asked("POST", "/v2/deployments", "deploy", files=files).json()
        return answer

    def start(self, process_id: str, variables: Mapping[str, Any] | None = None) -> str:
        """Start an instance of a process in its latest version; returns its key.

        Raises:
            FleetError: the engine refuses it, in its words.
        """
        wanted = {"processDefinitionId": process_id, "variables": dict(variables or {})}
        started = self._asked("POST", "/v2/process-instances", "start an instance", json=wanted)
        return str(started.json()["processInstanceKey"])

    def ended(self, process_instance_key: int | str, *, timeout_s: float = 10.0) -> str:
        """Wait until an instance has ended; returns its state: `COMPLETED` or `TERMINATED`. From 8.8 on.

        Raises:
            FleetError: it has not ended in time; what holds it is said, where that is an incident.
        """
        path, end_s = f"/v2/process-instances/{process_instance_key}", time.monotonic() + timeout_s
        while True:
            instance = self._asked("GET", path, "find the instance").json()
            if instance["state"] != "ACTIVE":
                return str(instance["state"])
            if time.monotonic() > end_s:
                raise FleetError(f"Instance {process_instance_key} has not ended in {timeout_s:g} s.{self._held(path)}")
            time.sleep(_LOOK_S)

    def set_clock(self, moment: datetime) -> None:
        """Have it be so late, and the time stand still; a moment in the past sets the clock back.

        Raises:
            FleetError: the moment has no time zone.
        """
        if moment.tzinfo is None:
            raise FleetError(f"{moment} is another moment in every time zone.", "Give it one: tzinfo=UTC.")
        timestamp = int(moment.timestamp() * 1000)
        self._asked("PUT", "/v2/clock", "set its clock", json={"timestamp": timestamp})
        self._stands_at = moment

    def advance(self, span: timedelta) -> None:
        """Let so much time pass: timers fire, leases end; the time stands still afterwards."""
        self.set_clock((self._stands_at or datetime.now(UTC)) + span)

    def _held(self, path: str) -> str:
        found = self._asked("POST", f"{path}/incidents/search", "search its incidents", json={}).json()["items"]
        return "".join(f" {one['elementId']}: {one['errorMessage']}" for one in found)

    def _asked(self, method: str, path: str, what: str, **content: Any) -> httpx.Response:
        answer = self._http.request(method, path, **content)
        if not answer.is_success:
            problem = answer.json()
            raise FleetError(f"The engine does not {what}: {problem.get('detail') or problem.get('title')}")
        return answer


@contextmanager
def running_engine(version: str = "8.9") -> Iterator[RunningEngine]:
    """Run an engine of one's own on free ports, for synchronous and asynchronous tests; it ends with the block.

    It is a process, keeps everything in memory, and ends with this one, however that ends.

    Args:
        version: the Camunda it plays: `8.6`, `8.7`, `8.8` or `8.9`.

    Raises:
        FleetError: it does not play that version, or does not start; what it said is on standard error.
    """
    if version not in VERSIONS:
        raise FleetError(f"The engine plays no Camunda {version!r}.", f"It plays {', '.join(VERSIONS)}.")
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONWARNINGS"}
    command = [sys.executable, *_COMMAND, *_ANY_PORTS, "--as", version]
    # The engine reads the pipe's end when this process is gone; no code of ours runs between fork and program.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, start_new_session=True
    ) as process:
        try:
            grpc_address, rest_address = _ready(process)
            with httpx.Client(base_url=f"http://{rest_address}", trust_env=False, cookies=no_cookies()) as http:
                yield RunningEngine(grpc_address, f"http://{rest_address}", http)
        finally:
            process.kill()  # nothing is kept, and clients that still wait are told at once


def _ready(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None, "it is a pipe"
    late = threading.Timer(_READY_S, process.kill)
    late.start()
    try:
        line = process.stdout.readline()
    finally:
        late.cancel()
    said = _READY.fullmatch(line)
    if said is None:
        raise FleetError("The engine does not start.", "What it said is on standard error.")
    return said[1], said[2]

"""What the pages are measured on: an engine, a database full of activities, and each role of the fleet a process."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import psutil

from bench.site import Site, site
from zeebe_fleet.deploy.settings import SHIPPED_APP

PROCESS = "bench_review"
_FLEET = Path(sys.executable).with_name("fleet")
_MODEL = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://zeebe-fleet/bench">
<process id="{PROCESS}" isExecutable="true"><extensionElements><zeebe:executionListeners>
<zeebe:executionListener eventType="start" type="fleet-adopt"/></zeebe:executionListeners></extensionElements>
<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="review"/>
<userTask id="review" name="Review at once"><extensionElements>
<zeebe:assignmentDefinition candidateGroups="reviewers"/></extensionElements></userTask>
<sequenceFlow id="f2" sourceRef="review" targetRef="end"/><endEvent id="end"/></process></definitions>"""
_ACTIVITIES = """
WITH made AS (
  INSERT INTO workflow (workflow_id, process_name, state, origin, principal, business_key, created_at)
  SELECT gen_random_uuid(), 'customer_onboarding', 'COMPLETED', 'API', '{"subject": "ada"}',
    'CASE-' || lpad(n::text, 5, '0'), now() - interval '30 days' + n * interval '4 minutes'
  FROM generate_series(1, $1) n RETURNING workflow_id, business_key, created_at)
INSERT INTO activity (activity_id, workflow_id, element_id, element_instance_key, process_instance_key, definition_key,
  name, input, candidate_groups, assignee, due_at, state, created_at)
SELECT gen_random_uuid(), workflow_id, 'review_application', number, number, 1,
  CASE number % 3 WHEN 0 THEN 'Approve discount' ELSE 'Review application' END,
  '{"applicant": {"name": "Grace Hopper", "email": "grace@example.com", "country": "US"}, "requested_credit": 5000}',
  CASE number % 3 WHEN 0 THEN '{sales-managers}'::text[] ELSE '{reviewers}' END,
  CASE number % 50 WHEN 0 THEN 'rita' END, created_at + interval '20 days',
  CASE number % 50 WHEN 0 THEN 'CLAIMED' ELSE 'OPEN' END, created_at
FROM (SELECT *, substr(business_key, 6)::int AS number FROM made ORDER BY business_key) listed
"""
_ANALYZE = "ANALYZE workflow, activity"


@dataclass
class Stage:
    """A fleet that serves its pages."""

    site: Site
    url: str
    api_pid: int

    def api_bytes(self) -> int:
        """Memory of the API's process."""
        return int(psutil.Process(self.api_pid).memory_info().rss)

    def api_cpu_s(self) -> float:
        """Processor seconds of the API's process so far."""
        times = psutil.Process(self.api_pid).cpu_times()
        return float(times.user + times.system)

    async def fill(self, count: int) -> None:
        """Put so many activities into the records, each of a case of its own."""
        connection = await asyncpg.connect(self.site.addresses.database_url)
        await connection.execute(_ACTIVITIES, count)
        await connection.execute(_ANALYZE)
        await connection.close()

    async def instance_keys(self, activity_ids: list[str]) -> dict[str, int]:
        """Return the instance that waits for each of these activities."""
        connection = await asyncpg.connect(self.site.addresses.database_url)
        query = "SELECT activity_id::text, process_instance_key FROM activity WHERE activity_id = ANY($1::uuid[])"
        rows = await connection.fetch(query, activity_ids)
        await connection.close()
        return {row[0]: row[1] for row in rows}


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Start all of it; it is gone at the end."""
    async with site() as place:
        await place.deploy(PROCESS, _MODEL)
        port = _free_port()
        environment = _environment(place, port)
        await asyncio.to_thread(subprocess.run, [_FLEET, "deploy"], env=environment, check=True, capture_output=True)
        with _roles(environment) as processes:
            url = f"http://127.0.0.1:{port}"
            await _answering(url)
            yield Stage(place, url, processes["api"].pid)


def _environment(place: Site, port: int) -> dict[str, str]:
    token = secrets.token_urlsafe(32)
    return {
        **os.environ,
        "FLEET_APP": SHIPPED_APP,
        "FLEET_ENGINE": "remote",
        "FLEET_ZEEBE__ADDRESS": place.addresses.engine_grpc,
        "FLEET_ZEEBE__REST_ADDRESS": place.addresses.engine_rest,
        "FLEET_DATABASE_URL": place.addresses.database_url,
        "FLEET_API__PORT": str(port),
        "FLEET_API__SERVICE_TOKEN": token,
        "FLEET_SERVICES": json.dumps(
            {"fleet_api": {"base_url": f"http://127.0.0.1:{port}", "token_secret": "fleet_api_token"}}
        ),
        "FLEET_SECRETS": json.dumps({"fleet_api_token": token}),
    }


@contextmanager
def _roles(environment: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    commands = ("api", "worker", "human-tasks", "relay")
    running = {name: subprocess.Popen([_FLEET, name], env=environment, **quiet) for name in commands}
    try:
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(timeout=30)


async def _answering(url: str) -> None:
    end_s = time.monotonic() + 60
    async with httpx.AsyncClient(trust_env=False) as http:
        while time.monotonic() < end_s:
            try:
                if (await http.get(f"{url}/health")).is_success:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
    raise SystemExit("The API does not come up.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])

"""Measures what a start by published version costs beside one of the latest, through the API, records and engine.

    python -m bench.versions [--times 300]

The starts take turns, so that whatever else the machine does meets all of them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from bench.figures import Figure, show, write
from zeebe_fleet.adapters.artifacts.folder import FolderStore
from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.artifact import artifact_of
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key, sign
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.api import api_app
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack
from zeebe_fleet.deploy.publication import deploy
from zeebe_fleet.deploy.settings import Settings, ShareSection, ZeebeSettings

_FILE = Path("build/bench.json")
_TARGET_MS = 1.0
_WARM_UP = 20
_PROCESS = "hello_world"
_START = """mutation ($version: String) { answer: startWorkflow(processName: "hello_world", processVersion: $version,
    variables: {message: "x"}) { __typename ... on WorkflowStarted { workflow { state artifactVersion } } } }"""


async def measure(settings: Settings, times: int) -> list[Figure]:
    """Publish and deploy a process, and start it in turns by what is latest, by version, and by range."""
    package = load_package(PROCESSES / _PROCESS)
    version = package.manifest.version
    await _publish(settings.artifacts)
    await deploy(settings)
    asked = {"latest": None, "version": version, "range": f"{version.split('.')[0]}.x"}
    found: dict[str, list[float]] = {kind: [] for kind in asked}
    async with bootstrap.core(settings) as core, api_app(core) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.api_url) as client:
            login = await client.post("/login", json={"persona": "olga"})
            headers = {"authorization": f"Bearer {login.json()['token']}"}
            for _ in range(times + _WARM_UP):
                for kind, wanted in asked.items():
                    found[kind].append(await _start_ms(client, headers, wanted))
    return _figures({kind: spent[_WARM_UP:] for kind, spent in found.items()})


async def _publish(artifacts: ArtifactsSection) -> None:
    key, line = new_key()
    artifacts.publishers.write_text(f'publishers:\n  - {{name: bench, key: "{line}", may_publish: ["*"]}}\n')
    artifact = artifact_of(load_package(PROCESSES / _PROCESS))
    await FolderStore(Path(artifacts.store)).create(artifact.file, sign(artifact, key))


async def _start_ms(client: httpx.AsyncClient, headers: Mapping[str, str], version: str | None) -> float:
    body = {"query": _START, "variables": {"version": version}}
    begun_s = time.perf_counter()
    answer = (await client.post("/graphql", json=body, headers=headers)).json()
    spent_ms = (time.perf_counter() - begun_s) * 1000
    assert answer["data"]["answer"]["__typename"] == "WorkflowStarted", answer
    return spent_ms


def _figures(found: Mapping[str, list[float]]) -> list[Figure]:
    middle = {kind: statistics.median(spent) for kind, spent in found.items()}
    more_ms = middle["version"] - middle["latest"]
    measured = f"{more_ms:+.2f} ms ({middle['version']:.2f} against {middle['latest']:.2f} ms)"
    target = f"≤ +{_TARGET_MS:.0f} ms"
    by_range = f"{middle['range'] - middle['latest']:+.2f} ms ({middle['range']:.2f} ms)"
    return [
        Figure(
            "startWorkflow by a known version, p50, beside the latest",
            measured,
            target,
            more_ms <= _TARGET_MS,
            {**middle},
        ),
        Figure("startWorkflow by a range, p50, beside the latest, the store's list read each time", by_range, "", None),
    ]


def _settings(folder: Path, addresses: Addresses) -> Settings:
    (folder / "store").mkdir()
    unlimited = ShareSection(requests=1_000_000, requests_per_s=1e6, rows=10**8, rows_per_s=1e8, reading_s=1e6)
    settings = Settings(
        app="zeebe_fleet.bpmn.shipped",
        database_url=addresses.database_url,
        zeebe=ZeebeSettings(address=addresses.engine_grpc, rest_address=addresses.engine_rest),
        artifacts=ArtifactsSection(store=str(folder / "store"), publishers=folder / "publishers.yaml"),
    )
    return settings.model_copy(update={"api": settings.api.model_copy(update={"share": unlimited})})


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.versions", description=__doc__)
    parser.add_argument("--times", type=int, default=300)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # The database runs as another user where we are root: it must be let in.
        os.chmod(folder, 0o755)
        stack = LocalStack(folder / "stack", parts=("database", "engine"))
        try:
            figures = asyncio.run(measure(_settings(folder, stack.up()), times))
        finally:
            stack.down()
    write(figures, _FILE, times=times)
    show(figures, f"Starts by version ({times} of each, in turns)")


if __name__ == "__main__":
    main()

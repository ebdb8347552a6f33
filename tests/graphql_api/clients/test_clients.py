"""Applications' clients, unmodified: they start, page through, complete, follow, and go on after the API was away."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, Client
from tests.graphql_api.test_subscriptions import CLAIM, cut_database
from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.local.ports import any_free_port
from zeebe_fleet.deploy.node import node, npm, run_node
from zeebe_fleet.deploy.server import served
from zeebe_fleet.graphql_api.app import create_app
from zeebe_fleet.graphql_api.auth import sign_session
from zeebe_fleet.graphql_api.settings import PERSONAS, ApiServices, ApiSettings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
SETTINGS = ApiSettings(service_token=SERVICE_TOKEN)
NODE = ("graphql-request", "apollo", "apollo-sse", "urql", "urql-sse", "graphql-ws", "graphql-sse")
PYTHON = ("gql", "sgqlc", "sgqlc-codegen")
NOT_FOLLOWING = ("graphql-request", "sgqlc", "sgqlc-codegen")
"""They have no subscriptions; sgqlc has them by the protocol before `graphql-transport-ws` alone."""


def _kept(kind: str, locks: list[Path]) -> str:
    digest = hashlib.sha256(b"".join(one.read_bytes() for one in locks)).hexdigest()[:20]
    return f"clients-{kind}-{digest}"


@pytest.fixture(scope="session")
def node_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients for Node, by the lock, and the scenario."""
    cache, locks = Cache(), [HERE / "package.json", HERE / "package-lock.json"]
    name = _kept("node", locks)
    with cache.lock(name, lambda: None):
        if not (cache.root / name).is_dir():
            with cache.build(name) as folder:
                for one in (*locks, HERE / ".npmrc"):
                    shutil.copy(one, folder)
                run_node([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    folder = tmp_path_factory.mktemp("clients")
    (folder / "node_modules").symlink_to(cache.root / name / "node_modules")
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, folder)
    return folder


@pytest.fixture(scope="session")
def python_clients() -> Path:
    """A folder with the clients for Python, by the lock."""
    cache, lock = Cache(), HERE / "requirements.txt"
    name = _kept("python", [lock])
    with cache.lock(name, lambda: None):
        if not (cache.root / name).is_dir():
            with cache.build(name) as folder:
                install = ["-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", str(lock)]
                subprocess.run([sys.executable, *install, "--target", str(folder)], check=True, timeout=240)
    return cache.root / name


class Application:
    """A process that uses one of the clients."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self, *words: str) -> str:
        """Wait for a line that begins with these words, and return it; whatever else it says may not be a loss."""
        assert self._process.stdout is not None
        heard: list[str] = []
        try:
            async with asyncio.timeout(45):
                while True:
                    line = (await self._process.stdout.readline()).decode().split()
                    heard.append(" ".join(line))
                    assert line, f"The application ended: {heard}"
                    assert line[:2] != ["lost", "complete"]
                    if tuple(line[: len(words)]) == words:
                        return heard[-1]
        except TimeoutError:
            raise AssertionError(f"Not {words}, but {heard}.") from None

    def go_on(self) -> None:
        """Let it go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")


@asynccontextmanager
async def application(command: list[str], folder: Path, **environment: str) -> AsyncIterator[Application]:
    """Run an application for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Application(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def reached(port: int, database_url: str) -> AsyncIterator[Api]:
    """Reach the API, whether it runs at the moment or not."""
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, timeout=20.0, trust_env=False) as http:
        yield Api(url, http, database_url)


@pytest.mark.parametrize("name", [*NODE, *PYTHON])
async def test_client_works_unmodified(
    services: ApiServices, database_url: str, request: pytest.FixtureRequest, name: str
) -> None:
    """One key starts once, every page comes, errors are errors, and neither restart nor cut ends a subscription."""
    folder = request.getfixturevalue("node_clients" if name in NODE else "python_clients")
    script = [str(node()), "scenario.mjs"] if name in NODE else [sys.executable, str(HERE / "scenario.py")]
    port, token, app = any_free_port(), sign_session(PERSONAS["ada"], SETTINGS), create_app(services, SETTINGS)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(reached(port, database_url))
        async with served(app, "127.0.0.1", port):
            done, followed, *_ = [(await api.activity())["activityId"] for _ in range(7)]
            command = [*script, name, f"{api.url}/graphql", token, done, followed]
            running = await stack.enter_async_context(application(command, folder, PYTHONPATH=str(folder)))
            await _use(running)
        async with served(app, "127.0.0.1", port):
            if name not in NOT_FOLLOWING:
                await running.said("told", "OPEN")
                async with cut_database(api):
                    await running.said("told", "OPEN")
            await Client(api.http, {"authorization": f"Bearer {token}"}).ask(CLAIM, id=followed)
            if name not in NOT_FOLLOWING:
                await running.said("told", "CLAIMED")
            running.go_on()
            await running.said("told", "CLAIMED")


async def test_http_is_spoken_as_specified(api: Api, ada: Client, node_clients: Path) -> None:
    """Every point of graphql-http's audit, those that need only be as well as those that must.

    Source: https://github.com/graphql/graphql-http/blob/main/src/audits/server.ts
    """
    token = ada.headers["authorization"].removeprefix("Bearer ")
    command = [str(node()), "audit.mjs", f"{api.url}/graphql", token]
    audit = await asyncio.create_subprocess_exec(*command, cwd=node_clients, stdout=subprocess.PIPE)
    said, _ = await audit.communicate()
    *wrong, last = said.decode().splitlines()
    assert not wrong
    assert int(last.removeprefix("audited ")) > 50


async def _use(running: Application) -> None:
    assert await running.said("start") == await running.said("start")
    assert int((await running.said("pages")).split()[1]) >= 7
    for _ in range(2):
        await running.said("complete", "ActivityCompleted")
    assert (await running.said("wrong")).lower() == "wrong true"
    await running.said("told", "OPEN")

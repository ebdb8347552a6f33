"""Shared by all tests: one local stack for the session, a database of its own for each module that asks.

The engine is the one in the box, unless FLEET_TEST_ENGINE says `docker` (the real Camunda 8 in a container) or `remote`
(the one at FLEET_ZEEBE__ADDRESS, with all of FLEET_ZEEBE__…; FLEET_TEST_ZEEBE__… goes before it).
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

# Before gRPC is loaded: parts of the stack are started while it runs, and a fork with its threads would crash.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import pytest

from tests import in_memory
from tests.databases import new_database
from tests.s3_server import S3Server, s3_server
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.docker_engine import engine_in_docker, hindrance
from zeebe_fleet.deploy.local.report import SilentReport
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings

ENGINES = ("builtin", "docker", "remote")
TEST_ENGINE = os.environ.get("FLEET_TEST_ENGINE") or "builtin"
_OWN = "FLEET_TEST_ZEEBE__"
_MOST_PROCESSES = 4


def pytest_configure() -> None:
    """Take the engine of the tests for that of every process that they start, and have those heed an interruption.

    What a process ignores, those that it starts ignore too: a shell's background job ignores an interruption. What it
    only does nothing about, they do not.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)
    if TEST_ENGINE not in ENGINES:
        raise pytest.UsageError(f"FLEET_TEST_ENGINE is {TEST_ENGINE!r}; it can be {', '.join(ENGINES)}.")
    if TEST_ENGINE == "remote":
        for name in [one for one in os.environ if one.startswith(_OWN)]:
            os.environ[f"FLEET_ZEEBE__{name.removeprefix(_OWN)}"] = os.environ[name]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Share the tests out among as many processes as there are cores, each with a stack of its own; an engine that is
    not the box's is one for all, and its jobs would go to whoever asks first."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES) if TEST_ENGINE == "builtin" else 0


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Database and sandbox of this session; the engine is added by the first test that asks for it."""
    with in_memory.folder("fleet-stack-") as state:
        state.chmod(0o755)  # a database's system user enters it
        (state / "logs").symlink_to(tmp_path_factory.mktemp("logs"))
        ground = LocalStack(state, parts=("database", "sandbox"))
        ground.up()
        yield ground
        ground.down()


@pytest.fixture(scope="session")
def database_server(ground: LocalStack) -> str:
    """Where the session's PostgreSQL answers, with user and password."""
    return ground.addresses().database_url


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """The session's S3 server."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> LocalStack:
    """The whole local stack of this session; dies with it. Whoever asks for it may kill its parts."""
    if TEST_ENGINE != "builtin":
        pytest.skip(f"It kills or freezes the engine, which is not this machine's: FLEET_TEST_ENGINE={TEST_ENGINE}.")
    ground: LocalStack = request.getfixturevalue("ground")
    ground.start("engine")
    return ground


@pytest.fixture(scope="session")
def zeebe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZeebeSettings]:
    """How this session's engine is reached."""
    if TEST_ENGINE == "remote":
        yield _remote()
    elif TEST_ENGINE == "docker":
        if reason := hindrance():
            pytest.skip(f"FLEET_TEST_ENGINE=docker: {reason}")
        asked = Settings(engine="docker", state=tmp_path_factory.mktemp("docker"))
        with engine_in_docker(asked, SilentReport(), reset=True) as settings:
            yield settings.zeebe
    else:
        found = request.getfixturevalue("stack").addresses()
        yield ZeebeSettings(address=found.engine_grpc, rest_address=found.engine_rest)


def _remote() -> ZeebeSettings:
    zeebe = Settings().zeebe
    if not zeebe.address:
        pytest.fail("FLEET_TEST_ENGINE=remote, and neither FLEET_TEST_ZEEBE__ADDRESS nor FLEET_ZEEBE__ADDRESS is set.")
    return zeebe


@pytest.fixture(scope="session")
def addresses(ground: LocalStack, zeebe: ZeebeSettings) -> Addresses:
    """Where this session's engine, database and sandbox answer."""
    return replace(ground.addresses(), engine_grpc=zeebe.address, engine_rest=zeebe.rest_address)


@pytest.fixture(scope="session")
async def engine(zeebe: ZeebeSettings) -> AsyncIterator[ZeebeEngine]:
    """The session's engine."""
    async with ZeebeEngine(connection_to(zeebe)) as engine:
        yield engine


@pytest.fixture(scope="module")
async def database_url(database_server: str) -> AsyncIterator[str]:
    """A migrated database of this module's own."""
    async with new_database(database_server, "test") as url:
        await migrate(url)
        yield url

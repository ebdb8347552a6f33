"""The API in front of a database of the module's own, and a client for each persona."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import httpx
import pytest
import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from starlette.types import ASGIApp

from zeebe_fleet.adapters.postgres.activities import PostgresActivities
from zeebe_fleet.adapters.postgres.feed import PostgresFeed
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.requests import PostgresRequests
from zeebe_fleet.adapters.postgres.sessions import database as records_database
from zeebe_fleet.adapters.postgres.spent_tokens import PostgresSpentTokens
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.connections import Patience
from zeebe_fleet.deploy.server import configured
from zeebe_fleet.graphql_api.app import create_app
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings

PATIENCE = Patience()
SERVICE_TOKEN = "the-token-of-the-service-in-these-tests"
T = TypeVar("T")
_keys = count(4_503_599_627_370_496)


class EngineAway:
    """Delivery while the engine is down: everything stays owed."""

    async def deliver(self, owed_ids: Sequence[int]) -> None:
        """Leave it to the relay."""


@dataclass
class Client:
    """Somebody who speaks GraphQL."""

    http: httpx.AsyncClient
    headers: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, query: str, **variables: Any) -> Any:
        """Send an operation that shall succeed and return its data."""
        body = await self.send(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def answer(self, query: str, **variables: Any) -> Any:
        """Send an operation with one field and return what it holds."""
        (answer,) = (await self.ask(query, **variables)).values()
        return answer

    async def send(self, query: str, **variables: Any) -> Any:
        """Send an operation and return the whole answer."""
        response = await self.http.post(
            "/graphql",
            content=json.dumps({"query": query, "variables": variables}),
            headers={"content-type": "application/json", **self.headers},
        )
        return response.json()


@dataclass
class Api:
    """A running API."""

    url: str
    http: httpx.AsyncClient
    database_url: str

    @property
    def service(self) -> Client:
        """The human-task adapter."""
        return Client(self.http, {"authorization": f"Bearer {SERVICE_TOKEN}"})

    async def persona(self, name: str) -> Client:
        """Sign in as a persona, by bearer token."""
        response = await self.http.post("/login", json={"persona": name})
        self.http.cookies.clear()
        return Client(self.http, {"authorization": f"Bearer {response.json()['token']}"})

    async def sql(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def activity(self, **changes: Any) -> Any:
        """Create an activity as the human-task adapter does, for reviewers if not said otherwise."""
        task = {**user_task(), **changes}
        answer = await self.service.answer(CREATE, input=task)
        return answer["activity"]


CREATE = """
mutation ($input: CreateActivityInput!) { createActivity(input: $input) { __typename
  ... on ActivityCreated { activity { activityId workflowId state version assignee jobKey } }
  ... on UserError { message suggestion } } }
"""


def user_task() -> dict[str, Any]:
    """Return a user task that no other test has."""
    return {
        "processName": "customer_onboarding",
        "processVersion": 1,
        "processInstanceKey": str(next(_keys)),
        "definitionKey": str(next(_keys)),
        "elementId": "review-application",
        "elementInstanceKey": str(next(_keys)),
        "jobKey": str(next(_keys)),
        "name": "Review application",
        "variables": {"applicant": {"name": "Ada"}},
        "candidateGroups": ["reviewers"],
    }


async def until(read: Callable[[], Awaitable[T]], holds: Callable[[T], object], timeout_s: float = 30.0) -> T:
    """Wait for a state."""
    async with asyncio.timeout(timeout_s):
        found = await read()
        while not holds(found):
            await asyncio.sleep(0.05)
            found = await read()
    return found


_OPEN = (
    "customer_onboarding",
    "hello_world",
    "onboarding",
    "shifting",
    "filtered",
    "filtering",
    "seven",
    "child",
    "p",
    "c",
    "hello",
    "inner",
    "dated",
)
"""Processes that everybody may start and see here; who may is tested with the policy."""


async def open_to_everybody(database_url: str, *process_names: str) -> None:
    """Let everybody start these processes and see their workflows, as their manifests would."""
    connection = await asyncpg.connect(database_url)
    await connection.executemany(
        "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, access) "
        """VALUES ($1, $2, 0, '', '', '{"start": "everybody", "see": "everybody"}')""",
        [(-next(_keys), name) for name in process_names],
    )
    await connection.close()


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[AsyncEngine]:
    """SQLAlchemy's connections to the module's database, as the API has them."""
    database = records_database(as_login(database_url, RECORDS), hide_parameters=True, pool_pre_ping=True)
    yield database
    await database.dispose()


@pytest.fixture(scope="module")
async def asked_engine() -> AsyncIterator[ZeebeEngine]:
    """The engine that the API asks; here nobody answers."""
    async with ZeebeEngine(EngineConnection(address="127.0.0.1:1")) as engine:
        yield engine


@pytest.fixture(scope="module")
async def services(database: AsyncEngine, database_url: str, asked_engine: ZeebeEngine) -> AsyncIterator[ApiServices]:
    """The API's ports on the real records, and on an engine that hears of nothing by itself."""
    sessions = async_sessionmaker(database, expire_on_commit=False)
    await open_to_everybody(database_url, *_OPEN)
    changes = PostgresFeed(database_url)
    yield ApiServices(
        workflows=PostgresWorkflows(sessions),
        activities=PostgresActivities(sessions),
        requests=PostgresRequests(sessions),
        delivery=EngineAway(),
        engine=asked_engine,
        changes=changes,
        spent_tokens=PostgresSpentTokens(sessions),
    )
    await changes.close()


@pytest.fixture(scope="module")
async def api(services: ApiServices, database_url: str) -> AsyncIterator[Api]:
    """The API on a free port, under the server it is run with."""
    async with serving(services, database_url) as api:
        yield api


@asynccontextmanager
async def serving(services: ApiServices, database_url: str, settings: ApiSettings | None = None) -> AsyncIterator[Api]:
    """Serve the API on a free port for as long as the block lasts."""
    app = create_app(services, settings or ApiSettings(service_token=SERVICE_TOKEN))
    async with listening(app) as url, httpx.AsyncClient(base_url=url, timeout=20.0, trust_env=False) as http:
        yield Api(url, http, database_url)


@asynccontextmanager
async def listening(app: ASGIApp, patience: Patience = PATIENCE) -> AsyncIterator[str]:
    """Run an application on a free port for as long as the block lasts, as it is run; yields its address."""
    config = configured(app, patience)
    config.timeout_graceful_shutdown = 2
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as place:
        running = asyncio.create_task(server.serve(sockets=[place]))
        await until(lambda: asyncio.sleep(0, server.started), bool)
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
        server.should_exit = True
        await running


@pytest.fixture(scope="module")
async def rita(api: Api) -> Client:
    """A reviewer."""
    return await api.persona("rita")


@pytest.fixture(scope="module")
async def sam(api: Api) -> Client:
    """A sales manager."""
    return await api.persona("sam")


@pytest.fixture(scope="module")
async def ada(api: Api) -> Client:
    """An administrator."""
    return await api.persona("ada")


@pytest.fixture(scope="module")
async def olga(api: Api) -> Client:
    """An operator."""
    return await api.persona("olga")


def activity_id(activity: Mapping[str, Any]) -> UUID:
    """Return an activity's id."""
    return UUID(activity["activityId"])

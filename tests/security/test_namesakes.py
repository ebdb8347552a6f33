"""People of the same name at several providers: neither requests nor messages of one are taken for the other's."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from tests.graphql_api.conftest import SERVICE_TOKEN, Client, serving
from zeebe_fleet.adapters.postgres.erasure import Erasure
from zeebe_fleet.adapters.postgres.requests import PostgresRequests
from zeebe_fleet.adapters.postgres.retention import PostgresRetention
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.graphql_api.auth import sign_session
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.workers.contract.api_ports import StartRequest
from zeebe_fleet.workers.contract.principal import FLEET, OPERATOR_ROLE, Principal
from zeebe_fleet.workers.contract.refusals import IdempotencyConflict

ONE, OTHER = "https://one.example", "https://other.example"
PUBLISH = """mutation ($key: String) { publishMessage(name: "m", correlationKey: "c", idempotencyKey: $key) {
  __typename ... on UserError { message } } }"""
BODY = {"publishMessage": "m"}


class Listening:
    """An engine that keeps the ids of what it is sent."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []

    async def publish_message(self, *_: Any, message_id: str, **__: Any) -> None:
        """Take a message."""
        self.message_ids.append(message_id)


@pytest.fixture
def requests(database: AsyncEngine) -> PostgresRequests:
    """The requests that were answered."""
    return PostgresRequests(async_sessionmaker(database, expire_on_commit=False))


@pytest.fixture
def workflows(database: AsyncEngine) -> PostgresWorkflows:
    """The workflows that were asked for."""
    return PostgresWorkflows(async_sessionmaker(database, expire_on_commit=False))


async def test_id_of_a_message_is_nobody_elses(services: ApiServices, database_url: str) -> None:
    """However name, issuer and key are put together; and it says nobody's name."""
    engine = Listening()
    settings = ApiSettings(service_token=SERVICE_TOKEN)
    people = [Principal(name, roles=frozenset({OPERATOR_ROLE}), issuer=by) for name, by in product(NAMES, ISSUERS)]
    asked = replace(services, engine=engine)  # type: ignore[arg-type]
    async with serving(asked, database_url, settings) as api:
        for person in people:
            client = Client(api.http, {"authorization": f"Bearer {sign_session(person, settings)}"})
            for key in KEYS:
                assert (await client.answer(PUBLISH, key=key))["__typename"] == "MessagePublished"
    assert len(set(engine.message_ids)) == len(people) * len(KEYS)
    assert not [one for one in engine.message_ids if "nora" in one or "http" in one]


NAMES = ("nora", "nora:a", "nora:a:b", '","nora')
ISSUERS = ("", ONE, f"{ONE}:nora")
KEYS = ("a:b:c", "b:c", "c", '"],["')


async def test_key_of_a_namesake_is_free(workflows: PostgresWorkflows) -> None:
    """Each has a workflow of their own under one key, and gets it again; whoever was first."""
    people = [Principal("nora", issuer=issuer) for issuer in (ONE, OTHER, "")]
    request = StartRequest("hello_world", None, None, {}, "a-key-that-three-have")
    first = [(await workflows.request_start(person, request)).record_id for person in people]
    again = [(await workflows.request_start(person, request)).record_id for person in people]
    assert first == again
    assert len({*first}) == 3
    for person in people:
        with pytest.raises(IdempotencyConflict):
            await workflows.request_start(person, replace(request, variables={"x": 1}))


async def test_key_of_many_namesakes_at_once(workflows: PostgresWorkflows) -> None:
    """Each twice, all at one moment: one workflow for each."""
    people = [Principal("noah", issuer=f"https://{number}.example") for number in range(4)] * 2
    request = StartRequest("hello_world", None, None, {}, "a-key-of-many")
    made = await asyncio.gather(*(workflows.request_start(person, request) for person in people))
    assert len({one.record_id for one in made}) == 4
    assert [one.record_id for one in made[:4]] == [one.record_id for one in made[4:]]


async def test_request_of_a_namesake_is_sent(requests: PostgresRequests) -> None:
    """Noting that one was sent, or giving it up, leaves the other's as it is."""
    one, other = Principal("nina", issuer=ONE), Principal("nina", issuer=OTHER)
    assert [await requests.take(who, "k", BODY) for who in (one, other)] == [True, True]
    await requests.sent(one, "k")
    await requests.give_up(other, "k")
    assert [await requests.take(who, "k", BODY) for who in (one, other)] == [False, True]


async def test_request_of_the_version_before_is_known(requests: PostgresRequests, database: AsyncEngine) -> None:
    """Which said no issuer, and finds what this one noted, by name and key."""
    nell = Principal("nell", issuer=ONE)
    async with database.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO request_key (principal, key, body_hash, response) "
            "SELECT 'nell', 'old', encode(sha256('{\"publishMessage\":\"m\"}'), 'hex'), '{\"sent\": true}'"
        )
    assert not await requests.take(nell, "old", BODY)
    assert await requests.take(nell, "new", BODY)
    async with database.connect() as connection:
        found = await connection.exec_driver_sql("SELECT key FROM request_key WHERE principal = 'nell' ORDER BY key")
        assert [row.key for row in found] == ["new", "old"]


async def test_namesake_is_erased_too(requests: PostgresRequests, database: AsyncEngine, database_url: str) -> None:
    """Whoever's name is erased stands in no row of theirs."""
    for issuer in (ONE, OTHER):
        await requests.take(Principal("nadia", issuer=issuer), "k", BODY)
    history = PostgresRetention(database_url)
    await history.erase(FLEET, Erasure(subjects=("nadia",)))
    await history.close()
    async with database.connect() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM request_key WHERE principal LIKE 'nadia%%'")
        assert found.scalar_one() == 0

"""The same documents over every transport: refused by the same code, and whoever asks next is answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.graphql_api.conftest import Api, Client
from tests.graphql_api.test_subscriptions import socket
from tests.security.attacks import DOCUMENTS, VARIABLES

SOME = [
    "doubling fragments",
    "doubling fragments below fields",
    "inline fragments",
    "a field again and again",
    "commas",
]
SHARED = "subscription { activityChanged { ...F0 } } " + DOCUMENTS["doubling fragments"].partition("} } ")[2].replace(
    "on Me", "on Activity"
).replace("subject", "state")

Send = Callable[[Api, Client, Any], Awaitable[Any]]


async def by_post(api: Api, client: Client, body: Any) -> Any:
    """Send it as a query is sent."""
    return (await api.http.post("/graphql", json=body, headers=client.headers)).json()


async def by_get(api: Api, client: Client, body: Any) -> Any:
    """Send it in the address; none that is longer than an address may be."""
    return (await api.http.get("/graphql", params={"query": body["query"][:9_000]}, headers=client.headers)).json()


async def by_stream(api: Api, client: Client, body: Any) -> Any:
    """Send it as what is answered by events."""
    headers = {**client.headers, "accept": "text/event-stream"}
    answer = await api.http.post("/graphql", json=body, headers=headers)
    if answer.headers["content-type"].startswith("text/event-stream"):
        return json.loads(answer.text.split("\n")[1].removeprefix("data: "))
    return answer.json()


async def by_socket(api: Api, client: Client, body: Any) -> Any:
    """Send it over a WebSocket."""
    async with socket(api, dict(client.headers)) as opened:
        await opened.begin()
        opened.tell({"id": "1", "type": "subscribe", "payload": body})
        said = await opened.read()
    return {"errors": said["payload"]} if isinstance(said, dict) else {"errors": [{"message": said.reason}]}


TRANSPORTS = [by_post, by_get, by_stream, by_socket]


@pytest.mark.parametrize("send", TRANSPORTS)
@pytest.mark.parametrize("name", [*SOME, "shared"])
async def test_attack_is_refused_on_every_transport(api: Api, rita: Client, send: Send, name: str) -> None:
    """A subscription that many could share is looked at as any other; the next request is served."""
    if send is by_get and name == "commas":
        pytest.skip("an address is not that long")
    said = await send(api, rita, {"query": SHARED if name == "shared" else DOCUMENTS[name]})
    assert said["errors"]
    assert not said.get("data")
    assert await rita.ask("{ me { subject } }") == {"me": {"subject": "rita"}}


@pytest.mark.parametrize("send", [by_post, by_stream, by_socket])
@pytest.mark.parametrize("name", VARIABLES)
async def test_variables_are_bounded_on_every_transport(api: Api, rita: Client, send: Send, name: str) -> None:
    """Even those that the document does not name: they are read before anybody can tell."""
    said = await send(api, rita, {"query": "{ me { subject } }", "variables": VARIABLES[name]})
    assert said["errors"]


@pytest.mark.parametrize("send", [by_post, by_stream, by_socket])
async def test_entries_of_variables_are_bounded(api: Api, rita: Client, send: Send) -> None:
    """Each entry of a list is read by its type."""
    query = "query ($filter: ActivityFilterInput) { activities(filter: $filter) { edges { cursor } } }"
    said = await send(api, rita, {"query": query, "variables": {"filter": {"state": ["OPEN"] * 2_000}}})
    assert "more than 1,000 entries" in said["errors"][0]["message"]


async def test_message_of_a_socket_is_bounded(api: Api, rita: Client) -> None:
    """As a body is: what is larger closes the socket before it is read."""
    async with socket(api, dict(rita.headers)) as opened:
        await opened.begin()
        opened.tell({"id": "1", "type": "subscribe", "payload": {"query": "#" * 15_000_000}})
        assert (await opened.read()).code == 1009
    assert await rita.ask("{ me { subject } }") == {"me": {"subject": "rita"}}

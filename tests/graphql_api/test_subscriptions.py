"""Changes as they happen: by server-sent events and by WebSocket."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, RejectConnection, Request, TextMessage

from tests.graphql_api.conftest import Api, Client

ACTIVITY = "subscription ($id: UUID) { activityChanged(activityId: $id) { activityId state assignee } }"
WORKFLOW = "subscription ($id: UUID) { workflowChanged(workflowId: $id) { workflowId state steps { elementId } } }"
CLAIM = "mutation ($id: UUID!) { claimActivity(activityId: $id) { __typename } }"


@asynccontextmanager
async def events(client: Client, query: str, **variables: Any) -> AsyncIterator[AsyncIterator[Any]]:
    """Subscribe by server-sent events."""
    headers = {**client.headers, "accept": "text/event-stream"}
    body = {"query": query, "variables": variables}
    async with client.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")

        async def read() -> AsyncIterator[Any]:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line[6:])["data"]

        yield read()


async def following(stream: AsyncIterator[Any]) -> Any:
    """Return the next event."""
    async with asyncio.timeout(15):
        return await anext(stream)


async def test_activity_changed_tells_of_a_claim(api: Api, rita: Client) -> None:
    """First how it stands, then each change."""
    activity = await api.activity()
    async with events(rita, ACTIVITY, id=activity["activityId"]) as stream:
        assert (await following(stream))["activityChanged"]["state"] == "OPEN"
        await rita.ask(CLAIM, id=activity["activityId"])
        changed = (await following(stream))["activityChanged"]
    assert changed == {"activityId": activity["activityId"], "state": "CLAIMED", "assignee": "rita"}


async def test_activity_changed_is_silent_about_what_one_may_not_see(api: Api, sam: Client) -> None:
    """A sales manager hears of a discount, and never of the review before it."""
    mine = await api.activity(candidateGroups=["sales-managers"])
    async with events(sam, ACTIVITY) as stream:
        reading = asyncio.create_task(following(stream))
        while not reading.done():
            await api.activity()
            await api.sql("UPDATE activity SET version = version + 1 WHERE activity_id = $1", mine["activityId"])
            await asyncio.wait([reading], timeout=0.2)
        assert reading.result()["activityChanged"]["activityId"] == mine["activityId"]


async def test_workflow_changed_tells_of_steps(api: Api, rita: Client) -> None:
    """A step that was claimed is a change of its workflow."""
    workflow_id = (await api.activity())["workflowId"]
    async with events(rita, WORKFLOW, id=workflow_id) as stream:
        assert (await following(stream))["workflowChanged"]["steps"] == []
        await api.sql(
            "INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, "
            "process_instance_key, definition_key, state) VALUES ($1, 1, 'a', 'ACTION', 'first', 1, 1, 1, 'CLAIMED')",
            workflow_id,
        )
        assert (await following(stream))["workflowChanged"]["steps"] == [{"elementId": "first"}]


async def test_anonymous_subscription_is_refused(api: Api) -> None:
    """Nobody listens without a principal."""
    response = await api.http.post("/graphql", json={"query": ACTIVITY}, headers={"accept": "text/event-stream"})
    assert response.status_code == 401


class Socket:
    """A WebSocket client, as small as it can be."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._protocol = WSConnection(ConnectionType.CLIENT)

    def send(self, event: Request | Message[Any]) -> None:
        """Send an event."""
        self._writer.write(self._protocol.send(event))

    async def read(self) -> Any:
        """Return the next event, or the JSON in it."""
        while True:
            for event in self._protocol.events():
                return json.loads(event.data) if isinstance(event, TextMessage) else event
            self._protocol.receive_data(await self._reader.read(65_536) or None)

    def tell(self, message: Any) -> None:
        """Send JSON."""
        self.send(TextMessage(json.dumps(message)))

    async def begin(self, payload: Any = None) -> Any:
        """Shake hands and introduce oneself; returns the answer."""
        assert isinstance(await self.read(), AcceptConnection)
        self.tell({"type": "connection_init", **({} if payload is None else {"payload": payload})})
        return await self.read()


@asynccontextmanager
async def cut_database(api: Api) -> AsyncIterator[None]:
    """Cut every connection to the database, again and again for as long as the block lasts."""

    async def cut() -> None:
        while True:
            await api.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.3)

    cutting = asyncio.create_task(cut())
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        cutting.cancel()
        await asyncio.wait([cutting])


@asynccontextmanager
async def socket(
    api: Api, headers: dict[str, str], host: str = "", tls: ssl.SSLContext | None = None, path: str = "/graphql"
) -> AsyncIterator[Socket]:
    """Open a WebSocket; the handshake's answer is still to be read."""
    address = urlsplit(api.url).netloc
    reader, writer = await asyncio.open_connection(*address.split(":"), ssl=tls)
    opened = Socket(reader, writer)
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    opened.send(Request(host or address, path, subprotocols=["graphql-transport-ws"], extra_headers=pairs))
    try:
        async with asyncio.timeout(15):
            yield opened
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_activity_changed_by_websocket(api: Api, rita: Client) -> None:
    """The other transport tells the same."""
    activity = await api.activity()
    async with socket(api, dict(rita.headers)) as opened:
        assert isinstance(await opened.read(), AcceptConnection)
        opened.send(TextMessage(json.dumps({"type": "connection_init"})))
        assert (await opened.read())["type"] == "connection_ack"
        subscribe = {"query": ACTIVITY, "variables": {"id": activity["activityId"]}}
        opened.send(TextMessage(json.dumps({"id": "1", "type": "subscribe", "payload": subscribe})))
        told = await opened.read()
    assert told["payload"]["data"]["activityChanged"]["state"] == "OPEN"


async def test_websocket_of_other_sites_is_refused(api: Api, rita: Client) -> None:
    """The handshake is refused, whoever it is."""
    async with socket(api, {**rita.headers, "origin": "http://evil.example"}) as opened:
        assert isinstance(await opened.read(), RejectConnection)

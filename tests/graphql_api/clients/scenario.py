"""What an application in Python does with its client; the same steps and words as `scenario.mjs`."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import tempfile
from typing import Any

START = """mutation Start($key: String!) { startWorkflow(processName: "hello_world", idempotencyKey: $key) {
  __typename ... on WorkflowStarted { workflow { workflowId } } } }"""
PAGE = """query Page($after: String) { activities(first: 2, after: $after) {
  edges { node { activityId } } pageInfo { hasNextPage endCursor } } }"""
COMPLETE = """mutation Complete($id: UUID!, $key: String!) {
  completeActivity(activityId: $id, version: 1, idempotencyKey: $key) { __typename } }"""
ONE = "query One($id: UUID!) { activity(activityId: $id) { activityId state } }"
FOLLOW = "subscription Follow($id: UUID!) { activityChanged(activityId: $id) { activityId state } }"
WRONG = "query Wrong { nonsense }"


class Sgqlc:
    """sgqlc's endpoint over HTTP."""

    follow = None

    def __init__(self, url: str, token: str) -> None:
        from sgqlc.endpoint.http import HTTPEndpoint

        self._endpoint = HTTPEndpoint(url, {"authorization": f"Bearer {token}"})

    async def ask(self, query: str, variables: dict[str, Any]) -> Any:
        """Send an operation."""
        answer = await asyncio.to_thread(self._endpoint, query, variables)
        if answer.get("errors"):
            raise RuntimeError(answer["errors"])
        return answer["data"]


class Generated(Sgqlc):
    """The same endpoint, with what sgqlc's generator made of the schema that it asked the API for."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        with tempfile.TemporaryDirectory() as folder:
            run = [sys.executable, "-m"]
            asked = ["sgqlc.introspection", "-H", f"authorization=Bearer {token}", url, f"{folder}/schema.json"]
            subprocess.run([*run, *asked], check=True, stdout=subprocess.DEVNULL)
            made = ["sgqlc.codegen", "schema", f"{folder}/schema.json", f"{folder}/fleet_schema.py"]
            subprocess.run([*run, *made], check=True)
            sys.path.insert(0, folder)
            self._types = importlib.import_module("fleet_schema")

    async def ask(self, query: str, variables: dict[str, Any]) -> Any:
        """Send what the generated types write of an operation, and read the answer by them."""
        if query not in _WRITTEN:
            return await super().ask(query, variables)
        operation = _WRITTEN[query](self._types, **variables)
        answer = await super().ask(operation, {})
        assert operation + {"data": answer}, "it fits the types"
        return answer


def _start(types: Any, key: str) -> Any:
    from sgqlc.operation import Operation

    operation = Operation(types.Mutation)
    answer = operation.start_workflow(process_name="hello_world", idempotency_key=key)
    answer.__typename__()
    answer.__as__(types.WorkflowStarted).workflow.workflow_id()
    return operation


def _page(types: Any, after: str | None) -> Any:
    from sgqlc.operation import Operation

    operation = Operation(types.Query)
    page = operation.activities(first=2, after=after)
    page.edges.node.activity_id()
    page.page_info.__fields__("has_next_page", "end_cursor")
    return operation


def _complete(types: Any, id: str, key: str) -> Any:
    from sgqlc.operation import Operation

    operation = Operation(types.Mutation)
    operation.complete_activity(activity_id=id, version=1, idempotency_key=key).__typename__()
    return operation


def _one(types: Any, id: str) -> Any:
    from sgqlc.operation import Operation

    operation = Operation(types.Query)
    operation.activity(activity_id=id).__fields__("activity_id", "state")
    return operation


_WRITTEN: dict[str, Any] = {START: _start, PAGE: _page, COMPLETE: _complete, ONE: _one}


class Gql:
    """gql, over HTTP and by WebSocket."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = f"Bearer {token}"

    async def ask(self, query: str, variables: dict[str, Any]) -> Any:
        """Send an operation."""
        from gql import Client, gql
        from gql.transport.httpx import HTTPXAsyncTransport

        transport = HTTPXAsyncTransport(self._url, headers={"authorization": self._token})
        async with Client(transport=transport) as session:
            return await session.execute(gql(query), variable_values=variables)

    async def follow(self, query: str, variables: dict[str, Any]) -> Any:
        """Subscribe, and again when the connection was lost, as its documentation says."""
        from gql import Client, gql
        from gql.transport.exceptions import TransportError
        from gql.transport.websockets import WebsocketsTransport

        while True:
            transport = WebsocketsTransport(
                self._url.replace("http", "ws"), init_payload={"authorization": self._token}
            )
            try:
                async with Client(transport=transport) as session:
                    async for result in session.subscribe(gql(query), variable_values=variables):
                        yield result
            except (TransportError, OSError):
                await asyncio.sleep(0.5)
            else:
                say("lost", "complete")
                return


def say(*words: object) -> None:
    """Tell the test."""
    print(*words, flush=True)


async def main(name: str, url: str, token: str, completed: str, followed: str) -> None:
    """Go through the steps."""
    client: Any = {"gql": Gql, "sgqlc": Sgqlc, "sgqlc-codegen": Generated}[name](url, token)
    for _ in range(2):
        say("start", (await client.ask(START, {"key": "the same"}))["startWorkflow"]["workflow"]["workflowId"])
    after, count, is_more = None, 0, True
    while is_more:
        page = (await client.ask(PAGE, {"after": after}))["activities"]
        count += len(page["edges"])
        after, is_more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    say("pages", count)
    for _ in range(2):
        say(
            "complete",
            (await client.ask(COMPLETE, {"id": completed, "key": completed}))["completeActivity"]["__typename"],
        )
    try:
        await client.ask(WRONG, {})
    except Exception as error:
        say("wrong", "nonsense" in str(error))
    if client.follow is None:
        say("told", (await client.ask(ONE, {"id": followed}))["activity"]["state"])
    else:
        following = asyncio.create_task(_follow(client, followed))
    await asyncio.to_thread(sys.stdin.readline)
    say("told", (await client.ask(ONE, {"id": followed}))["activity"]["state"])
    await asyncio.to_thread(sys.stdin.readline)
    if client.follow is not None:
        following.cancel()


async def _follow(client: Any, followed: str) -> None:
    async for told in client.follow(FOLLOW, {"id": followed}):
        say("told", told["activityChanged"]["state"])


asyncio.run(main(*sys.argv[1:]))

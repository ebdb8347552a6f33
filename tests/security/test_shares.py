"""One person's flood: refused where their share ends, and nobody else's start is later for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from wsproto.events import AcceptConnection

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, Client, serving
from tests.graphql_api.test_subscriptions import socket
from tests.security.test_requests import code
from zeebe_fleet.graphql_api.room import Room
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings, RoomLimits, ShareLimits
from zeebe_fleet.graphql_api.shares import Bucket, Share, Shares, ShareUsed, weigh
from zeebe_fleet.graphql_api.slices import Turns
from zeebe_fleet.workers.contract.principal import FLEET, Principal

ME = {"query": "{ me { subject } }"}
FOLLOW = {"query": "subscription { activityChanged { activityId input } }"}
SHARED = {"query": "subscription { activityChanged { activityId } }"}
SMALL = ShareLimits(under_way=3, subscriptions=2, sockets=2, requests=20, requests_per_s=0.01)


@pytest.fixture
async def small(services: ApiServices, database_url: str) -> AsyncIterator[Api]:
    """An API that gives each person little."""
    async with serving(services, database_url, ApiSettings(service_token=SERVICE_TOKEN, share=SMALL)) as api:
        yield api


@pytest.fixture
async def paul(small: Api) -> Client:
    """Somebody who asks for too much."""
    return await small.persona("paul")


def refusal(answer: httpx.Response) -> tuple[int, str, bool]:
    """Return status and code, and whether it says when to come back."""
    return answer.status_code, code(answer), int(answer.headers["retry-after"]) >= 1


TOO_MANY = (429, "TOO_MANY_REQUESTS", True)


@pytest.mark.parametrize("query", [FOLLOW, SHARED], ids=["own", "shared"])
async def test_subscriptions_beyond_the_share_are_refused(services: ApiServices, database_url: str, query: Any) -> None:
    """With a code and a time; another person's are not, and one that ended makes room."""
    limits = replace(SMALL, requests=10_000, under_way=100)
    async with serving(services, database_url, ApiSettings(service_token=SERVICE_TOKEN, share=limits)) as api:
        paul, alma = await api.persona("paul"), await api.persona("alma")

        async def asked(client: Client, stack: AsyncExitStack) -> httpx.Response:
            headers = {**client.headers, "accept": "text/event-stream"}
            return await stack.enter_async_context(api.http.stream("POST", "/graphql", json=query, headers=headers))

        async with AsyncExitStack() as stack, asyncio.timeout(20):
            while (answer := await asked(paul, stack)).status_code == 200:
                pass
            await answer.aread()
            assert refusal(answer) == TOO_MANY
            assert (await asked(alma, stack)).status_code == 200
        async with asyncio.timeout(20):
            while answer.status_code != 200:
                async with AsyncExitStack() as stack:
                    answer = await asked(paul, stack)


async def test_subscriptions_of_all_sockets_count_together(small: Api, paul: Client) -> None:
    """Those that are too many are refused; their socket stays open for the others."""
    async with socket(small, dict(paul.headers)) as one, socket(small, dict(paul.headers)) as two:
        for opened in (one, two):
            await opened.begin()
            for number in range(2):
                opened.tell({"id": f"{number}", "type": "subscribe", "payload": FOLLOW if number else SHARED})
        said = [asyncio.create_task(opened.read()) for opened in (one, two)]
        await asyncio.wait(said, return_when=asyncio.FIRST_COMPLETED)
        refused = next(each.result() for each in said if each.done())
        for each in said:
            each.cancel()
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "TOO_MANY_REQUESTS")
        assert refused["payload"][0]["extensions"]["retryAfterS"] >= 1


async def test_sockets_beyond_the_share_are_closed(small: Api, paul: Client) -> None:
    """For another try."""
    async with socket(small, dict(paul.headers)) as one, socket(small, dict(paul.headers)) as two:
        for opened in (one, two):
            await opened.begin()
        async with socket(small, dict(paul.headers)) as three:
            assert (await three.begin()).code == 1013


async def test_strangers_at_the_door_are_bounded(small: Api, paul: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets of whom nobody knows yet who they are; whoever has said so makes room."""
    monkeypatch.setattr("zeebe_fleet.graphql_api.endpoint._STRANGERS", 1)
    async with socket(small, {}) as one:
        assert isinstance(await one.read(), AcceptConnection)
        async with socket(small, {}) as two:
            assert (await two.read()).status_code == 503
        one.tell({"type": "connection_init", "payload": dict(paul.headers)})
        assert (await one.read())["type"] == "connection_ack"
        async with socket(small, {}) as three:
            assert isinstance(await three.read(), AcceptConnection)


async def test_known_person_waits_at_no_door(small: Api, paul: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever strangers are there: the handshake says who it is, and it counts to their own share."""
    monkeypatch.setattr("zeebe_fleet.graphql_api.endpoint._STRANGERS", 1)
    async with socket(small, {}) as stranger:
        assert isinstance(await stranger.read(), AcceptConnection)
        async with socket(small, dict(paul.headers)) as one, socket(small, dict(paul.headers)) as two:
            assert (await one.begin())["type"] == "connection_ack"
            assert isinstance(await two.read(), AcceptConnection)
            async with socket(small, dict(paul.headers)) as three:
                assert (await three.read()).status_code == 503


async def test_requests_beyond_the_rate_are_refused(small: Api, paul: Client) -> None:
    """Over HTTP by status, over a WebSocket by the operation; another person's are answered."""
    answers = [await small.http.post("/graphql", json=ME, headers=paul.headers) for _ in range(21)]
    assert [one.status_code for one in answers[:20]] == [200] * 20
    assert refusal(answers[20]) == TOO_MANY
    async with socket(small, dict(paul.headers)) as opened:
        await opened.begin()
        opened.tell({"id": "1", "type": "subscribe", "payload": ME})
        assert (await opened.read())["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
    assert await (await small.persona("alma")).ask(ME["query"]) == {"me": {"subject": "alma"}}


async def test_bodies_under_way_are_bounded(small: Api, paul: Client) -> None:
    """Whoever sends many at once and ends none is refused before another is read."""
    ended = asyncio.Event()

    async def unended() -> AsyncIterator[bytes]:
        yield b'{"query": "'
        await ended.wait()
        yield b'{ me { subject } }"}'

    headers = {**paul.headers, "content-type": "application/json"}
    held = [asyncio.create_task(small.http.post("/graphql", content=unended(), headers=headers)) for _ in range(3)]
    async with asyncio.timeout(10):
        while (answer := await small.http.post("/graphql", json=ME, headers=paul.headers)).status_code == 200:
            pass
    assert refusal(answer) == TOO_MANY
    assert not any(one.done() for one in held)
    ended.set()
    await asyncio.gather(*held)


async def test_bytes_of_bodies_under_way_are_bounded(services: ApiServices, database_url: str) -> None:
    """However few they are: what is held of them is counted as it comes."""
    limits = ShareLimits(body_bytes=1_000)
    sent, ended = asyncio.Event(), asyncio.Event()

    async def unended() -> AsyncIterator[bytes]:
        yield b" " * 600
        sent.set()
        await ended.wait()
        yield b'{"query": "{ me { subject } }"}'

    async with serving(services, database_url, ApiSettings(service_token=SERVICE_TOKEN, share=limits)) as api:
        paul, alma = await api.persona("paul"), await api.persona("alma")
        headers = {**paul.headers, "content-type": "application/json"}

        async def asked(content: Any) -> httpx.Response:
            return await api.http.post("/graphql", content=content, headers=headers)

        async with asyncio.timeout(10):
            await paul.ask(ME["query"])  # who that is, is known from here on
            held = asyncio.create_task(asked(unended()))
            await sent.wait()
            await api.http.get("/health")  # by now it has come
            long = b" " * 500 + b'{"query": "{ me { subject } }"}'
            assert refusal(await asked(long)) == TOO_MANY
            assert await alma.ask(ME["query"])
            ended.set()
            assert (await held).status_code == 200
            assert (await asked(long)).status_code == 200


@pytest.fixture
async def narrow(services: ApiServices, database_url: str) -> AsyncIterator[Api]:
    """An API in which three connections may last, whoever holds them."""
    settings = ApiSettings(service_token=SERVICE_TOKEN, room=RoomLimits(lasting=3))
    async with serving(services, database_url, settings) as api:
        yield api


async def test_streams_of_one_leave_room_for_others(narrow: Api) -> None:
    """Who holds most gives the oldest up for who holds fewer, and is refused for another."""
    paul, alma = await narrow.persona("paul"), await narrow.persona("alma")

    async def asked(client: Client, stack: AsyncExitStack) -> httpx.Response:
        headers = {**client.headers, "accept": "text/event-stream"}
        return await stack.enter_async_context(narrow.http.stream("POST", "/graphql", json=SHARED, headers=headers))

    async with AsyncExitStack() as stack, asyncio.timeout(20):
        first, *_ = [await asked(paul, stack) for _ in range(3)]
        refused = await asked(paul, stack)
        await refused.aread()
        assert refusal(refused) == TOO_MANY
        assert (await asked(alma, stack)).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):  # torn, so that it is followed again
            await first.aread()
        again = await asked(paul, stack)
        await again.aread()
        assert refusal(again) == TOO_MANY


async def test_sockets_of_one_leave_room_for_others(narrow: Api) -> None:
    """The oldest is closed for another try, with all that was followed by it."""
    paul, alma = await narrow.persona("paul"), await narrow.persona("alma")
    async with AsyncExitStack() as stack, asyncio.timeout(20):

        async def opened(client: Client) -> Any:
            return await stack.enter_async_context(socket(narrow, dict(client.headers)))

        first, *others = [await opened(paul) for _ in range(3)]
        for one in (first, *others):
            await one.begin()
        first.tell({"id": "1", "type": "subscribe", "payload": SHARED})
        assert (await (await opened(paul)).begin()).code == 1013
        assert (await (await opened(alma)).begin())["type"] == "connection_ack"
        assert (await first.read()).code == 1013
        others[0].tell({"type": "ping"})
        assert (await others[0].read())["type"] == "pong"


def test_the_more_there_are_the_less_each_may_have_under_way() -> None:
    """Down to some that anybody may have, and one whole body."""
    room = Room(RoomLimits(under_way=40, body_bytes=4_000_000))
    limits = ShareLimits(under_way=30, body_bytes=3_000_000)
    with ExitStack() as stack:
        had = []
        for _ in range(6):
            stack.enter_context(room.work(Share(limits, room)))
            had.append((room.most_under_way(limits.under_way), room.most_body_bytes(limits.body_bytes)))
    whole = 1_048_576
    assert had == [(30, 3_000_000), (20, 2_000_000), (13, 1_333_333), (10, whole), (8, whole), (8, whole)]
    assert room.most_under_way(30) == 30


async def test_answers_are_paid_for(services: ApiServices, database_url: str) -> None:
    """In objects and bytes: whoever read much waits until it is paid."""
    limits = ShareLimits(rows=10, rows_per_s=0.1)
    async with serving(services, database_url, ApiSettings(service_token=SERVICE_TOKEN, share=limits)) as api:
        paul = await api.persona("paul")
        query = {"query": "{ __schema { types { name fields { name } } } }"}
        first = await api.http.post("/graphql", json=query, headers=paul.headers)
        assert first.json()["data"]
        assert refusal(await api.http.post("/graphql", json=ME, headers=paul.headers)) == TOO_MANY
        assert await (await api.persona("alma")).ask(ME["query"])


async def large_workflows(api: Api, count: int, size_bytes: int) -> None:
    """Have paul's workflows with variables of some size."""
    await api.sql(
        "INSERT INTO workflow (workflow_id, process_name, state, origin, principal, input) "
        "SELECT gen_random_uuid(), 'large', 'COMPLETED', 'API', '{\"subject\": \"paul\"}', "
        "jsonb_build_object('x', repeat('x', $2)) FROM generate_series(1, $1)",
        count,
        size_bytes,
    )


LARGE = 'workflows(first: 100, filter: {processName: "large"}) { edges { node { input } } pageInfo { hasNextPage } }'


async def test_answer_is_bounded_in_bytes(services: ApiServices, database_url: str) -> None:
    """However few fields it has: what is read and answered is counted as it comes, and the next request is served."""
    limits = ShareLimits(operation_bytes=1_000_000)
    async with serving(services, database_url, ApiSettings(service_token=SERVICE_TOKEN, share=limits)) as api:
        paul = await api.persona("paul")
        await large_workflows(api, 6, 60_000)
        assert len((await paul.answer(f"{{ {LARGE} }}"))["edges"]) == 6
        for query in (f"{{ {' '.join(f'a{n}: {LARGE}' for n in range(20))} }}", _repeated(20)):
            codes = {one["extensions"]["code"] for one in (await paul.send(query))["errors"]}
            assert codes == {"ANSWER_TOO_LARGE"}
            assert await paul.ask(ME["query"])


def _repeated(times: int) -> str:
    """Return a query that reads little and answers it again and again."""
    again = " ".join(f"a{n}: input" for n in range(times))
    return f'{{ workflows(filter: {{processName: "large"}}) {{ edges {{ node {{ {again} }} }} }} }}'


async def test_page_of_large_rows_is_shorter(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says that another one follows."""
    monkeypatch.setattr("zeebe_fleet.adapters.postgres.paging._PAGE_BYTES", 100_000)
    paul = await api.persona("paul")
    await large_workflows(api, 6, 60_000)
    page = await paul.answer(f"{{ {LARGE} }}")
    assert (len(page["edges"]), page["pageInfo"]["hasNextPage"]) == (2, True)


def test_operations_that_run_are_bounded_in_bytes_together() -> None:
    """What ended holds nothing."""
    share = Share(ShareLimits(operation_bytes=1_000, held_bytes=1_500))
    for _ in range(3):
        with share.answer() as one, share.answer() as two:
            one.take(900)
            with pytest.raises(ShareUsed):
                two.take(900)
    assert share.is_idle


async def test_service_is_not_limited(small: Api) -> None:
    """It is the fleet itself, and brings every user task."""
    for _ in range(SMALL.requests + 5):
        await small.service.ask(ME["query"])


async def test_large_operations_run_one_after_the_other() -> None:
    """While small ones pass."""
    share = Share(ShareLimits(at_once=100, under_way=5))
    running, most, order = 0, 0, []

    async def run(name: int, cost: int) -> None:
        nonlocal running, most
        async with share.running(cost):
            running, most = running + 1, max(most, running + 1)
            await asyncio.sleep(0)
            order.append(name)
            running -= 1

    await asyncio.gather(*(run(number, 1_000) for number in range(5)))
    assert (most, order) == (1, [0, 1, 2, 3, 4])
    await asyncio.gather(*(run(number, 20) for number in range(5)))
    assert most == 5
    async with share.running(100):
        waiting = [asyncio.create_task(run(number, 1)) for number in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(ShareUsed):
            await run(9, 1)
        for one in waiting[:4]:
            one.cancel()
    await asyncio.wait(waiting)
    assert share.is_idle


def test_bucket_fills_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """And tells when there is enough again."""
    now_s = 100.0
    monkeypatch.setattr("zeebe_fleet.graphql_api.shares.time.monotonic", lambda: now_s)
    bucket = Bucket(per_s=2, most=10)
    bucket.take(14)
    assert (bucket.missing_s(), bucket.missing_s(1)) == (2, 2.5)
    now_s = 103.0
    assert (bucket.missing_s(), bucket.level) == (0, 2)
    now_s = 1_000.0
    bucket.take(0)
    assert bucket.level == 10


def test_shares_are_told_apart_by_issuer_and_forgotten() -> None:
    """Somebody of that name at another provider has a share of their own; those of nobody leave no trace."""
    shares = Shares(ShareLimits())
    here, there = Principal("paul", issuer="here"), Principal("paul", issuer="there")
    assert shares.of(here) is shares.of(replace(here, groups=frozenset({"a"})))
    assert shares.of(here) is not shares.of(there)
    for number in range(5_000):
        shares.of(Principal(f"p{number}"))
    assert len(shares._shares) <= 1_001
    shares.of(FLEET).pay(10**9, 10**9)
    assert shares.of(FLEET).overdrawn_s == 0


def test_answer_weighs_what_it_holds() -> None:
    """Objects, and about as many bytes as it takes."""
    rows, size_bytes = weigh({"a": [{"b": "x" * 100}, {"b": None}], "c": 1})
    assert rows == 3
    assert 100 < size_bytes < 200


async def test_long_list_leaves_the_loop_to_others(api: Api, olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is completed in slices, lets by what needs no second one, and says the same."""
    query = "{ __schema { types { name fields { name type { name kind } args { name type { name kind } } } } } }"
    whole = await olga.ask(query)
    monkeypatch.setattr("zeebe_fleet.graphql_api.slices.SLICE_S", 0.0005)
    turns = Turns.here()
    order: list[str] = []

    async def long() -> None:
        assert await olga.ask(query) == whole
        order.append("long")

    async def short() -> None:
        with turns.operation():
            while not turns._resting:
                await asyncio.sleep(0)
            for _ in range(5):
                await asyncio.sleep(0.005)
            order.append("short")

    async with asyncio.timeout(10):
        await asyncio.gather(long(), short())
    assert order == ["short", "long"]
    assert (turns._running, len(turns._resting)) == (0, 0)


async def test_reading_is_paid_for(services: ApiServices, database_url: str) -> None:
    """Each document that was not read before, and each body and message, by the time that it took."""
    limits = ShareLimits(reading_s=0.05, reading_per_s=0.001)
    async with serving(services, database_url, ApiSettings(service_token=SERVICE_TOKEN, share=limits)) as api:
        paul = await api.persona("paul")
        for number in range(200):
            query = {"query": "{ " + "me { subject } " * 40 + f" }} # {number}"}
            answer = await api.http.post("/graphql", json=query, headers=paul.headers)
            if answer.status_code == 429:
                break
        assert refusal(answer) == TOO_MANY
        assert await (await api.persona("alma")).ask(ME["query"])


async def test_messages_of_a_socket_are_counted(small: Api, paul: Client) -> None:
    """Whatever they are; one who has not said who they are has a few."""
    async with socket(small, dict(paul.headers)) as one, socket(small, {}) as two:
        await one.begin()
        assert isinstance(await two.read(), AcceptConnection)
        for opened in (one, two):
            for _ in range(SMALL.requests + 1):
                opened.tell({"type": "ping"})
            said = await opened.read()
            while isinstance(said, dict):
                said = await opened.read()
            assert said.code == 1013

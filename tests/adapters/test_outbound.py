"""Outside services: answers become our errors once, and nothing private leaves in them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import ValidationError

from zeebe_fleet.adapters.outbound import ANSWER_LIMIT_BYTES, HttpService, OutboundServices, ServiceSettings
from zeebe_fleet.deploy.local.sandbox import Sandbox
from zeebe_fleet.deploy.local.sandbox_books import Books
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError, PermanentError, TransientError

Answer = httpx.Response | Exception
Serving = Callable[..., HttpService]


class Outside:
    """A service that answers from a list, the last answer for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Note the request and give the next answer."""
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def outside() -> Outside:
    """The outside world."""
    return Outside()


@pytest.fixture
async def serving(outside: Outside) -> AsyncIterator[Serving]:
    """Return the service `kyc`, which gives these answers."""
    settings = ServiceSettings(base_url="https://kyc.example/api/", token_secret="kyc_token", timeout_s=5)
    async with OutboundServices({"kyc": settings}, {"kyc_token": "s3cret"}, httpx.MockTransport(outside)) as services:

        def answering(*answers: Answer) -> HttpService:
            outside.answers = list(answers)
            return services.service("kyc", "key-1")

        yield answering


def down(status: int = 503, **headers: str) -> httpx.Response:
    """Return an error answer."""
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_a_call_carries_key_and_token(serving: Serving, outside: Outside) -> None:
    """The step's idempotency key and the service's token go with every call, below the base URL."""
    assert await serving(httpx.Response(200, json={"ok": 1})).post("/reports", json={"a": 1}) == {"ok": 1}
    request = outside.requests[0]
    assert str(request.url) == "https://kyc.example/api/reports"
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.headers["Authorization"] == "Bearer s3cret"


async def test_a_task_may_bring_its_own_headers(serving: Serving, outside: Outside) -> None:
    """A header given with the call wins over the service's own."""
    await serving(httpx.Response(204)).delete("/reports/1", headers={"Idempotency-Key": "key-1/2"})
    assert outside.requests[0].headers["Idempotency-Key"] == "key-1/2"


async def test_an_empty_answer_is_none(serving: Serving) -> None:
    """204 has nothing to parse."""
    assert await serving(httpx.Response(204)).delete("/reports/1") is None


@pytest.mark.parametrize("hiccup", [down(502), down(503), down(504), httpx.ConnectError("no")])
async def test_a_hiccup_is_tried_again_with_the_same_key(serving: Serving, outside: Outside, hiccup: Answer) -> None:
    """A service that is back at once costs the job nothing."""
    assert await serving(hiccup, httpx.Response(200, json=1)).post("/reports") == 1
    assert [request.headers["Idempotency-Key"] for request in outside.requests] == ["key-1", "key-1"]


@pytest.mark.parametrize("outage", [down(503), httpx.ConnectError("no")])
async def test_an_outage_is_transient(serving: Serving, outside: Outside, outage: Answer) -> None:
    """After a few quick tries it is the engine's turn to wait."""
    with pytest.raises(TransientError):
        await serving(outage).post("/reports")
    assert len(outside.requests) == 3


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501])
async def test_other_passing_errors_are_not_tried_at_once(serving: Serving, outside: Outside, status: int) -> None:
    """They are transient, but a quick retry would not help."""
    with pytest.raises(TransientError):
        await serving(down(status)).post("/reports")
    assert len(outside.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 409, 410, 422])
async def test_a_refused_request_is_permanent(serving: Serving, status: int) -> None:
    """Sending it again changes nothing; a redirect is never followed."""
    with pytest.raises(PermanentError, match=str(status)):
        await serving(down(status, Location="https://elsewhere.example")).post("/reports")


async def test_a_call_ends_within_its_time() -> None:
    """A slow service is given up on."""

    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    settings = ServiceSettings(base_url="https://kyc.example", timeout_s=0.05)
    async with OutboundServices({"kyc": settings}, {}, httpx.MockTransport(slow)) as services:
        with pytest.raises(TransientError, match=r"within 0\.05 s"):
            await services.service("kyc", "k").get("/reports")


@pytest.mark.parametrize("nonsense", [httpx.Response(200, html="<html>"), httpx.Response(200, content=b"[" * 200_000)])
async def test_nonsense_is_transient(serving: Serving, nonsense: httpx.Response) -> None:
    """A service that answers something else than JSON is out of order, not wrong for ever."""
    with pytest.raises(TransientError, match="not JSON"):
        await serving(nonsense).get("/reports")


async def test_an_endless_answer_is_cut(serving: Serving) -> None:
    """No answer is read beyond the limit."""
    with pytest.raises(TransientError, match="more than 1024 KB"):
        await serving(httpx.Response(200, content=b"1" * (ANSWER_LIMIT_BYTES + 1))).get("/reports")


@pytest.mark.parametrize(
    ("header", "expected_s"),
    [
        ("7", 7.0),
        (format_datetime(datetime.now(UTC) + timedelta(days=2)), 3600.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("soon", None),
    ],
    ids=["seconds", "days", "past", "words"],
)
async def test_retry_after_is_passed_on(serving: Serving, header: str, expected_s: float | None) -> None:
    """Seconds and dates are read, bounded; anything else is ignored."""
    with pytest.raises(TransientError) as raised:
        await serving(down(429, Retry_After=header)).get("/reports")
    assert raised.value.retry_after_s == expected_s


async def test_a_service_that_asks_for_time_gets_it(serving: Serving, outside: Outside) -> None:
    """With Retry-After there are no quick tries."""
    with pytest.raises(TransientError):
        await serving(down(503, Retry_After="30")).get("/reports")
    assert len(outside.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        down(404),
        down(500),
        httpx.ConnectError("https://kyc.example/people/ada?email=ada@example.org"),
        httpx.ReadError("Bearer s3cret"),
        httpx.Response(200, text="ada"),
    ],
)
async def test_an_error_says_nothing_private(serving: Serving, answer: Answer) -> None:
    """Neither query, body, header nor the rest of the path is in it."""
    with pytest.raises(FleetError) as raised:
        await serving(answer).get("/people/ada", params={"email": "ada@example.org"})
    said = str(raised.value)
    assert "kyc (GET /people/…)" in said
    assert not [word for word in ("ada", "s3cret", "key-1", "https") if word in said]


@pytest.mark.parametrize("path", ["https://evil.example/x", "//evil.example/x", "/a/../../b", "reports"])
async def test_a_path_stays_below_the_service(serving: Serving, outside: Outside, path: str) -> None:
    """An id from an outside answer cannot lead the token elsewhere."""
    with pytest.raises(PermanentError, match="leads elsewhere"):
        await serving(httpx.Response(204)).delete(path)
    assert outside.requests == []


async def test_an_unknown_service_is_named() -> None:
    """The error says which setting is missing."""
    async with OutboundServices({}, {}) as services:
        with pytest.raises(DefinitionError, match="FLEET_SERVICES__KYC__BASE_URL"):
            services.service("kyc", "k")


async def test_a_missing_token_is_named() -> None:
    """The error says which secret is missing."""
    settings = ServiceSettings(base_url="https://kyc.example", token_secret="kyc_token")
    async with OutboundServices({"kyc": settings}, {}) as services:
        with pytest.raises(PermanentError, match="FLEET_SECRETS__KYC_TOKEN"):
            services.service("kyc", "k")


@pytest.mark.parametrize("base_url", ["kyc.example", "ftp://x", "https://u:p@x", "https://x?y=1", "https://"])
def test_a_base_url_is_an_address(base_url: str) -> None:
    """Credentials belong among the secrets, and a query to the call."""
    with pytest.raises(ValidationError):
        ServiceSettings(base_url=base_url)


@pytest.fixture
async def sandbox_url() -> AsyncIterator[str]:
    """The sandbox, served in this process on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Sandbox(Books()).app(), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


async def test_services_are_reached_over_a_real_connection(sandbox_url: str) -> None:
    """The sandbox answers through a real socket, and its token is checked."""
    services: dict[str, Any] = {"kyc": ServiceSettings(base_url=sandbox_url, token_secret="kyc_token")}
    applicant = {"name": "Ada", "email": "ada@example.org", "country": "GB"}
    async with OutboundServices(services, {"kyc_token": "sandbox-kyc-token"}) as outbound:
        report = await outbound.service("kyc", "k").post("/kyc/reports", json=applicant)
    assert report["status"] == "CLEAR"
    async with OutboundServices(services, {"kyc_token": "wrong"}) as outbound:
        with pytest.raises(PermanentError, match="401"):
            await outbound.service("kyc", "k").post("/kyc/reports", json=applicant)

"""The gate to the sandbox: there where the services are one's own, shut elsewhere."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.graphql_api.conftest import Client
from zeebe_fleet.adapters.sandbox import SandboxControl
from zeebe_fleet.deploy.local.sandbox import Sandbox
from zeebe_fleet.deploy.local.sandbox_books import Books
from zeebe_fleet.deploy.server import served
from zeebe_fleet.deploy.up import _free_port
from zeebe_fleet.workers.contract.refusals import EngineRefused, InvalidArgument

CAUSE = """mutation ($service: String!, $seconds: Int!) { causeOutage(service: $service, seconds: $seconds) {
  __typename ... on UserError { message } } }"""


async def test_outage_cannot_be_caused_where_there_is_no_sandbox(rita: Client) -> None:
    """In production there is nothing to break, and the page is told so."""
    assert await rita.answer("{ outages { service } }") is None
    said = await rita.answer(CAUSE, service="kyc", seconds=5)
    assert said["__typename"] == "NotAllowed"


async def test_outage_ends_by_itself() -> None:
    """The service fails with a word on when to come back, and is there again after its time."""
    port = _free_port("127.0.0.1", 0)
    address = f"http://127.0.0.1:{port}"
    report = {"name": "A", "email": "a@example.com", "country": "GB"}
    async with served(Sandbox(Books()).app(), "127.0.0.1", port), httpx.AsyncClient(base_url=address) as http:
        control = SandboxControl(address)
        await control.cause_outage("kyc", 0.5)
        assert list(await control.outages()) == ["kyc"]
        headers = {"Authorization": "Bearer sandbox-kyc-token", "Idempotency-Key": "1"}
        failed = await http.post("/kyc/reports", json=report, headers=headers)
        assert (failed.status_code, failed.headers["retry-after"]) == (503, "1")
        async with asyncio.timeout(5):
            while await control.outages():
                await asyncio.sleep(0.05)
        assert (await http.post("/kyc/reports", json=report, headers=headers)).is_success


async def test_unknown_service_is_named() -> None:
    """Only what is there can be out of order."""
    port = _free_port("127.0.0.1", 0)
    address = f"http://127.0.0.1:{port}"
    async with served(Sandbox(Books()).app(), "127.0.0.1", port):
        with pytest.raises(InvalidArgument, match="weather"):
            await SandboxControl(address).cause_outage("weather", 5)
    with pytest.raises(EngineRefused):
        await SandboxControl(address).outages()

"""The sandbox services: done once per key, logged each time, unreliable on request."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from zeebe_fleet.deploy.local.sandbox import KYC_TOKEN, Sandbox
from zeebe_fleet.deploy.local.sandbox_books import Books

ADA = {"name": "Ada", "email": "ada@example.org", "country": "GB"}
AUTHORIZED = {"Authorization": f"Bearer {KYC_TOKEN}"}


@pytest.fixture
async def sandbox() -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox without a state folder, reached in-process."""
    transport = httpx.ASGITransport(Sandbox(Books()).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        yield http


async def reserve(http: httpx.AsyncClient, key: str, amount: float = 100) -> httpx.Response:
    """Reserve a credit line."""
    body = {"email": ADA["email"], "amount": amount}
    return await http.post("/credit-lines", json=body, headers={"Idempotency-Key": key})


async def calls(http: httpx.AsyncClient, **wanted: str) -> list[dict[str, Any]]:
    """Return the call log."""
    found: list[dict[str, Any]] = (await http.get("/calls", params=wanted)).json()
    return found


async def test_sandbox_does_a_call_once_per_key(sandbox: httpx.AsyncClient) -> None:
    """The same key gets the same answer; the log has both calls, the books one credit line."""
    first, second = await reserve(sandbox, "k"), await reserve(sandbox, "k")
    assert first.json() == second.json()
    assert len((await sandbox.get("/credit-lines")).json()) == 1
    assert [call["duplicate"] for call in await calls(sandbox, service="credit")] == [False, True]


async def test_sandbox_refuses_a_key_reused_for_another_request(sandbox: httpx.AsyncClient) -> None:
    """A key belongs to one request."""
    await reserve(sandbox, "k")
    assert (await reserve(sandbox, "k", amount=200)).status_code == 422


async def test_sandbox_wants_a_key(sandbox: httpx.AsyncClient) -> None:
    """A change without an idempotency key is refused."""
    assert (await reserve(sandbox, "")).status_code == 400


async def test_sandbox_releases_a_credit_line_once(sandbox: httpx.AsyncClient) -> None:
    """Releasing changes the state; releasing again under another key is a conflict."""
    line = (await reserve(sandbox, "k")).json()["id"]
    released = await sandbox.delete(f"/credit-lines/{line}", headers={"Idempotency-Key": "r"})
    again = await sandbox.delete(f"/credit-lines/{line}", headers={"Idempotency-Key": "r2"})
    assert (released.json()["status"], again.status_code) == ("RELEASED", 409)


async def test_sandbox_opens_and_closes_an_account(sandbox: httpx.AsyncClient) -> None:
    """The books show the account in its last state."""
    opened = await sandbox.post("/accounts", json={"applicant": ADA}, headers={"Idempotency-Key": "k"})
    await sandbox.delete(f"/accounts/{opened.json()['id']}", headers={"Idempotency-Key": "c"})
    assert [account["status"] for account in (await sandbox.get("/accounts")).json()] == ["CLOSED"]


@pytest.mark.parametrize(("token", "status"), [(AUTHORIZED, 201), ({}, 401), ({"Authorization": "Bearer x"}, 401)])
async def test_kyc_wants_its_token(sandbox: httpx.AsyncClient, token: dict[str, str], status: int) -> None:
    """Without the right bearer token nothing is looked up."""
    answer = await sandbox.post("/kyc/reports", json=ADA, headers={"Idempotency-Key": "k", **token})
    assert answer.status_code == status


async def test_kyc_rejects_an_unwelcome_country(sandbox: httpx.AsyncClient) -> None:
    """A rejection is an answer, not an error."""
    unwelcome = {**ADA, "country": "XX"}
    answer = await sandbox.post("/kyc/reports", json=unwelcome, headers={"Idempotency-Key": "k", **AUTHORIZED})
    assert answer.json()["status"] == "REJECTED"


async def test_a_fault_lasts_until_it_is_cleared(sandbox: httpx.AsyncClient) -> None:
    """While a service is down its calls are logged and do nothing; the key works afterwards."""
    await sandbox.put("/faults/credit", json={"error_status": 503, "retry_after_s": 7})
    down = await reserve(sandbox, "k")
    assert (down.status_code, down.headers["Retry-After"]) == (503, "7")
    await sandbox.delete("/faults")
    assert (await reserve(sandbox, "k")).status_code == 201
    assert [call["status"] for call in await calls(sandbox)] == [503, 201]


async def test_a_lost_answer_leaves_the_work_done(sandbox: httpx.AsyncClient) -> None:
    """The caller sees an error, the books the effect; the retry is recognised."""
    await sandbox.put("/faults/credit", json={"error_status": 504, "after_effect": True})
    assert (await reserve(sandbox, "k")).status_code == 504
    await sandbox.delete("/faults/credit")
    assert (await reserve(sandbox, "k")).status_code == 200
    assert len((await sandbox.get("/credit-lines")).json()) == 1


@pytest.mark.parametrize(("nonsense", "media"), [("html", "text/html"), ("shape", "application/json")])
async def test_a_service_can_answer_nonsense(sandbox: httpx.AsyncClient, nonsense: str, media: str) -> None:
    """A page or another shape comes with status 200."""
    await sandbox.put("/faults/credit", json={"nonsense": nonsense})
    answer = await reserve(sandbox, "k")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, media)
    assert "status" not in answer.text


async def test_a_refusal_is_a_business_answer(sandbox: httpx.AsyncClient) -> None:
    """Credit above the limit is refused with status 200 and nothing reserved."""
    assert (await reserve(sandbox, "k", amount=50_001)).json()["status"] == "REFUSED"
    assert (await sandbox.get("/credit-lines")).json() == []


async def provisioned(http: httpx.AsyncClient) -> tuple[str, str]:
    """Make a customer with a catalog; returns their ids."""
    made = await http.post("/customers", json={"name": "Acme"}, headers={"Idempotency-Key": "k"})
    customer_id = made.json()["id"]
    wanted = {"customer_id": customer_id, "title": "All"}
    return customer_id, (await http.post("/catalogs", json=wanted, headers={"Idempotency-Key": "k"})).json()["id"]


async def grant(http: httpx.AsyncClient, key: str, catalog_id: str, amount: float, budget: str = "b") -> Any:
    """Ask for a subsidy; returns the answer."""
    wanted = {"catalog_id": catalog_id, "budget": budget, "amount": amount}
    return (await http.post("/subsidies", json=wanted, headers={"Idempotency-Key": key})).json()


async def test_subsidy_is_paid_from_what_the_budget_has_left(sandbox: httpx.AsyncClient) -> None:
    """What was granted is gone; more than is left is refused."""
    _, catalog_id = await provisioned(sandbox)
    assert (await sandbox.put("/budgets/b", json={"amount": 100})).json() == {"amount": 100, "left": 100}
    assert (await grant(sandbox, "1", catalog_id, 70))["status"] == "GRANTED"
    refused = await grant(sandbox, "2", catalog_id, 40)
    assert (refused["status"], refused["left"]) == ("REFUSED", 30)
    assert (await sandbox.get("/budgets")).json()["b"] == {"amount": 100, "left": 30}


async def test_budget_that_is_not_there_uses_up_no_key(sandbox: httpx.AsyncClient) -> None:
    """The same request is answered once the budget is set up; a refusal stands."""
    _, catalog_id = await provisioned(sandbox)
    assert (await grant(sandbox, "k", catalog_id, 40))["status"] == "UNKNOWN_BUDGET"
    await sandbox.put("/budgets/b", json={"amount": 30})
    assert (await grant(sandbox, "k", catalog_id, 40))["status"] == "REFUSED"
    await sandbox.put("/budgets/b", json={"amount": 100})
    assert (await grant(sandbox, "k", catalog_id, 40))["status"] == "REFUSED"
    assert (await grant(sandbox, "later", catalog_id, 40))["status"] == "GRANTED"


async def test_customer_with_a_catalog_cannot_be_removed(sandbox: httpx.AsyncClient) -> None:
    """Whoever takes back both begins with the catalog."""
    customer_id, catalog_id = await provisioned(sandbox)
    paths = (f"/customers/{customer_id}", f"/catalogs/{catalog_id}", f"/customers/{customer_id}")
    key = {"Idempotency-Key": "gone"}
    assert [(await sandbox.delete(path, headers=key)).status_code for path in paths] == [409, 200, 200]


@pytest.mark.parametrize("wrong", ["{}", '{"amount": -1}', "nonsense"])
async def test_nonsense_is_no_budget(sandbox: httpx.AsyncClient, wrong: str) -> None:
    """It is said what is wrong with it."""
    answer = await sandbox.put("/budgets/b", content=wrong)
    assert answer.status_code == 400
    assert "b" not in (await sandbox.get("/budgets")).json()


@asynccontextmanager
async def running(state: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Run the sandbox as a process, and SIGKILL it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ("-m", "zeebe_fleet.deploy.local.sandbox", "--port", str(port), "--state", str(state))
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            await _until_healthy(http)
            yield http
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def _until_healthy(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if (await http.get("/health")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


async def test_a_killed_sandbox_loses_nothing(tmp_path: Path) -> None:
    """Calls, records, answers, faults and budgets are there after SIGKILL, and a torn last line is forgotten."""
    async with running(tmp_path) as http:
        first = await reserve(http, "k")
        await http.put("/faults/kyc", json={"error_status": 500})
        await http.put("/budgets/research", json={"amount": 7})
    with (tmp_path / "calls.jsonl").open("a") as journal:
        journal.write('{"call": {"serv')
    async with running(tmp_path) as http:
        assert (await reserve(http, "k")).json() == first.json()
        assert len(await calls(http)) == 2
        assert "kyc" in (await http.get("/faults")).json()
        assert (await http.get("/budgets")).json()["research"]["left"] == 7


async def test_sandbox_pays_who_has_an_account(sandbox: httpx.AsyncClient) -> None:
    """Money is paid once per key; a former employee has no account, which is no error."""
    wanted = {"employee": "paul", "amount": 120, "reference": "A train"}
    for _ in range(2):
        paid = (await sandbox.post("/payouts", json=wanted, headers={"Idempotency-Key": "k"})).json()
        assert paid["status"] == "BOOKED"
    assert [one["id"] for one in (await sandbox.get("/payouts")).json()] == [paid["id"]]
    gone = await sandbox.post("/payouts", json={**wanted, "employee": "gone"}, headers={"Idempotency-Key": "other"})
    assert gone.json()["status"] == "REFUSED"

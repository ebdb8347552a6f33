"""The outside world for one machine: the services that the shipped processes call, as unreliable as you want them.

Every call that changes something must carry an `Idempotency-Key`; the same key gets the same answer and the
work is done once. `GET /calls` is the log of every call, duplicates and errors included; `GET /accounts`,
`/credit-lines`, `/payouts`, `/notifications`, `/customers`, `/catalogs` and `/subsidies` are the result.
`PUT /faults/{service}` makes a service slow, down, nonsensical or refusing. Some are refused without any fault:
applicants from country `XX`, credit above 50,000, payouts to the employee `gone`, and subsidies above what their budget
has left; `PUT /budgets/{name}` sets one.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from zeebe_fleet.deploy.local.sandbox_books import SERVICES, Books, Call, Fault
from zeebe_fleet.deploy.local.sandbox_desk import Act, Desk, Refusal
from zeebe_fleet.deploy.local.sandbox_provisioning import Budget, Provisioning

KYC_TOKEN = "sandbox-kyc-token"
"""What the KYC service expects unless `SANDBOX_KYC_TOKEN` says otherwise; it guards nothing."""


class Sandbox:
    """The HTTP face of the services.

    Args:
        books: what they remember.
        kyc_token: what the KYC service wants as a bearer token.
    """

    def __init__(self, books: Books, kyc_token: str = KYC_TOKEN) -> None:
        self.books = books
        self._desk = Desk(books)
        self._provisioning = Provisioning(books)
        self._kyc_token = kyc_token

    def app(self) -> Starlette:
        """Return the application."""
        desk, provisioning = self._desk, self._provisioning
        return Starlette(
            routes=[
                Route("/kyc/reports", self._serves("kyc", "report", desk.report), methods=["POST"]),
                Route("/kyc/reports/{id}", self._shows("kyc")),
                *self._made_and_ended("/accounts", "accounts", create=desk.create_account, close=desk.close_account),
                *self._made_and_ended("/credit-lines", "credit", reserve=desk.reserve, release=desk.release),
                Route("/payouts", self._serves("payouts", "pay", desk.pay_out), methods=["POST"]),
                Route("/payouts", self._shows("payouts")),
                Route("/notifications", self._serves("notifications", "send", desk.send), methods=["POST"]),
                Route("/notifications", self._shows("notifications")),
                *self._made_and_ended(
                    "/customers", "customers", create=provisioning.create_customer, remove=provisioning.remove_customer
                ),
                *self._made_and_ended(
                    "/catalogs", "catalogs", create=provisioning.create_catalog, remove=provisioning.remove_catalog
                ),
                Route("/subsidies", self._serves("subsidies", "create", provisioning.grant), methods=["POST"]),
                Route("/subsidies", self._shows("subsidies")),
                Route("/budgets", self._budgets),
                Route("/budgets/{name}", self._budget, methods=["PUT"]),
                Route("/calls", self._calls),
                Route("/faults", self._faults, methods=["GET", "DELETE"]),
                Route("/faults/{service}", self._fault, methods=["PUT", "DELETE"]),
                Route("/health", self._health),
            ]
        )

    def _made_and_ended(self, path: str, service: str, **acts: Act) -> list[Route]:
        """Return how records are listed, made by the first act, and ended by the second."""
        (making, make), (ending, end) = acts.items()
        return [
            Route(path, self._shows(service)),
            Route(path, self._serves(service, making, make), methods=["POST"]),
            Route(f"{path}/{{id}}", self._serves(service, ending, end), methods=["DELETE"]),
        ]

    def _serves(self, service: str, operation: str, act: Act) -> Callable[[Request], Any]:
        async def serve(request: Request) -> Response:
            key = request.headers.get("Idempotency-Key", "")
            target = request.path_params.get("id", "")
            call = Call(service=service, operation=operation, target=target, idempotency_key=key, status=500)
            fault = self.books.fault_of(service)
            await asyncio.sleep(fault.latency_ms / 1000)
            broken = fault.error_status is not None and random.random() < fault.error_rate
            try:
                self._admit(request, call, fault if broken else Fault())
                answer = self._once(call, act, await _body(request))
            except Refusal as refusal:
                self.books.note_call(call.model_copy(update={"status": refusal.status}))
                return _refused(refusal.status, refusal.reason, fault)
            if broken and fault.error_status:
                return _refused(fault.error_status, "the answer was lost", fault)
            return _nonsense(fault) or answer

        return serve

    def _admit(self, request: Request, call: Call, fault: Fault) -> None:
        if call.service == "kyc" and not hmac.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {self._kyc_token}".encode()
        ):
            raise Refusal(401, "the token is missing or wrong")
        if not call.idempotency_key:
            raise Refusal(400, "the Idempotency-Key header is missing")
        if fault.error_status and not fault.after_effect:
            raise Refusal(fault.error_status, "the service is out of order")

    def _once(self, call: Call, act: Act, body: dict[str, Any]) -> Response:
        """Do the work, unless this key was answered before; nothing is awaited here, so calls cannot overlap."""
        fingerprint = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
        before = self.books.answer_to(call)
        if before is not None:
            if before[0] != fingerprint:
                raise Refusal(422, "this key came with another request before")
            self.books.note_call(call.model_copy(update={"status": 200, "duplicate": True}))
            return JSONResponse(before[1])
        try:
            done = act(body, call.target)
        except ValidationError:
            raise Refusal(400, "the body does not fit") from None
        self.books.note_call(
            call.model_copy(update={"status": done.status, "subject": done.subject}),
            fingerprint=fingerprint,
            record=done.answer if done.subject else None,
            answer=done.answer if done.is_final else None,
        )
        return JSONResponse(done.answer, done.status)

    def _shows(self, service: str) -> Callable[[Request], Any]:
        async def show(request: Request) -> Response:
            records = self.books.records.get(service, {})
            if "id" not in request.path_params:
                return JSONResponse(list(records.values()))
            found = records.get(request.path_params["id"])
            return JSONResponse(found) if found else JSONResponse({"reason": "there is no such record"}, 404)

        return show

    async def _calls(self, request: Request) -> Response:
        """List calls, oldest first; query parameters narrow by any field: service, operation, idempotency_key."""
        wanted = request.query_params.items()
        calls = (call.model_dump(mode="json") for call in self.books.calls)
        return JSONResponse([call for call in calls if all(str(call.get(k, "")) == v for k, v in wanted)])

    async def _faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            for service in list(self.books.faults):
                self.books.note_fault(service, None)
        now = {service: fault for service, fault in self.books.faults.items() if not fault.is_over}
        return JSONResponse({service: fault.model_dump(mode="json") for service, fault in now.items()})

    async def _fault(self, request: Request) -> Response:
        service = request.path_params["service"]
        if service not in SERVICES:
            return JSONResponse({"reason": "there is no such service"}, 404)
        if request.method == "DELETE":
            self.books.note_fault(service, None)
            return JSONResponse({})
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"reason": str(error)}, 400)
        self.books.note_fault(service, fault)
        return JSONResponse(fault.model_dump(mode="json"))

    async def _budgets(self, _: Request) -> Response:
        return JSONResponse(self._provisioning.budgets())

    async def _budget(self, request: Request) -> Response:
        try:
            budget = Budget.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"reason": str(error)}, 400)
        self.books.note_budget(request.path_params["name"], budget.amount)
        return JSONResponse(self._provisioning.budgets()[request.path_params["name"]])

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "UP", "calls": len(self.books.calls)})


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "the body is not a JSON object")
    return body


def _refused(status: int, reason: str, fault: Fault) -> Response:
    after = {"Retry-After": str(fault.retry_after_s)} if fault.retry_after_s is not None else None
    return JSONResponse({"reason": reason}, status, headers=after)


def _nonsense(fault: Fault) -> Response | None:
    if fault.nonsense == "html":
        return HTMLResponse("<html><body>Welcome to our portal</body></html>")
    return JSONResponse({"unexpected": [1, 2, 3]}) if fault.nonsense == "shape" else None


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Sandbox for the outside services of the shipped processes.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, help="folder that keeps calls and records over restarts")
    given = parser.parse_args()
    sandbox = Sandbox(Books(given.state), os.environ.get("SANDBOX_KYC_TOKEN", KYC_TOKEN))
    uvicorn.run(sandbox.app(), host=given.host, port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

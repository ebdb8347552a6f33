"""Outside services that a test answers for, behind the client that tasks use in production."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from fnmatch import fnmatchcase
from typing import Any

import httpx

from zeebe_fleet.adapters.outbound import OutboundServices, ServiceSettings
from zeebe_fleet.workers.context import OutboundService
from zeebe_fleet.workers.contract.errors import DefinitionError

Routes = Mapping[str, Any]
"""`"POST /kyc/reports"` → what is answered; `*` in a path stands for anything.

An answer is JSON, an `httpx.Response`, an exception to raise, or a function of the `httpx.Request` that returns one
of these.
"""
ServicesUnderTest = httpx.AsyncBaseTransport | Mapping[str, httpx.AsyncBaseTransport | Routes]
"""One transport for all services, or for each service by name a transport or its routes."""
Complain = Callable[[DefinitionError], DefinitionError]
"""Notes that the test leaves something open, which is no outcome of the task."""


@asynccontextmanager
async def opened(
    services: ServicesUnderTest, secrets: Mapping[str, str], complain: Complain
) -> AsyncIterator[Callable[[str, str], OutboundService]]:
    """Open the services; the retries, headers and errors between task and answer are the real ones."""
    async with AsyncExitStack() as stack:
        clients: dict[str, OutboundServices] = {}

        def outbound(name: str, idempotency_key: str) -> OutboundService:
            if name not in clients:
                settings = {name: ServiceSettings(base_url=f"http://{name}.test")}
                clients[name] = OutboundServices(settings, secrets, _transport(services, name, complain))
                stack.push_async_callback(clients[name].close)
            return clients[name].service(name, idempotency_key)

        yield outbound


def _transport(services: ServicesUnderTest, name: str, complain: Complain) -> httpx.AsyncBaseTransport:
    if isinstance(services, httpx.AsyncBaseTransport):
        return services
    if name not in services:
        raise complain(
            DefinitionError(
                f"The task calls service {name!r}, and the test does not answer for it.",
                f'Pass services={{"{name}": {{"GET /path": {{…}}}}}}, or an httpx transport.',
            )
        )
    given = services[name]
    return given if isinstance(given, httpx.AsyncBaseTransport) else _Answering(name, given, complain)


class _Answering(httpx.AsyncBaseTransport):
    def __init__(self, name: str, routes: Routes, complain: Complain) -> None:
        self._name = name
        self._routes = routes
        self._complain = complain

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = f"{request.method} {request.url.path}"
        for route, answer in self._routes.items():
            if fnmatchcase(asked, route):
                return await _response(answer, request)
        raise self._complain(
            DefinitionError(
                f"The task asks service {self._name!r} for {asked!r}, and the test has no answer.",
                f"It answers {', '.join(map(repr, self._routes)) or 'nothing'}.",
            )
        )


async def _response(answer: Any, request: httpx.Request) -> httpx.Response:
    if callable(answer) and not isinstance(answer, type):
        answer = answer(request)
        if inspect.isawaitable(answer):
            answer = await answer
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, httpx.Response):
        # A response can be read once; the same answer may be wanted again.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
    return httpx.Response(200, json=answer)

"""Outside services over HTTP: one place where their answers become our errors.

What comes back                                  becomes
connect error, 502, 503, 504                     a few quick tries within `timeout_s`, then TransientError
timeout, 408, 425, 429, other 5xx                TransientError, with the service's Retry-After
200 that is not JSON, or too large               TransientError: the service is out of order
3xx, 4xx                                         PermanentError

Each service has connections of its own, and no cookies. Where it may be: `networks`; what a path may say:
`outbound_paths`; whose a header is: `outbound_headers`.

An error names the service, the method, the first part of the path and the status; never a query, a header, a
body or the rest of the path, which may hold credentials or personal data.
"""

from __future__ import annotations

import asyncio
import json as _json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.outbound_headers import AUTHORIZATION, IDEMPOTENCY_KEY, merged
from zeebe_fleet.adapters.outbound_paths import leads_elsewhere
from zeebe_fleet.adapters.outbound_reach import FOUND, Resolve, look_up, transport_to
from zeebe_fleet.adapters.outbound_settings import ServiceSettings as ServiceSettings
from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError, TransientError

ANSWER_LIMIT_BYTES = 1024 * 1024
QUICK_TRIES = 3
LONGEST_RETRY_AFTER_S = 3600.0
_HEADERS = {"Accept": "application/json", "User-Agent": "zeebe-fleet"}
_TIMEOUT = httpx.Timeout(None, connect=5.0)


class OutboundServices:
    """The outside services of one worker process; close it when the process ends.

    Args:
        services: settings by service name.
        secrets: credentials by name.
        transport: for tests; the real one otherwise.
        resolve: finds the addresses of a name; the system does, otherwise.
    """

    def __init__(
        self,
        services: Mapping[str, ServiceSettings],
        secrets: Mapping[str, str],
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve = look_up,
    ) -> None:
        self._services = services
        self._secrets = secrets
        self._transport = transport
        self._resolve = resolve
        self._clients: dict[str, httpx.AsyncClient] = {}

    def service(self, name: str, idempotency_key: str) -> HttpService:
        """Return a service; each of its calls carries this key.

        Raises:
            DefinitionError: no such service is set up.
            PermanentError: its token is not among the secrets.
        """
        settings = self._services.get(name)
        if settings is None:
            raise DefinitionError(
                f"There is no outbound service {name!r}.", f"Set FLEET_SERVICES__{name.upper()}__BASE_URL."
            )
        headers = {IDEMPOTENCY_KEY: idempotency_key}
        if settings.token_secret:
            headers[AUTHORIZATION] = f"Bearer {self._secret(settings.token_secret)}"
        return HttpService(name, settings, self._client(name, settings), headers)

    def _client(self, name: str, settings: ServiceSettings) -> httpx.AsyncClient:
        if name not in self._clients:
            transport = self._transport or transport_to(name, settings, lambda: self._trusted, self._resolve)
            self._clients[name] = httpx.AsyncClient(
                headers=_HEADERS, timeout=_TIMEOUT, cookies=no_cookies(), transport=transport, trust_env=False
            )
        return self._clients[name]

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def _secret(self, name: str) -> str:
        """Return a token: the first line, below which are those that were before it."""
        try:
            return self._secrets[name].partition("\n")[0].strip()
        except KeyError:
            raise PermanentError(
                f"There is no secret {name!r}.", f"Set FLEET_SECRETS__{name.upper()} for the worker."
            ) from None

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self.close()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


class _Unreachable(Exception):
    """The request did not reach the service, or it could not be served just then: worth a quick try."""

    def __init__(self, error: TransientError) -> None:
        super().__init__(error.message)
        self.error = error


class HttpService:
    """One outside service, spoken to in JSON on behalf of one step."""

    def __init__(
        self, name: str, settings: ServiceSettings, http: httpx.AsyncClient, headers: Mapping[str, str]
    ) -> None:
        self._name = name
        self._settings = settings
        self._http = http
        self._headers = headers

    async def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Read; raises `TransientError` or `PermanentError`, as do all of these."""
        return await self._call("GET", path, headers, params=params)

    async def post(self, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Create or act."""
        return await self._call("POST", path, headers, json=json)

    async def put(self, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Replace."""
        return await self._call("PUT", path, headers, json=json)

    async def delete(self, path: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """Remove."""
        return await self._call("DELETE", path, headers)

    async def _call(self, method: str, path: str, headers: Mapping[str, str] | None, **content: Any) -> Any:
        """Call and return the parsed answer; `None` when it is empty."""
        where = f"{self._name} ({method} {_public(path)})"
        request = self._request(method, path, merged(self._headers, headers, self._name), content)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._quickly_again(request, where)
        except TimeoutError:
            raise TransientError(f"{where} did not answer within {self._settings.timeout_s:g} s.") from None

    async def _quickly_again(self, request: httpx.Request, where: str) -> Any:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_Unreachable),
            stop=stop_after_attempt(QUICK_TRIES),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            reraise=True,
        )
        try:
            return await attempts(self._once, request, where)
        except _Unreachable as unreachable:
            raise unreachable.error from None

    async def _once(self, request: httpx.Request, where: str) -> Any:
        try:
            return _read(await self._send(request, where), where)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _Unreachable(TransientError(f"{where} cannot be reached.")) from error
        except httpx.HTTPError as error:
            raise TransientError(f"{where} broke off the connection: {type(error).__name__}.") from error

    async def _send(self, request: httpx.Request, where: str) -> _Answer:
        """Send and read the answer, giving up on one that does not end."""
        answer = await self._http.send(request, stream=True)
        try:
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > ANSWER_LIMIT_BYTES:
                    raise TransientError(f"{where} answered more than {ANSWER_LIMIT_BYTES // 1024} KB.")
            return _Answer(answer.status_code, answer.headers, bytes(body))
        finally:
            await answer.aclose()

    def _request(self, method: str, path: str, headers: Mapping[str, str], content: Mapping[str, Any]) -> httpx.Request:
        """Keep the path below the service's own address, whatever an outside answer put into it."""
        if leads_elsewhere(path):
            raise PermanentError(
                f"A path for {self._name} leads elsewhere.",
                "It must start with one slash and hold no dots, in no encoding; quote what is put into it.",
            )
        try:
            url = self._settings.base_url.rstrip("/") + path
            return self._http.build_request(method, url, headers=headers, extensions={FOUND: []}, **content)
        except httpx.InvalidURL:
            raise PermanentError(f"A path for {self._name} is none.", "Quote what is put into it.") from None


def _read(answer: _Answer, where: str) -> Any:
    status = answer.status
    if 200 <= status < 300:
        return _parsed(answer.body, where)
    retry_after_s = _retry_after_s(answer.headers.get("Retry-After", ""))
    error = TransientError(f"{where} answered {status}.", retry_after_s=retry_after_s)
    if status in (502, 503, 504) and retry_after_s is None:
        raise _Unreachable(error)
    if status >= 500 or status in (408, 425, 429):
        raise error
    raise PermanentError(f"{where} answered {status}.", _SUGGESTIONS.get(status, ""))


_SUGGESTIONS = {
    401: "Check the service's token among the secrets.",
    403: "Check what the service's token is allowed to do.",
    404: "Check the service's base URL, and whether the record exists.",
    301: "Set the service's base URL to where it moved.",
    302: "Set the service's base URL to where it moved.",
    308: "Set the service's base URL to where it moved.",
}


def _parsed(body: bytes, where: str) -> Any:
    if not body:
        return None
    try:
        return _json.loads(body)
    except (ValueError, RecursionError):
        raise TransientError(f"{where} answered something that is not JSON.") from None


def _retry_after_s(header: str) -> float | None:
    """Read seconds or a date.

    Source: RFC 9110, 10.2.3.
    """
    try:
        wait_s = float(header) if header.isdecimal() else _until_s(header)
    except (ValueError, TypeError):
        return None
    return min(max(wait_s, 0.0), LONGEST_RETRY_AFTER_S)


def _until_s(date: str) -> float:
    then = parsedate_to_datetime(date)
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()


def _public(path: str) -> str:
    """Return the first part of a path; what follows may name a person."""
    first, more, _ = path.split("?")[0].lstrip("/").partition("/")
    return f"/{first}/…" if more else f"/{first}"

"""What stands before the routes: where the API may listen, which hosts and origins it answers, how much it reads."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zeebe_fleet.graphql_api.auth import identify
from zeebe_fleet.graphql_api.origins import Origins, preflight_headers, shared_headers
from zeebe_fleet.graphql_api.settings import ApiSettings
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import FleetError

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}

_HTTPS_HEADERS = {
    "strict-transport-security": "max-age=31536000",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_PLAIN_BODY_BYTES = 16_384
"""Of whatever does not speak GraphQL: nothing else is sent more than a name."""
_NOTED = frozenset({400, 408, 413, 415, 429, 503})

_log = structlog.get_logger("fleet.api")


def security_headers(*, https: bool) -> Mapping[str, str]:
    """Return what goes with every answer, one that refuses too.

    Args:
        https: whether people come by TLS alone.
    """
    return {**_HEADERS, **(_HTTPS_HEADERS if https else {})}


def check_bind(host: str, settings: ApiSettings) -> None:
    """Refuse to listen beyond this machine while anybody can be any persona.

    Raises:
        FleetError: the address is not a loopback one, and there is no OIDC issuer.
    """
    if settings.oidc is None and not is_loopback(host):
        raise FleetError(
            f"The API would listen on {shown(host) or 'all addresses'}, where anybody could sign in as anybody.",
            "Listen on 127.0.0.1, or set an OIDC issuer to sign in people.",
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(header: str) -> str | None:
    """Return the name in a Host header; empty where it has none, nothing where it is none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return None


def error_response(status: int, code: str, message: str, suggestion: str, **more: Any) -> Response:
    """Answer as GraphQL does, so that clients need to know one shape only."""
    error = {"message": message, "extensions": {"code": code, "suggestion": suggestion, **more}}
    return JSONResponse({"errors": [error]}, status)


class Guards:
    """Refuses what must not reach the routes, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings
        self._origins = Origins.of(settings)
        self._headers = security_headers(https=settings.is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it; whatever breaks behind is answered as well."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = self._headers
        if origin := self._sharing(scope):
            scope, headers = _without_cookies(scope), {**headers, **shared_headers(origin)}
        answer = _Answer(scope, send, headers)
        try:
            app: ASGIApp = self._refusal(scope) or self._preflight(scope, origin) or self._app
            await app(scope, _bounded(receive, self._limit_bytes(scope)), answer.send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception as error:
            if answer.has_begun:
                raise
            await _broken(error)(scope, receive, answer.send)

    def _sharing(self, scope: Scope) -> str:
        """Return the origin of a page elsewhere that may ask; empty for all others."""
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        if scope["path"] != "/graphql" or self._origins.is_own(origin, headers.get("host", "")):
            return ""
        return origin if self._origins.allows(origin) else ""

    def _preflight(self, scope: Scope, origin: str) -> Response | None:
        headers = Headers(scope=scope)
        if not origin or scope.get("method") != "OPTIONS" or "access-control-request-method" not in headers:
            return None
        return Response(None, 204, preflight_headers(headers.get("access-control-request-headers", "")))

    def _limit_bytes(self, scope: Scope) -> int:
        limits, headers = self._settings.limits, Headers(scope=scope)
        if scope["path"] != "/graphql":
            return _PLAIN_BODY_BYTES
        if _declared_bytes(headers) <= limits.body_bytes:
            return limits.body_bytes
        identity = identify(HTTPConnection(scope), self._settings)
        is_service = identity is not None and identity.principal.is_service
        return limits.service_body_bytes if is_service else limits.body_bytes

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = host_of(headers.get("host", ""))
        if host is None:
            return error_response(400, "BAD_REQUEST", "The Host header is no host.", "Use the API's address.")
        if self._settings.oidc is None and not is_loopback(host):
            # a page elsewhere can make its own name point here
            return error_response(421, "WRONG_HOST", f"{host!r} is not this machine.", "Use 127.0.0.1 or localhost.")
        if headers.get("content-encoding", "identity") != "identity":
            return error_response(415, "UNSUPPORTED_MEDIA_TYPE", "The request is packed.", "Send it unpacked.")
        if _declared_bytes(headers) > self._limit_bytes(scope):
            return error_response(413, "TOO_LARGE", "The request is too large.", "Send less at once.")
        if self._is_cross_site(scope, headers):
            return error_response(
                403, "WRONG_ORIGIN", "The request comes from another site.", "Use the API's page at its public address."
            )
        return None

    def _is_cross_site(self, scope: Scope, headers: Headers) -> bool:
        """Whether another site may have made a browser send this, with its cookie."""
        is_asking = scope["path"] == "/graphql"  # by whatever method
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS") and not is_asking:
            return False
        origin = headers.get("origin")
        if origin is not None:
            return not (self._origins.is_own(origin, headers.get("host", "")) or self._sharing(scope))
        identity = identify(HTTPConnection(scope), self._settings)
        return bool(identity and identity.by_cookie and headers.get("sec-fetch-site") != "same-origin")


def _declared_bytes(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0


def _bounded(receive: Receive, limit_bytes: int) -> Receive:
    """Cut off a body that is longer than it said, or did not say."""
    read_bytes = 0

    async def bounded() -> Message:
        nonlocal read_bytes
        message = await receive()
        read_bytes += len(message.get("body", b""))
        if message["type"] == "http.request" and read_bytes > limit_bytes:
            raise HTTPException(413, "The request is too large.")
        return message

    return bounded


def _without_cookies(scope: Scope) -> Scope:
    """Return a request of somebody who says who they are by a token, or is a stranger."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"cookie"]}


def _broken(error: Exception) -> Response:
    """Note a bug, by its place alone, and answer by its id."""
    error_id = uuid4().hex[:12]
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("internal error", error_id=error_id, error=type(error).__name__, where=where)
    return error_response(500, "INTERNAL", f"Internal error {error_id}.", "Tell who runs this; the log says more.")


class _Answer:
    """Sends an answer with the headers of all; one that refuses is noted in a line."""

    def __init__(self, scope: Scope, send: Send, headers: Mapping[str, str]) -> None:
        self._scope = scope
        self._send = send
        self._headers = headers
        self.has_begun = False

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.close" and not self.has_begun:
            # the server would answer by itself, without the headers
            refusal = error_response(403, "FORBIDDEN", "There is no WebSocket here.", "Open one at /graphql.")
            await refusal(self._scope, _nothing, self.send)
            return
        if kind in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
            self.has_begun = True
        if kind in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            self._note(message["status"])
        await self._send(message)

    def _note(self, status: int) -> None:
        if status in _NOTED:
            _log.info("request refused", status=status, path=self._scope["path"][:200])


async def _nothing() -> Message:
    return {"type": "http.disconnect"}

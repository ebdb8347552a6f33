"""`/graphql`: requests by POST, queries by GET too, subscriptions as server-sent events or by WebSocket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cross_web import HTTPException as ViewRefused
from cross_web import StarletteRequestAdapter
from graphql import OperationType
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLRequestData
from strawberry.http.parse_content_type import parse_content_type
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from zeebe_fleet.graphql_api.auth import Identity, identify, identify_bearer
from zeebe_fleet.graphql_api.context import Context, SignedIn
from zeebe_fleet.graphql_api.guards import error_response
from zeebe_fleet.graphql_api.json_text import NotJson, TooManyValues, read_json
from zeebe_fleet.graphql_api.negotiation import GRAPHQL, JSON, Accepted
from zeebe_fleet.graphql_api.news import News
from zeebe_fleet.graphql_api.operations import PersistedQueries, Refused, read_operation
from zeebe_fleet.graphql_api.policy.decisions import Accesses
from zeebe_fleet.graphql_api.schema import FleetSchema
from zeebe_fleet.graphql_api.sessions import UNAUTHENTICATED, Sessions
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.graphql_api.shares import TOO_MANY_REQUESTS, Share, Shares, ShareUsed
from zeebe_fleet.graphql_api.sockets import Socket
from zeebe_fleet.graphql_api.streams import Events, EventStream, silence_torn_streams
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import Principal

_SIGN_IN = "GET /login says how."
_STRANGER = Principal("")
_INTRODUCTION_S = 10
_STRANGERS = 100
_IN_ADDRESS = 1_000
_NOWHERE = (
    '<!doctype html><html lang="en"><title>Nothing is here</title><h1>Nothing is here</h1>'
    '<p>The address may be old, or written wrongly. <a href="/">To the start</a></p>'
)
_PARAMETERS = ("query", "operationName", "variables", "extensions")


class Asked(StarletteRequestAdapter):
    """A request, and who sent it as far as its limits go."""

    @property
    def is_of_service(self) -> bool:
        """Whether it may be as large as what the engine gives out."""
        return bool(self._request.state.is_of_service)

    @property
    def share(self) -> Share:
        """What its sender may use."""
        share: Share = self._request.state.share
        return share


class Endpoint(GraphQL[Context, None]):
    """GraphQL for those who have signed in."""

    graphql_transport_ws_handler_class = Socket
    request_adapter_class = Asked

    def __init__(self, schema: FleetSchema, services: ApiServices, settings: ApiSettings, sessions: Sessions) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=_INTRODUCTION_S),
        )
        self.stream_transport_classes_by_protocol = {GRAPHQL_SSE_PROTOCOL: Events}
        self._services = services
        self._settings = settings
        self._sessions = sessions
        self._news = News(services)
        self._accesses = Accesses(services.workflows.accesses)
        self._shares = Shares(settings.share, settings.room)
        self.decoding_s = 0.0
        """What it took to decode the message that is handled now."""
        self.strangers: set[Socket] = set()
        """Sockets of whom nobody knows yet who they are."""
        self._persisted = PersistedQueries(settings.known)
        self._documents = schema.documents
        silence_torn_streams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or tell a stranger to sign in; a WebSocket's first message may still say who it is."""
        if scope["type"] == "websocket":
            await self._welcome(WebSocket(scope, receive, send))
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _welcome(self, socket: WebSocket) -> None:
        identity = identify(socket, self._settings)
        is_known = identity is not None and self._shares.of(identity.principal).has_socket
        if is_known or len(self.strangers) < _STRANGERS:
            await self.run(socket)
            return
        answer = error_response(503, "BUSY", "Too many are at the door.", "Try again in a moment.")
        answer.headers["retry-after"] = str(_INTRODUCTION_S)
        await answer(socket.scope, socket.receive, socket.send)

    async def _answer(self, request: Request) -> Response:
        identity = identify(request, self._settings)
        if identity is None or await self._sessions.is_over(identity.session):
            return error_response(401, UNAUTHENTICATED, "You are not signed in.", _SIGN_IN)
        request.state.is_of_service = identity.principal.is_service
        request.state.share = share = self._shares.of(identity.principal)
        try:
            with share.request(), share.body(request.receive) as receive:
                return await self.run(Request(request.scope, receive))
        except ShareUsed as used:
            return _too_many(used)
        except Refused as refused:
            answer = error_response(refused.status, *refused.told())
            answer.headers.update(refused.headers)
            return answer
        except ViewRefused as refused:
            return error_response(refused.status_code, "BAD_REQUEST", refused.reason, "Correct the request.")

    async def get_context(self, request: Request | WebSocket, response: Any) -> Context:
        """Make the context of one request, or of a WebSocket whose client is still to say who it is."""
        identity = identify(request, self._settings)
        if identity is None and isinstance(request, Request):
            raise FleetError("You are not signed in.", _SIGN_IN)
        return self._context(identity or Identity(_STRANGER))

    def introduced(self, context: Context, parameters: Any) -> Context | None:
        """Return the context of a WebSocket whose client has introduced itself; nothing if it is still a stranger.

        Args:
            parameters: the payload of its first message, that may hold the token as a header would.
        """
        given = parameters if isinstance(parameters, dict) else {}
        within = given.get("headers")
        headers = {
            str(name).lower(): one for name, one in {**(within if isinstance(within, dict) else {}), **given}.items()
        }
        token = headers.get("authorization")
        if token is not None:
            identity = identify_bearer(str(token), self._settings)
            return self._context(identity) if identity else None
        return None if context.principal is _STRANGER else context

    def read(self, sent: Any) -> GraphQLRequestData:
        """Read an operation.

        Raises:
            Refused: it is none.
        """
        return read_operation(sent, self._persisted)

    async def parse_http_body(self, request: Any) -> GraphQLRequestData:
        """Read a request, and settle how it is answered.

        Raises:
            Refused: it is none, or cannot be answered in a form that the client takes.
        """
        try:
            asked = self.read(_in_address(request) if request.method == "GET" else await self._in_body(request))
        except TooManyValues as error:
            raise Refused(413, "TOO_LARGE", str(error), "Send less at once.") from None
        except NotJson as error:
            raise Refused(400, "BAD_REQUEST", str(error), "Send a JSON object in UTF-8.") from None
        document = self._documents.read(asked.query or "", request.share.pay_s)
        operation = document.operation(asked.operation_name)
        if request.method == "GET" and operation and operation.operation is OperationType.MUTATION:
            raise Refused(405, "METHOD_NOT_ALLOWED", "A mutation is sent by POST.", "Send it by POST.")
        accepted = Accepted.of(request.headers.get("accept", ""))
        streams = document.is_subscription(asked.operation_name)
        media = accepted.stream() if streams else accepted.answer()
        if not media:
            how = "text/event-stream, or open a WebSocket" if streams else JSON
            what = "A subscription" if streams else "A query or mutation"
            raise Refused(406, "NOT_ACCEPTABLE", f"{what} is not answered in a form you accept.", f"Accept {how}.")
        if streams:
            request.share.check_subscriptions()
        return replace(asked, protocol="http" if media in (JSON, GRAPHQL) else "sse")

    async def _in_body(self, request: Any) -> Any:
        kind, _ = parse_content_type(request.content_type or "")
        if kind != JSON:
            raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", f"{kind or 'Nothing'} is not JSON.", f"Send {JSON}.")
        limits = self._settings.limits
        body = await request.get_body()
        with _timed(request.share.pay_s):
            return read_json(body, limits.service_values if request.is_of_service else limits.values)

    def decode_json(self, data: str | bytes) -> object:
        """Read a message of a WebSocket."""
        try:
            with _timed(self._took):
                return read_json(data, self._settings.limits.values)
        except NotJson as error:
            raise json.JSONDecodeError(str(error), "", 0) from None

    def _took(self, spent_s: float) -> None:
        self.decoding_s = spent_s

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Begin an answer of the media type that the client prefers."""
        answer = await super().get_sub_response(request)
        answer.media_type = Accepted.of(request.headers.get("accept", "")).answer()
        return answer

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """Answer at once; GraphQL's own media type says by the status whether anything was executed."""
        is_refusal = "data" not in response_data and sub_response.media_type == GRAPHQL
        body = self.encode_json(response_data)
        status = 400 if is_refusal else 200
        headers = {"cache-control": "no-store"}
        if retry_after_s := _retry_after_s(response_data):
            status, headers["retry-after"] = 429, str(retry_after_s)
        return Response(body, status, headers, media_type=sub_response.media_type)

    async def process_result(self, request: Request, result: Any) -> Any:
        """Show a result; without data when nothing was executed."""
        shown: Any = await super().process_result(request, result)
        errors = result.errors or ()
        if errors and result.data is None and all(one.path is None for one in errors):
            del shown["data"]
        return shown

    def _check_websocket_origin(self, request: WebSocket) -> bool:
        return True  # `Guards` has decided

    async def create_streaming_response(
        self, request: Any, stream: Any, sub_response: Response, headers: Mapping[str, str]
    ) -> Response:
        """Stream what may be lost on its way.

        Raises:
            ShareUsed: there is no room for it.
        """
        share: Share = request.state.share
        share.check_stream()
        return EventStream(stream(), share, headers)

    def _context(self, identity: Identity) -> Context:
        signed_in = SignedIn(
            identity.principal, identity.session, self._sessions, self._accesses, self._shares.of(identity.principal)
        )
        return Context(signed_in, self._services, self._settings, self._news)


def _in_address(request: Any) -> dict[str, Any]:
    """Return what a GET asks for: objects are JSON in the address."""
    sent = {name: value for name, value in request.query_params.items() if name in _PARAMETERS}
    objects = {name: read_json(sent[name], _IN_ADDRESS) for name in ("variables", "extensions") if sent.get(name)}
    return {**sent, **{"variables": None, "extensions": None}, **objects}


@contextmanager
def _timed(pay_s: Callable[[float], None]) -> Iterator[None]:
    began_s = time.thread_time()
    try:
        yield
    finally:
        pay_s(time.thread_time() - began_s)


def _too_many(used: ShareUsed) -> Response:
    answer = error_response(429, TOO_MANY_REQUESTS, used.message, used.suggestion, retryAfterS=used.retry_after_s)
    answer.headers["retry-after"] = str(used.retry_after_s)
    return answer


def _retry_after_s(said: Any) -> int:
    """Return after how long an operation may be tried again that was not run; 0 where none was refused for that."""
    first = (said.get("errors") or [{}])[0] if "data" not in said else {}
    return int(first.get("extensions", {}).get("retryAfterS", 0))


async def refused(request: HTTPConnection, error: Exception) -> Response:
    """Answer what a route or a limit refuses as GraphQL does; a person who is nowhere gets a page."""
    assert isinstance(error, HTTPException), "registered for it"
    if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_NOWHERE, 404)
    codes = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "TOO_LARGE"}
    response = error_response(error.status_code, codes.get(error.status_code, "BAD_REQUEST"), error.detail, "")
    response.headers.update(error.headers or {})
    return response

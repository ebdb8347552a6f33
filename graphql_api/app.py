"""The API as an ASGI application: GraphQL, signing in, and the pages of the UI."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from zeebe_fleet.graphql_api.auth import identify
from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.graphql_api.guards import Guards, error_response
from zeebe_fleet.graphql_api.news import News
from zeebe_fleet.graphql_api.pages import page_routes
from zeebe_fleet.graphql_api.schema import FleetSchema, make_schema
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.graphql_api.sign_in import sign_in_routes
from zeebe_fleet.workers.contract.errors import FleetError

_SIGN_IN = "GET /login says how."


def create_app(services: ApiServices, settings: ApiSettings) -> Starlette:
    """Put the API together."""
    models = services.data_rows.models if services.data_rows else ()
    schema = make_schema(settings.limits, introspection=settings.introspection, models=models)
    graphql = Authenticated(schema, services, settings)
    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["POST"]),
            WebSocketRoute("/graphql", graphql),
            *sign_in_routes(settings),
            *page_routes(),
            Route("/health", _health),
        ],
        middleware=[Middleware(Guards, settings=settings)],
    )


class Authenticated(GraphQL[Context, None]):
    """GraphQL for those who have signed in."""

    def __init__(self, schema: FleetSchema, services: ApiServices, settings: ApiSettings) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL),
        )
        self._services = services
        self._settings = settings
        self._news = News(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or tell a stranger to sign in."""
        if identify(HTTPConnection(scope), self._settings):
            await super().__call__(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close(1008, "Sign in first.")
        else:
            refusal = error_response(401, "UNAUTHENTICATED", "You are not signed in.", _SIGN_IN)
            await refusal(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Any) -> Context:
        """Make the context of one request."""
        identity = identify(request, self._settings)
        if identity is None:
            raise FleetError("You are not signed in.", _SIGN_IN)
        return Context(identity.principal, self._services, self._settings, self._news)


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "up"})

"""The API as an ASGI application: GraphQL, the sign-in of personas, and the pages of the UI."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from zeebe_fleet.graphql_api.auth import COOKIE, identify, sign_session
from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.graphql_api.guards import Guards, error_response
from zeebe_fleet.graphql_api.news import News
from zeebe_fleet.graphql_api.pages import page_routes
from zeebe_fleet.graphql_api.schema import FleetSchema, make_schema
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.workers.contract.errors import FleetError


def create_app(services: ApiServices, settings: ApiSettings) -> Starlette:
    """Put the API together.

    Raises:
        FleetError: the settings ask for what this version cannot do.
    """
    if settings.oidc_issuer:
        raise FleetError(
            "Signing in through an OIDC issuer is not available in this version.",
            "Leave the issuer out and listen on 127.0.0.1.",
        )
    models = services.data_rows.models if services.data_rows else ()
    schema = make_schema(settings.limits, introspection=settings.introspection, models=models)
    graphql = Authenticated(schema, services, settings)
    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["POST"]),
            WebSocketRoute("/graphql", graphql),
            *_sign_in(settings),
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
            refusal = error_response(401, "UNAUTHENTICATED", "You are not signed in.", "POST a persona to /login.")
            await refusal(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Any) -> Context:
        """Make the context of one request."""
        identity = identify(request, self._settings)
        if identity is None:
            raise FleetError("You are not signed in.", "POST a persona to /login.")
        return Context(identity.principal, self._services, self._settings, self._news)


def _sign_in(settings: ApiSettings) -> list[BaseRoute]:
    async def personas(_request: Request) -> Response:
        known = sorted(settings.personas.items())
        people = [{"name": name, "groups": sorted(one.groups), "roles": sorted(one.roles)} for name, one in known]
        return JSONResponse({"personas": [name for name, _ in known], "people": people})

    async def login(request: Request) -> Response:
        try:
            name = (await request.json())["persona"]
        except (ValueError, KeyError, TypeError):
            return error_response(400, "BAD_REQUEST", "No persona was named.", 'Send {"persona": "rita"}.')
        if not isinstance(name, str) or name not in settings.personas:
            known = ", ".join(sorted(settings.personas))
            return error_response(403, "UNKNOWN_PERSONA", "There is no such persona.", f"There are {known}.")
        token = sign_session(name, settings)
        response = JSONResponse({"token": token, "subject": settings.personas[name].subject})
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(settings.session_s),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    async def logout(_request: Request) -> Response:
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    return [
        Route("/login", personas, methods=["GET"]),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
    ]


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "up"})

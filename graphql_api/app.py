"""The API as an ASGI application: GraphQL, signing in, and the pages of the UI."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from zeebe_fleet.graphql_api.endpoint import Endpoint, refused
from zeebe_fleet.graphql_api.guards import Guards
from zeebe_fleet.graphql_api.keys import check_keys
from zeebe_fleet.graphql_api.origins import Origins
from zeebe_fleet.graphql_api.pages import page_routes
from zeebe_fleet.graphql_api.schema import make_schema
from zeebe_fleet.graphql_api.sessions import Sessions
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.graphql_api.sign_in import sign_in_routes


def create_app(services: ApiServices, settings: ApiSettings) -> Starlette:
    """Put the API together.

    Raises:
        FleetError: an address in the settings cannot be one, or a key can be guessed.
    """
    Origins.of(settings)
    check_keys(settings)
    sessions = Sessions(services.spent_tokens)
    models = services.data_rows.models if services.data_rows else ()
    schema = make_schema(settings.limits, introspection=settings.introspection, models=models, known=settings.known)
    graphql = Endpoint(schema, services, settings, sessions)
    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", graphql),
            *sign_in_routes(settings, sessions),
            *page_routes(),
            Route("/health", _health),
        ],
        exception_handlers={HTTPException: refused},
        middleware=[Middleware(Guards, settings=settings)],
    )


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "up"})

"""The routes put together, and what they answer where nothing is served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from zeebe_fleet.engine.rest.house import House
from zeebe_fleet.engine.rest.problems import Problem, problem_of
from zeebe_fleet.engine.rest.routes import ROUTES, Handler, is_promised

Endpoint = Callable[[Request], Awaitable[Response]]


def app(house: House) -> Starlette:
    """Return the application that serves a house."""
    served = [route for route in ROUTES if house.version.has(route.since)]
    return Starlette(
        routes=[StarletteRoute(one.path, _endpoint(one.handler, house), methods=[one.method]) for one in served],
        exception_handlers={404: _absent(house), 405: _other_method},
    )


def _endpoint(handler: Handler, house: House) -> Endpoint:
    async def serve(request: Request) -> Response:
        try:
            _require_no_foreign_page(request)
            return await handler(request, house)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            return problem_of(error).response(request)

    return serve


def _require_no_foreign_page(request: Request) -> None:
    """Refuse what a page of another site has somebody's browser send: there is no other lock on this door.

    Raises:
        Problem: 403.

    Source: https://www.w3.org/TR/fetch-metadata/
    """
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Problem(403, "FORBIDDEN", "Pages of other sites may send nothing here.")


def _absent(house: House) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def serve(request: Request, error: Exception) -> Response:
        path = request.url.path
        asked = f"{request.method} {path}"
        if is_promised(path, house.version):
            told = f"Camunda {house.version.name} may have {asked}; the engine in the box does not serve it."
            return Problem(501, "UNIMPLEMENTED", told).response(request)
        return Problem(404, "Not Found", f"No endpoint {asked}.").response(request)

    return serve


async def _other_method(request: Request, error: Exception) -> Response:
    told = f"Method '{request.method}' is not supported at {request.url.path}."
    return Problem(405, "Method Not Allowed", told).response(request)

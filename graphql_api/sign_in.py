"""Signing in and out: as a persona on a machine of one's own, elsewhere through an OIDC provider."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from zeebe_fleet.graphql_api.auth import identify, keep_session, session_cookie, sign_session
from zeebe_fleet.graphql_api.guards import error_response
from zeebe_fleet.graphql_api.json_text import NotJson, read_json
from zeebe_fleet.graphql_api.sessions import Sessions
from zeebe_fleet.graphql_api.settings import ApiSettings

_VALUES = 20


def sign_in_routes(settings: ApiSettings, sessions: Sessions) -> list[BaseRoute]:
    """Return `/login` and `/logout`, and what the provider needs if there is one."""
    if settings.oidc is None:

        async def leave(request: Request) -> Response:
            return await _signed_out(request, settings, sessions, "")

        return [*_personas(settings), Route("/logout", leave, methods=["POST"])]
    from zeebe_fleet.graphql_api.oidc import SIGN_IN, Provider  # Authlib is loaded where somebody signs in by it

    provider = Provider(settings, settings.oidc, sessions)

    async def ways(_request: Request) -> Response:
        return JSONResponse({"personas": [], "people": [], "provider": {"name": provider.name, "url": SIGN_IN}})

    async def login(_request: Request) -> Response:
        return error_response(403, "NO_PERSONAS", "There are no personas here.", f"Open {SIGN_IN} in a browser.")

    async def logout(request: Request) -> Response:
        return await _signed_out(request, settings, sessions, await provider.sign_out_url(request))

    return [
        Route("/login", ways, methods=["GET"]),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        *provider.routes(),
    ]


def _personas(settings: ApiSettings) -> list[BaseRoute]:
    async def personas(_request: Request) -> Response:
        known = sorted(settings.personas.items())
        people = [{"name": name, "groups": sorted(one.groups), "roles": sorted(one.roles)} for name, one in known]
        return JSONResponse({"personas": [name for name, _ in known], "people": people})

    async def login(request: Request) -> Response:
        try:
            name = read_json(await request.body(), _VALUES)["persona"]
        except (NotJson, KeyError, TypeError):
            return error_response(400, "BAD_REQUEST", "No persona was named.", 'Send {"persona": "rita"}.')
        if not isinstance(name, str) or name not in settings.personas:
            known = ", ".join(sorted(settings.personas))
            return error_response(403, "UNKNOWN_PERSONA", "There is no such persona.", f"There are {known}.")
        persona = settings.personas[name]
        token = sign_session(persona, settings)
        response = JSONResponse({"token": token, "subject": persona.subject})
        keep_session(response, token, settings, secure=request.url.scheme == "https")
        return response

    return [Route("/login", personas, methods=["GET"]), Route("/login", login, methods=["POST"])]


async def _signed_out(request: Request, settings: ApiSettings, sessions: Sessions, next_url: str) -> Response:
    """Have the browser forget its session, and the API know that it is over, wherever a copy of it lies."""
    identity = identify(request, settings)
    if identity is not None and identity.session is not None:
        await sessions.end(identity.session)
    response = JSONResponse({"next": next_url})
    response.delete_cookie(session_cookie(settings), httponly=True, samesite="strict", secure=settings.is_https)
    return response

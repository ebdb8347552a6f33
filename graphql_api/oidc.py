"""Signing people in through an OIDC provider: the code flow with PKCE, done by Authlib.

Source: https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import html
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from zeebe_fleet.graphql_api.auth import keep_session, sign_session
from zeebe_fleet.graphql_api.settings import ApiSettings, OidcSettings
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import ADMIN_ROLE, OPERATOR_ROLE, Principal

if TYPE_CHECKING:
    from authlib.integrations.starlette_client import StarletteOAuth2App

SIGN_IN = "/oidc/sign-in"
_CALLBACK = "/oidc/callback"
_UNDER_WAY_S = 600
"""How long somebody may take at the provider."""
_NO_ANSWER = (httpx.HTTPError, ValueError, RuntimeError)
"""What Authlib raises of a provider that is away, or that answers something else than was asked for."""

log = structlog.get_logger("fleet.oidc")


class Provider:
    """Where people sign in.

    Args:
        settings: of the API; its `oidc` names the provider.
    """

    def __init__(self, settings: ApiSettings, oidc: OidcSettings) -> None:
        self._settings = settings
        self._oidc = oidc
        self._client = _client(oidc)

    @property
    def name(self) -> str:
        """What people know it by."""
        return urlsplit(self._oidc.issuer).hostname or self._oidc.issuer

    def routes(self) -> list[BaseRoute]:
        """Return the way there and the way back; what must be remembered in between is a cookie of its own."""
        remembered = Middleware(
            SessionMiddleware,
            secret_key=self._settings.session_secret,
            session_cookie="fleet_sign_in",
            max_age=_UNDER_WAY_S,
            path="/oidc",
            https_only=self._oidc.public_url.startswith("https:"),
        )
        routes = [Route(SIGN_IN.removeprefix("/oidc"), self._sign_in), Route("/callback", self._called_back)]
        return [Mount("/oidc", routes=routes, middleware=[remembered])]

    async def sign_out_url(self, request: Request) -> str:
        """Return where the provider forgets somebody too; empty if it has no such place or does not answer."""
        try:
            metadata = await self._client.load_server_metadata()
        except _NO_ANSWER:
            return ""
        place = metadata.get("end_session_endpoint", "")
        back = {"client_id": self._oidc.client_id, "post_logout_redirect_uri": f"{self._public_url(request)}/"}
        return f"{place}?{urlencode(back)}" if place else ""

    async def _sign_in(self, request: Request) -> Response:
        asked = request.query_params.get("next") or request.session.get("next", "")
        request.session["next"] = _own_place(asked)
        callback = f"{self._public_url(request)}{_CALLBACK}"
        try:
            redirect: Response = await self._client.authorize_redirect(request, callback)
        except _NO_ANSWER as error:
            return self._trouble(502, f"{self.name} does not answer as it should ({type(error).__name__}).", error)
        return redirect

    async def _called_back(self, request: Request) -> Response:
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        try:
            token = sign_session(self._principal(await self._claims(request)), self._settings)
            response = RedirectResponse(request.session.get("next", "/"), status_code=303)
            keep_session(response, token, self._settings, secure=self._public_url(request).startswith("https:"))
        except FleetError as error:
            return self._trouble(403, f"{error.message} {error.suggestion}", error)
        except (AuthlibBaseError, JoseError, *_NO_ANSWER) as error:
            why = getattr(error, "error", "") or type(error).__name__
            return self._trouble(403, f"{self.name} did not sign you in ({why}).", error)
        request.session.pop("next", None)
        return response

    async def _claims(self, request: Request) -> Mapping[str, Any]:
        """Return what the provider says of somebody: the ID token, whose signature, audience, age and nonce fit."""
        expected = {
            "iss": {"essential": True, "value": self._oidc.issuer},
            "aud": {"essential": True, "value": self._oidc.client_id},
        }
        token = await self._client.authorize_access_token(request, claims_options=expected)
        claims: dict[str, Any] = dict(token.get("userinfo") or {})
        if not claims:
            raise FleetError(f"{self.name} sent no ID token.", "The scope must hold openid.")
        if self._oidc.groups_claim not in claims and "userinfo_endpoint" in await self._client.load_server_metadata():
            told = await self._client.userinfo(token=token)
            claims = {**told, **claims} if told.get("sub") == claims["sub"] else claims
        return claims

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        """Make a principal of claims.

        Raises:
            FleetError: they name nobody.
        """
        oidc = self._oidc
        subject, said = claims.get(oidc.subject_claim), claims.get(oidc.groups_claim)
        if not isinstance(subject, str) or not subject:
            raise FleetError(
                f"{self.name} does not say who you are: there is no claim {oidc.subject_claim!r}.",
                "Have it added to the ID token, or set FLEET_API__OIDC__SUBJECT_CLAIM.",
            )
        groups = frozenset(one for one in said if isinstance(one, str)) if isinstance(said, list) else frozenset()
        held = {OPERATOR_ROLE: oidc.operator_groups, ADMIN_ROLE: oidc.admin_groups}
        return Principal(subject, groups, frozenset(role for role, holders in held.items() if groups & holders))

    def _public_url(self, request: Request) -> str:
        return self._oidc.public_url.rstrip("/") or str(request.base_url).rstrip("/")

    def _trouble(self, status: int, said: str, error: Exception) -> Response:
        """Tell a person, and the log, which is told no claims."""
        log.warning("oidc.refused", status=status, error=type(error).__name__, why=getattr(error, "error", ""))
        body = f"<h1>Not signed in</h1><p>{html.escape(said)}</p>"
        again = f'<p><a href="{SIGN_IN}">Try again</a></p>'
        page = f'<!doctype html><html lang="en"><title>Not signed in</title>{body}{again}'
        return HTMLResponse(page, status)


def _client(oidc: OidcSettings) -> StarletteOAuth2App:
    with warnings.catch_warnings():  # Authlib prefers a successor of httpx, and says so; it works with both
        import authlib.deprecate  # noqa: F401  (sets a filter of its own)

        warnings.simplefilter("ignore")
        from authlib.integrations.starlette_client import OAuth
    kwargs: dict[str, Any] = {"scope": oidc.scope, "code_challenge_method": "S256", "timeout": 10.0}
    if oidc.ca_file is not None:
        import ssl

        context = ssl.create_default_context()
        context.load_verify_locations(oidc.ca_file)
        kwargs["verify"] = context
    return OAuth().register(
        "fleet",
        server_metadata_url=f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        client_kwargs=kwargs,
    )


def _own_place(path: str) -> str:
    """Return a path of this site; whatever leads elsewhere leads to the start."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"

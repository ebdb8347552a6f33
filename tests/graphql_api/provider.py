"""A provider of OpenID Connect that says whatever a test has it say, in tokens that are signed as they should be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from zeebe_fleet.graphql_api.oidc import SIGN_IN

_ALG = "ES256"


class SpentInMemory:
    """Spent tokens of one process."""

    def __init__(self) -> None:
        self._spent: set[str] = set()

    async def spend(self, token_id: str, _until_s: float) -> bool:
        """Note one."""
        is_first = token_id not in self._spent
        self._spent.add(token_id)
        return is_first

    async def spent(self) -> frozenset[str]:
        """Return all of them."""
        return frozenset(self._spent)


@dataclass
class TalkativeProvider:
    """Signs anybody in who comes back, without asking.

    Args:
        id_claims: what the ID token says beside what it must say; may say that differently.
        userinfo: what the userinfo endpoint says.
        is_signing_userinfo: it says so in a signed token: this one, or one that is made.
        is_talking_html: everything is answered by a page for people.
    """

    issuer: str = ""
    id_claims: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    is_signing_userinfo: bool = False
    signed_userinfo: str = ""
    is_talking_html: bool = False
    _nonces: dict[str, str] = field(default_factory=dict)
    _key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))

    @property
    def app(self) -> Starlette:
        """Its endpoints."""
        routes = [
            Route("/.well-known/openid-configuration", self._metadata),
            Route("/keys", self._keys),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
        ]
        return Starlette(routes=routes)

    async def sign_in(self, browser: httpx.AsyncClient, place: str = SIGN_IN) -> httpx.Response:
        """Take a browser there and back; returns the last answer of the API."""
        return await browser.get(await self.leave(browser, place))

    async def leave(self, browser: httpx.AsyncClient, place: str = SIGN_IN) -> str:
        """Take a browser there; returns the address of the way back."""
        away = await browser.get(place)
        asked = {name: value[0] for name, value in parse_qs(urlsplit(away.headers["location"]).query).items()}
        code = f"code-{len(self._nonces)}"
        self._nonces[code] = asked["nonce"]
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def signed(self, claims: Mapping[str, Any]) -> str:
        """Return a token of its own."""
        return jwt.encode({"alg": _ALG, "kid": "one"}, dict(claims), self._key)

    def id_token(self, nonce: str = "") -> str:
        """Return an ID token."""
        now = int(time.time())
        must = {"iss": self.issuer, "sub": "1", "aud": "fleet", "iat": now, "exp": now + 60, "nonce": nonce}
        return self.signed({**must, **self.id_claims})

    async def _metadata(self, _request: Request) -> Response:
        if self.is_talking_html:
            return HTMLResponse("<h1>We will be back soon</h1>")
        places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        places |= {"userinfo_endpoint": "/userinfo", "end_session_endpoint": "/end"}
        metadata = {name: f"{self.issuer}{path}" for name, path in places.items()}
        return JSONResponse({**metadata, "issuer": self.issuer, "id_token_signing_alg_values_supported": [_ALG]})

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self._key]).as_dict(private=False))

    async def _token(self, request: Request) -> Response:
        (code,) = parse_qs((await request.body()).decode())["code"]
        if code not in self._nonces:
            return JSONResponse({"error": "invalid_grant", "error_description": "Code <b>unknown</b>"}, 400)
        id_token = self.id_token(self._nonces.pop(code))
        return JSONResponse({"access_token": "a token", "token_type": "Bearer", "id_token": id_token})

    async def _userinfo(self, _request: Request) -> Response:
        if self.is_signing_userinfo:
            return Response(self.signed_userinfo or self.signed(self.userinfo), media_type="application/jwt")
        return JSONResponse(dict(self.userinfo))

"""Who asks: the service by its token, people by a signed session in a cookie or as a bearer token.

A session holds the principal, and who said that it is one: a session of another provider is none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from zeebe_fleet.graphql_api.settings import ApiSettings
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import FLEET, Principal

COOKIE = "fleet_session"
_COOKIE_BYTES = 3_800
"""Browsers keep 4096 with the cookie's name and attributes."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal and how it was known; browsers send cookies whoever makes them ask."""

    principal: Principal
    by_cookie: bool = False


def identify(connection: HTTPConnection, settings: ApiSettings) -> Identity | None:
    """Return who asks, or nothing for a stranger."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme:
        principal = _by_bearer(token.strip(), settings) if scheme.lower() == "bearer" else None
        return Identity(principal) if principal else None
    principal = read_session(connection.cookies.get(COOKIE, ""), settings)
    return Identity(principal, by_cookie=True) if principal else None


def _by_bearer(token: str, settings: ApiSettings) -> Principal | None:
    if settings.service_token and hmac.compare_digest(token.encode(), settings.service_token.encode()):
        return FLEET
    return read_session(token, settings)


def sign_session(principal: Principal, settings: ApiSettings) -> str:
    """Return a session of somebody, good for `session_s`."""
    claims = {**principal.to_json(), "by": _provider(settings), "exp": int(time.time() + settings.session_s)}
    body = _encode(json.dumps(claims).encode())
    return f"{body}.{_encode(_digest(body, settings))}"


def keep_session(response: Response, token: str, settings: ApiSettings, *, secure: bool) -> None:
    """Give the browser its session.

    Raises:
        FleetError: it is more than browsers keep.
    """
    if len(token) > _COOKIE_BYTES:
        raise FleetError(
            "You are in more groups than a session holds.",
            "Have the provider send only the groups that processes and roles name.",
        )
    lifetime_s = int(settings.session_s)
    response.set_cookie(COOKIE, token, max_age=lifetime_s, httponly=True, samesite="strict", secure=secure)


def read_session(token: str, settings: ApiSettings) -> Principal | None:
    """Return whose session it is, if it was signed here, by the provider of these settings, and has not run out."""
    body, _, signature = token.partition(".")
    try:
        if not hmac.compare_digest(_decode(signature), _digest(body, settings)):
            return None
        claims = json.loads(_decode(body))
    except (binascii.Error, ValueError):
        return None
    good = claims.get("by") == _provider(settings) and claims["exp"] > time.time()
    return Principal.from_json(claims) if good else None


def _provider(settings: ApiSettings) -> str:
    return settings.oidc.issuer if settings.oidc else "persona"


def _digest(body: str, settings: ApiSettings) -> bytes:
    return hmac.digest(settings.session_secret.encode(), body.encode(), hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))

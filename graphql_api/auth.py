"""Who asks: the service by its token, people by a signed session in a cookie or as a bearer token.

A session holds the principal, and who said that it is one: a session of another provider is none.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer
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
    if said := connection.headers.get("authorization", "").strip():
        principal = identify_bearer(said, settings)
        return Identity(principal) if principal else None
    principal = read_session(connection.cookies.get(COOKIE, ""), settings)
    return Identity(principal, by_cookie=True) if principal else None


def identify_bearer(said: str, settings: ApiSettings) -> Principal | None:
    """Return who an Authorization header names, or nothing for a stranger."""
    scheme, _, token = said.partition(" ")
    return _by_bearer(token.strip(), settings) if scheme.lower() == "bearer" else None


def _by_bearer(token: str, settings: ApiSettings) -> Principal | None:
    if settings.service_token and hmac.compare_digest(token.encode(), settings.service_token.encode()):
        return FLEET
    return read_session(token, settings)


def sign_session(principal: Principal, settings: ApiSettings) -> str:
    """Return a session of somebody, good for `session_s`."""
    return _signer(settings).dumps(principal.to_json())


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
    try:
        return Principal.from_json(_signer(settings).loads(token, max_age=int(settings.session_s)))
    except BadData:
        return None


def _signer(settings: ApiSettings) -> URLSafeTimedSerializer:
    provider = settings.oidc.issuer if settings.oidc else "persona"
    how = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return URLSafeTimedSerializer(settings.session_secret, salt=f"{COOKIE} by {provider}", signer_kwargs=how)

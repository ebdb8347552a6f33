"""Who asks: the service by its token, people by a signed session in a cookie or as a bearer token.

A session holds the principal, and who said that it is one: a session of another provider is none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from zeebe_fleet.graphql_api.settings import ApiSettings, keys_of
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import FLEET, Principal

COOKIE = "fleet_session"
_COOKIE_BYTES = 3_800
"""Browsers keep 4096 with the cookie's name and attributes."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in, for a while.

    Args:
        token_id: names the token it is, and says nothing of it.
        ends_at: in seconds since 1970.
    """

    principal: Principal
    token_id: str
    ends_at: float


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal and how it was known; browsers send cookies whoever makes them ask."""

    principal: Principal
    session: Session | None = None
    """None of the service, whose token has no end."""
    by_cookie: bool = False


def identify(connection: HTTPConnection, settings: ApiSettings) -> Identity | None:
    """Return who asks, or nothing for a stranger."""
    if said := connection.headers.get("authorization", "").strip():
        return identify_bearer(said, settings)
    session = read_session(connection.cookies.get(session_cookie(settings), ""), settings)
    return Identity(session.principal, session, by_cookie=True) if session else None


def identify_bearer(said: str, settings: ApiSettings) -> Identity | None:
    """Return who an Authorization header names, or nothing for a stranger."""
    scheme, _, token = said.partition(" ")
    return _by_bearer(token.strip(), settings) if scheme.lower() == "bearer" else None


def _by_bearer(token: str, settings: ApiSettings) -> Identity | None:
    if any(hmac.compare_digest(token.encode(), key.encode()) for key in keys_of(settings.service_token)):
        return Identity(FLEET)
    session = read_session(token, settings)
    return Identity(session.principal, session) if session else None


def sign_session(principal: Principal, settings: ApiSettings) -> str:
    """Return a session of somebody, good for `session_s`.

    Raises:
        FleetError: it would be the fleet's own: that has a token, and signs in nowhere.
    """
    if principal.is_service:
        raise FleetError("The service role signs in nowhere.", "Send FLEET_API__SERVICE_TOKEN as a bearer token.")
    return _signer(settings).dumps({**principal.to_json(), "session": secrets.token_urlsafe(12)})


def session_cookie(settings: ApiSettings) -> str:
    """Return the name of the session's cookie; by TLS it is one that no neighbouring host can set.

    Source: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1;
    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
    """
    return f"__Host-{COOKIE}" if settings.is_https else COOKIE


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
    name = session_cookie(settings)
    response.set_cookie(
        name, token, max_age=lifetime_s, httponly=True, samesite="strict", secure=secure or settings.is_https
    )


def read_session(token: str, settings: ApiSettings) -> Session | None:
    """Return whose session it is, if it was signed here, by the provider of these settings, and has not run out."""
    try:
        said, signed_at = _signer(settings).loads(token, max_age=int(settings.session_s), return_timestamp=True)
        principal = Principal.from_json(said)
    except (BadData, KeyError, TypeError, AttributeError):
        return None
    if principal.is_service or not isinstance(principal.subject, str) or not principal.subject:
        return None
    # not by the token's own text: base64 can be written in several ways
    token_id = str(said.get("session") or f"{principal.subject} at {signed_at.isoformat()}")
    return Session(principal, token_id, signed_at.timestamp() + settings.session_s)


def _signer(settings: ApiSettings) -> URLSafeTimedSerializer:
    provider = settings.oidc.issuer if settings.oidc else "persona"
    how = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    keys = list(reversed(keys_of(settings.session_secret)))  # it signs with the last, and reads by any
    return URLSafeTimedSerializer(keys, salt=f"{COOKIE} by {provider}", signer_kwargs=how)

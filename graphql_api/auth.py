"""Who asks: the service by its token, people by a signed session in a cookie or as a bearer token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from zeebe_fleet.graphql_api.settings import ApiSettings
from zeebe_fleet.workers.contract.principal import FLEET, Principal

COOKIE = "fleet_session"


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


def sign_session(persona: str, settings: ApiSettings) -> str:
    """Return a session of a persona, good for `session_s`."""
    claims = {"sub": persona, "exp": int(time.time() + settings.session_s)}
    body = _encode(json.dumps(claims).encode())
    return f"{body}.{_encode(_digest(body, settings))}"


def read_session(token: str, settings: ApiSettings) -> Principal | None:
    """Return the persona of a session that was signed here and has not run out."""
    body, _, signature = token.partition(".")
    try:
        if not hmac.compare_digest(_decode(signature), _digest(body, settings)):
            return None
        claims = json.loads(_decode(body))
    except (binascii.Error, ValueError):
        return None
    return settings.personas.get(claims["sub"]) if claims["exp"] > time.time() else None


def _digest(body: str, settings: ApiSettings) -> bytes:
    return hmac.digest(settings.session_secret.encode(), body.encode(), hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))

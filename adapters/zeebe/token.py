"""OAuth access tokens by client credentials, fetched once for everybody who needs one.

pyzeebe's own credentials plug into TLS channels only and refuse token endpoints without TLS; inside a cluster both
are usual, and the REST API needs the same token.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.connection import OAuthClient, read_secret
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import EngineDenied, EngineUnavailable

if TYPE_CHECKING:
    import httpx

LEEWAY_S = 30.0
"""A token is replaced this long before it expires, so that none expires on its way."""
DEFAULT_LIFE_S = 300.0
"""For servers that do not say; `expires_in` is only recommended."""


class TokenSource:
    """Gives a valid access token; concurrent callers share one request.

    Args:
        client: the credentials.
        ca_file: authority of the token endpoint, when it is a private one.
        timeout_s: deadline of a token request.
    """

    def __init__(self, client: OAuthClient, *, ca_file: Path | None = None, timeout_s: float = 10.0) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._verify = trust(ca_file)
        self._token = ""
        self._renew_at = 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """Return a token that is valid for a while yet.

        Raises:
            EngineDenied: the server refuses the credentials.
            EngineUnavailable: the server does not answer, or nonsense.
        """
        if time.monotonic() < self._renew_at:
            return self._token
        async with self._lock:
            if time.monotonic() >= self._renew_at:
                self._token, life_s = await self._fetch()
                # A token shorter than twice the leeway is used for half its life, not fetched for every call.
                self._renew_at = time.monotonic() + max(life_s - LEEWAY_S, life_s / 2)
            return self._token

    def forget(self) -> None:
        """Fetch a new token next time: the engine has refused this one."""
        self._renew_at = 0.0

    async def _fetch(self) -> tuple[str, float]:
        where = shown(self._client.authorization_server)
        import httpx  # only who needs tokens loads it: it weighs ten megabytes

        try:
            async with httpx.AsyncClient(timeout=self._timeout_s, verify=self._verify, cookies=no_cookies()) as http:
                response = await http.post(self._client.authorization_server, data=self._form())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EngineUnavailable(
                f"The authorization server {where} does not answer ({type(error).__name__}).",
                "Check its address, and whether this machine can reach it.",
            ) from error
        return _read(response, where)

    def _form(self) -> dict[str, str]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client.client_id,
            "client_secret": read_secret(self._client.client_secret),
            "audience": self._client.audience,
            "scope": self._client.scope,
        }
        return {name: value for name, value in form.items() if value}


def _read(response: httpx.Response, where: str) -> tuple[str, float]:
    if response.status_code >= 500:
        raise EngineUnavailable(f"The authorization server {where} answered {response.status_code}.")
    if response.status_code != 200:
        raise EngineDenied(
            f"The authorization server {where} refused the client credentials ({_reason(response)}).",
            "Check client id, secret and audience.",
        )
    try:
        body = response.json()
        return str(body["access_token"]), float(body.get("expires_in") or DEFAULT_LIFE_S)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise EngineUnavailable(
            f"The authorization server {where} answered something that is no token.",
            "Check that its address is that of the token endpoint.",
        ) from None


def _reason(response: httpx.Response) -> str:
    """Only the code RFC 6749 section 5.2 defines: a server's free text may repeat what it was sent."""
    try:
        return f"{response.status_code}, {response.json()['error']}"
    except (ValueError, TypeError, KeyError):
        return str(response.status_code)


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return the usual authorities and, if given, one more."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context

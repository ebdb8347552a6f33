"""Open incidents as Operate knows them: for engines of 8.6 and 8.7, which have no search of their own."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.connection import OperateAccess, read_secret
from zeebe_fleet.adapters.zeebe.token import TokenSource, trust
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import EngineDenied, EngineRejected, EngineUnavailable

if TYPE_CHECKING:
    import httpx

_MOST = 1_000
_NONSENSE = (OSError, ValueError, KeyError, TypeError, AttributeError)
_CSRF = "x-csrf-token"
_SIGNED_OUT = (401, 403)
"""What a session is answered that is over, and what one whose CSRF token is."""


class OperateIncidents:
    """Asks Operate's public API; it lags the engine by some seconds.

    Source: https://docs.camunda.io/docs/8.6/apis-tools/operate-api/overview/
    """

    def __init__(
        self, access: OperateAccess, tokens: TokenSource | None, *, ca_file: Path | None = None, timeout_s: float = 10.0
    ) -> None:
        self._access = access
        self._tokens = tokens
        self._ca_file = ca_file
        self._timeout_s = timeout_s
        self._trusted: ssl.SSLContext | None = None
        self._cookies: httpx.Cookies | None = None
        self._session: dict[str, str] | None = None

    async def open_of(self, process_instance_key: int | None) -> list[dict[str, Any]]:
        """Return the unresolved incidents of an instance, or the newest of all, as Operate words them.

        Raises:
            EngineDenied: the account may not sign in, or not read.
            EngineUnavailable: it does not answer.
        """
        base = self._access.url.rstrip("/")
        wanted = {} if process_instance_key is None else {"processInstanceKey": process_instance_key}
        newest_first = [{"field": "creationTime", "order": "DESC"}]
        body = {"filter": wanted | {"state": "ACTIVE"}, "sort": newest_first, "size": _MOST}
        import httpx  # few processes ask, and it weighs ten megabytes

        try:
            self._trusted = self._trusted or trust(self._ca_file)
            async with httpx.AsyncClient(timeout=self._timeout_s, verify=self._trusted, cookies=self._jar()) as http:
                response = await self._search(http, base, body)
                return [item for item in self._read(response)["items"] if item.get("state") != "RESOLVED"]
        except (httpx.HTTPError, httpx.InvalidURL, *_NONSENSE) as error:
            raise EngineUnavailable(
                f"Operate at {shown(base)} does not answer as it should ({type(error).__name__}).",
                "Check its address, and that it runs.",
            ) from error

    def _jar(self) -> httpx.Cookies | CookieJar | None:
        """Return the cookies of the session, which Operate keeps accounts in; without an account there are none."""
        return self._cookies if self._access.username else no_cookies()

    async def _search(self, http: httpx.AsyncClient, base: str, body: Mapping[str, Any]) -> httpx.Response:
        """Search in the session that is there; signs in where there is none, or none any more."""
        search = f"{base}/v1/incidents/search"
        if self._session is not None:
            response = await http.post(search, json=body, headers=self._session)
            if response.status_code not in _SIGNED_OUT:
                return response
            self._session = None
            http.cookies.clear()
        headers = await self._credentials(http, base)
        response = await http.post(search, json=body, headers=headers)
        if self._tokens is not None and response.status_code in _SIGNED_OUT:
            self._tokens.forget()
        if self._access.username and response.is_success:
            self._session, self._cookies = headers, http.cookies
        return response

    async def _credentials(self, http: httpx.AsyncClient, base: str) -> dict[str, str]:
        if not self._access.username:
            return {"authorization": f"Bearer {await self._tokens.token()}"} if self._tokens else {}
        account = {"username": self._access.username, "password": read_secret(self._access.password)}
        response = await http.post(f"{base}/api/login", data=account)
        self._read_status(response)
        # Its name has a prefix in some versions; what came in it is sent back under the same one.
        return {name: text for name, text in response.headers.items() if name.endswith(_CSRF)}

    def _read(self, response: httpx.Response) -> Any:
        self._read_status(response)
        return response.json()

    def _read_status(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        said = f"Operate answered {response.status_code} to {response.request.url.path}."
        if response.status_code in (401, 403):
            raise EngineDenied(said, "Check the account for Operate, and what it is allowed to read.")
        if response.status_code in (408, 429) or response.status_code >= 500:
            raise EngineUnavailable(said)
        raise EngineRejected(said, "Check that the address is that of Operate 8.6 or 8.7.")

"""Questions to the engine's REST API v2, and what its refusals mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.capabilities import version_of
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.incidents import SEARCHABLE
from zeebe_fleet.adapters.zeebe.token import TokenSource, trust
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import EngineDenied, EngineGone, EngineRejected, EngineUnavailable
from zeebe_fleet.workers.contract.ports import Capabilities

if TYPE_CHECKING:
    import httpx


@asynccontextmanager
async def asking(
    connection: EngineConnection, tokens: TokenSource | None, capabilities: Capabilities, what: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client for searches.

    Args:
        what: is asked for, in a refusal.

    Raises:
        EngineRejected: this engine cannot be asked, with the version or setting that can.
        EngineUnavailable: it does not answer.
    """
    _require(connection, capabilities, what)
    import httpx  # few processes ask, and it weighs ten megabytes

    headers = {"authorization": f"Bearer {await tokens.token()}"} if tokens else {}
    try:
        async with httpx.AsyncClient(
            base_url=connection.rest_address,
            timeout=connection.timeout_s,
            verify=trust(connection.ca_file),
            cookies=no_cookies(),
            headers=headers,
        ) as http:
            yield http
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise EngineUnavailable(
            f"The engine's REST API at {shown(connection.rest_address)} does not answer ({type(error).__name__}).",
            "Check its address, and that the engine runs.",
        ) from error


def checked(response: httpx.Response, path: str) -> Any:
    """Return what a response says.

    Raises:
        EngineError: it is a refusal.
    """
    if response.is_success:
        return response.json()
    said = f"The engine answered {response.status_code} to {path}."
    if response.status_code in (401, 403):
        raise EngineDenied(said, "Check the credentials, and what they are allowed to read.")
    if response.status_code == 404:
        raise EngineGone("The engine knows no such instance.", "One that has just begun is told of in a moment.")
    if response.status_code in (408, 429) or response.status_code >= 500:
        raise EngineUnavailable(said)
    raise EngineRejected(said, "Searching needs Camunda 8.8 or newer.")


def _require(connection: EngineConnection, capabilities: Capabilities, what: str) -> None:
    if version_of(capabilities.version) < SEARCHABLE:
        raise EngineRejected(
            f"Engine {capabilities.version} cannot be asked {what}.",
            "That came with Camunda 8.8; before, Operate shows it.",
        )
    if not connection.rest_address:
        raise EngineRejected(
            f"The engine's REST API is not known here, which tells {what}.", "Name it in FLEET_ZEEBE__REST_ADDRESS."
        )

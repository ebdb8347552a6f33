"""The open incidents of an instance: from the search of 8.8 and newer, or from Operate."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.capabilities import version_of
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.operate import OperateIncidents
from zeebe_fleet.adapters.zeebe.token import TokenSource, trust
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import EngineDenied, EngineGone, EngineRejected, EngineUnavailable
from zeebe_fleet.workers.contract.job import JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Capabilities, OpenIncident

if TYPE_CHECKING:
    import httpx

NO_JOB = -1
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError)
_ACTIVE = {"state": "ACTIVE"}
SEARCHABLE = (8, 8)
"""The first version with a search of its own."""


class Incidents:
    """Finds incidents by whichever way this engine offers.

    Args:
        connection: names the REST address, or an Operate.
        tokens: for REST calls, when the engine wants them.
    """

    def __init__(self, connection: EngineConnection, tokens: TokenSource | None) -> None:
        self._connection = connection
        self._tokens = tokens
        self._trusting: ssl.SSLContext | None = None
        self._operate = (
            OperateIncidents(connection.operate, tokens, ca_file=connection.ca_file, timeout_s=connection.timeout_s)
            if connection.operate
            else None
        )

    async def find(self, process_instance_key: ProcessInstanceKey, capabilities: Capabilities) -> list[OpenIncident]:
        """Return the open incidents of an instance.

        Raises:
            EngineRejected: no way is there.
        """
        wanted = {"processInstanceKey": str(process_instance_key)}
        found = await self._open(capabilities, process_instance_key, {"filter": wanted | _ACTIVE})
        # The engine ignores a filter it doesn't know and answers with everything: look again.
        return [one for one in found if one.process_instance_key == process_instance_key]

    async def newest(self, limit: int, capabilities: Capabilities) -> list[OpenIncident]:
        """Return open incidents of all instances, the newest first where there are more than the limit.

        Raises:
            EngineRejected: no way is there.
        """
        newest_first = [{"field": "creationTime", "order": "DESC"}]
        body = {"filter": _ACTIVE, "sort": newest_first, "page": {"limit": limit}}
        return (await self._open(capabilities, None, body))[:limit]

    async def _open(
        self, capabilities: Capabilities, process_instance_key: ProcessInstanceKey | None, search: Mapping[str, Any]
    ) -> list[OpenIncident]:
        if self._connection.rest_address and version_of(capabilities.version) >= SEARCHABLE:
            answer = await self._post("/v2/incidents/search", search)
            with _nonsense("The engine's REST API"):
                found = [item for item in answer.get("items", ()) if item.get("state", "ACTIVE") == "ACTIVE"]
                return [_incident(int(item["incidentKey"]), item) for item in found]
        if self._operate is not None:
            told = await self._operate.open_of(process_instance_key)
            with _nonsense("Operate"):
                return [_incident(int(item["key"]), item) for item in told]
        raise EngineRejected(
            f"Engine {capabilities.version} cannot be asked for its incidents.",
            "Resolve it in Operate, or name it in FLEET_ZEEBE__OPERATE_URL; Camunda 8.8 or newer can be asked by REST.",
        )

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        headers = {"authorization": f"Bearer {await self._tokens.token()}"} if self._tokens else {}
        connection = self._connection
        import httpx  # few processes ask, and it weighs ten megabytes

        try:
            async with httpx.AsyncClient(
                base_url=connection.rest_address,
                timeout=connection.timeout_s,
                cookies=no_cookies(),
                verify=self._trusted(),
            ) as http:
                response = await http.post(path, json=body, headers=headers)
                return _read(response, path)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise EngineUnavailable(
                f"The engine's REST API at {shown(connection.rest_address)} does not answer ({type(error).__name__}).",
                "Check its address, and that the engine runs.",
            ) from error

    def _trusted(self) -> ssl.SSLContext:
        if self._trusting is None:
            self._trusting = trust(self._connection.ca_file)
        return self._trusting


@contextmanager
def _nonsense(who: str) -> Iterator[None]:
    """Translate what comes of an answer that is none."""
    try:
        yield
    except _MALFORMED as error:
        raise EngineUnavailable(
            f"{who} tells of incidents in a way that nobody understands ({type(error).__name__}).",
            "Check its address and its version.",
        ) from error


def _incident(key: int, said: Mapping[str, Any]) -> OpenIncident:
    """Read an item of REST v2, whose keys are strings, or of Operate, whose names differ."""
    job_key = int(said.get("jobKey") or NO_JOB)
    return OpenIncident(
        incident_key=key,
        process_instance_key=ProcessInstanceKey(int(said["processInstanceKey"])),
        job_key=JobKey(job_key) if job_key > 0 else None,
        element_id=said.get("elementId") or said.get("flowNodeId") or "",
        message=said.get("errorMessage") or said.get("message") or "",
        error_type=said.get("errorType") or said.get("type") or "",
        element_instance_key=int(said["elementInstanceKey"]) if said.get("elementInstanceKey") else None,
        created_at=_moment(said.get("creationTime")),
    )


def _moment(text: str | None) -> datetime | None:
    """Read a moment, as either writes it."""
    return datetime.fromisoformat(text) if text else None


def _read(response: httpx.Response, path: str) -> Any:
    if response.is_success:
        return response.json()
    said = f"The engine answered {response.status_code} to {path}."
    if response.status_code in (401, 403):
        raise EngineDenied(said, "Check the credentials, and what they are allowed to read.")
    if response.status_code == 404:
        raise EngineGone(said)
    if response.status_code in (408, 429) or response.status_code >= 500:
        raise EngineUnavailable(said)
    raise EngineRejected(said, "Searching for incidents needs Camunda 8.8 or newer.")

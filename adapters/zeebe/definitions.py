"""What an engine has of a process, whoever deployed it, read by the searches of REST v2.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (search process definitions)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.rest import asking, checked
from zeebe_fleet.adapters.zeebe.token import TokenSource
from zeebe_fleet.workers.contract.errors import EngineUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey
from zeebe_fleet.workers.contract.ports import Capabilities, EngineDefinition

_SEARCH = "/v2/process-definitions/search"
_MOST = 100
_WHAT = "which processes it has"


async def definitions(
    connection: EngineConnection, tokens: TokenSource | None, capabilities: Capabilities, process_name: str
) -> list[EngineDefinition]:
    """Read the engine's versions of a process: the newest hundred, the latest first.

    Raises:
        EngineRejected: this engine cannot be asked, with the version or setting that can.
    """
    body = {
        "filter": {"processDefinitionId": process_name},
        "sort": [{"field": "version", "order": "DESC"}],
        "page": {"limit": _MOST},
    }
    async with asking(connection, tokens, capabilities, _WHAT) as http:
        answer = checked(await http.post(_SEARCH, json=body), _SEARCH)
    try:
        return [_definition(one) for one in answer["items"]]
    except (KeyError, TypeError, ValueError) as error:
        raise EngineUnavailable(
            f"The engine's REST API tells of a process in a way that nobody understands ({type(error).__name__}).",
            "Check its address and its version.",
        ) from error


async def model(
    connection: EngineConnection, tokens: TokenSource | None, capabilities: Capabilities, definition_key: DefinitionKey
) -> bytes:
    """Read a model as it was deployed.

    Raises:
        EngineRejected: this engine cannot be asked, with the version or setting that can.
    """
    path = f"/v2/process-definitions/{definition_key}/xml"
    async with asking(connection, tokens, capabilities, _WHAT) as http:
        response = await http.get(path)
        if not response.is_success:
            checked(response, path)
        return response.content


def _definition(item: Mapping[str, Any]) -> EngineDefinition:
    key = DefinitionKey(int(item["processDefinitionKey"]))
    return EngineDefinition(key, int(item["version"]), item.get("versionTag") or "", item.get("resourceName") or "")

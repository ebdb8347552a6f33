"""What an engine takes for the latest version of a process, whoever deployed it.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (search process definitions)
"""

from __future__ import annotations

import hashlib

from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.rest import asking, checked
from zeebe_fleet.adapters.zeebe.token import TokenSource
from zeebe_fleet.workers.contract.errors import EngineUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey
from zeebe_fleet.workers.contract.ports import Capabilities, EngineDefinition

_SEARCH = "/v2/process-definitions/search"


async def latest_definition(
    connection: EngineConnection, tokens: TokenSource | None, capabilities: Capabilities, process_name: str
) -> EngineDefinition | None:
    """Read the engine's latest version of a process; nothing where it has none.

    Raises:
        EngineRejected: this engine cannot be asked, with the version or setting that can.
    """
    body = {
        "filter": {"processDefinitionId": process_name},
        "sort": [{"field": "version", "order": "DESC"}],
        "page": {"limit": 1},
    }
    async with asking(connection, tokens, capabilities, "which processes it has") as http:
        try:
            for one in checked(await http.post(_SEARCH, json=body), _SEARCH)["items"]:
                path = f"/v2/process-definitions/{int(one['processDefinitionKey'])}/xml"
                response = await http.get(path)
                model = response.content if response.is_success else b""
                sha256 = hashlib.sha256(model).hexdigest()
                key = DefinitionKey(int(one["processDefinitionKey"]))
                return EngineDefinition(key, int(one["version"]), one.get("versionTag") or "", sha256)
        except (KeyError, TypeError, ValueError) as error:
            raise EngineUnavailable(
                f"The engine's REST API tells of a process in a way nobody understands ({type(error).__name__}).",
                "Check its address and its version.",
            ) from error
    return None

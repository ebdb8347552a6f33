"""What a process instance has come through: its callers, the flows it took, its elements counted, its incidents.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (each operation's page)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.rest.answers import json_answer
from zeebe_fleet.engine.rest.body import Body, path_key
from zeebe_fleet.engine.rest.search_requests import found, found_one, read, wanted_by
from zeebe_fleet.engine.search import statistics
from zeebe_fleet.engine.search.entities import ELEMENT_INSTANCES, INCIDENTS, PROCESS_INSTANCES

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House

_CALLERS = (
    "WITH RECURSIVE around (key, level) AS (SELECT ?, 0 UNION ALL SELECT p.parent_key, level + 1 FROM around"
    " JOIN process_instance p ON p.key = around.key WHERE p.parent_key IS NOT NULL)"
    " SELECT p.key, d.key, coalesce(d.name, d.process_id) FROM around JOIN process_instance p ON p.key = around.key"
    " JOIN definition d ON d.key = p.definition_key ORDER BY level DESC"
)
_FLOWS = "SELECT flow_id FROM sequence_flow WHERE process_instance_key = ? ORDER BY flow_id"
_OF_CALLED = (
    "i.process_instance_key IN (WITH RECURSIVE called (key) AS (SELECT ? UNION SELECT c.key FROM called"
    " JOIN process_instance c ON c.parent_key = called.key) SELECT key FROM called)"
)
_INSIDE = (
    "i.instance_key IN (WITH RECURSIVE inside (key, process_key) AS ("
    "SELECT n.key, n.process_instance_key FROM element_instance n WHERE n.key = ?"
    " UNION SELECT n.key, n.process_instance_key FROM inside JOIN element_instance n"
    " ON n.process_instance_key = inside.process_key AND n.scope_key = inside.key"
    " UNION SELECT c.key, c.key FROM inside JOIN process_instance c"
    " ON c.parent_key = inside.process_key AND c.caller_key = inside.key) SELECT key FROM inside)"
)


async def get_call_hierarchy(request: Request, house: House) -> Response:
    """`GET /v2/process-instances/{key}/call-hierarchy`: from the outermost caller to the instance itself."""
    await found_one(request, house, PROCESS_INSTANCES)
    rows = await read(house, lambda ask: ask(_CALLERS, [path_key(request)]))
    return json_answer(
        [
            {
                "processInstanceKey": str(key),
                "processDefinitionKey": str(definition_key),
                "processDefinitionName": name,
            }
            for key, definition_key, name in rows
        ]
    )


async def get_sequence_flows(request: Request, house: House) -> Response:
    """`GET /v2/process-instances/{key}/sequence-flows`: each once that was taken."""
    instance = await found_one(request, house, PROCESS_INSTANCES)
    rows = await read(house, lambda ask: ask(_FLOWS, [path_key(request)]))
    kept = ("processInstanceKey", "rootProcessInstanceKey", "processDefinitionKey", "processDefinitionId")
    of = {name: instance[name] for name in kept if name in instance}
    items = [
        {
            "sequenceFlowId": f"{path_key(request)}_{flow_id}",
            **of,
            "elementId": flow_id,
            "tenantId": DEFAULT_TENANT,
        }
        for (flow_id,) in rows
    ]
    return json_answer({"items": items})


async def count_elements(request: Request, house: House) -> Response:
    """`GET /v2/process-instances/{key}/statistics/element-instances`."""
    await found_one(request, house, PROCESS_INSTANCES)
    return json_answer({"items": await read(house, partial(statistics.of_instance, path_key(request)))})


async def count_elements_of_definition(request: Request, house: House) -> Response:
    """`POST /v2/process-definitions/{key}/statistics/element-instances`: of the instances that a filter wants."""
    wanted = wanted_by(await Body.of(request, optional=True))
    ask = partial(statistics.of_definition, path_key(request), wanted, house.version.number)
    return json_answer({"items": await read(house, ask)})


async def find_incidents(request: Request, house: House) -> Response:
    """`POST /v2/process-instances/{key}/incidents/search`: those of one instance, and of all that it called."""
    await found_one(request, house, PROCESS_INSTANCES)
    items, page = await found(request, house, INCIDENTS, within=(_OF_CALLED, [path_key(request)]))
    return json_answer({"items": items, "page": page})


async def find_incidents_of_element(request: Request, house: House) -> Response:
    """`POST /v2/element-instances/{key}/incidents/search`: those of one element instance, and of all inside of it."""
    await found_one(request, house, ELEMENT_INSTANCES)
    items, page = await found(request, house, INCIDENTS, within=(_INSIDE, [path_key(request)]))
    return json_answer({"items": items, "page": page})

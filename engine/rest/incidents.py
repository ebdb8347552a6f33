"""Incidents: searched and resolved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.commands import ResolveIncident
from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.rest.answers import json_answer, nothing
from zeebe_fleet.engine.rest.body import Body, path_key
from zeebe_fleet.engine.rest.problems import Problem
from zeebe_fleet.engine.rest.query import search

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.state import ElementInstance, Incident, State
    from zeebe_fleet.engine.rest.house import House

FIELDS = frozenset(
    {
        "creationTime",
        "elementId",
        "elementInstanceKey",
        "errorMessage",
        "errorType",
        "incidentKey",
        "jobKey",
        "processDefinitionId",
        "processDefinitionKey",
        "processInstanceKey",
        "state",
        "tenantId",
    }
)


async def find(request: Request, house: House) -> Response:
    """`POST /v2/incidents/search`: those that are open; a resolved one is gone."""
    body = await Body.of(request, optional=True)
    return json_answer(search(_rows(house), body, FIELDS, "incidentKey"))


async def find_of_instance(request: Request, house: House) -> Response:
    """`POST /v2/process-instances/{key}/incidents/search`: those of one instance."""
    key = str(path_key(request))
    body = await Body.of(request, optional=True)
    rows = (row for row in _rows(house) if row["processInstanceKey"] == key)
    return json_answer(search(rows, body, FIELDS, "incidentKey"))


async def get(request: Request, house: House) -> Response:
    """`GET /v2/incidents/{key}`."""
    incident = house.pump.state.incidents.get(path_key(request))
    if incident is None:
        raise Problem(404, "NOT_FOUND", f"Incident with key '{path_key(request)}' not found")
    return json_answer(_row(incident, house))


async def resolve(request: Request, house: House) -> Response:
    """`POST /v2/incidents/{key}/resolution`."""
    await Body.of(request, optional=True)
    await house.admission.run(ResolveIncident(path_key(request)))
    return nothing()


def _rows(house: House) -> Iterator[dict[str, Any]]:
    return (_row(one, house) for one in house.pump.state.incidents.values())


def _row(incident: Incident, house: House) -> dict[str, Any]:
    instance = incident.instance
    row: dict[str, Any] = {
        "processDefinitionId": instance.definition.bpmn_process_id,
        "errorType": incident.type,
        "errorMessage": incident.message,
        "elementId": instance.element.id,
        "creationTime": _time(incident.created_ms),
        "state": "ACTIVE",
        "tenantId": DEFAULT_TENANT,
        "incidentKey": str(incident.key),
        "processDefinitionKey": str(instance.definition.key),
        "processInstanceKey": str(instance.process_instance_key),
        "elementInstanceKey": str(instance.key),
    }
    if incident.job_key:
        row["jobKey"] = str(incident.job_key)
    elif house.version.nulls:
        row["jobKey"] = None
    if house.version.has((8, 9)):
        row["rootProcessInstanceKey"] = str(_root_key(instance, house.pump.state))
    return row


def _root_key(instance: ElementInstance, state: State) -> int:
    """Follow the call activities outwards."""
    process = state.instances[instance.process_instance_key]
    while process.caller_key:
        process = state.instances[state.instances[process.caller_key].process_instance_key]
    return process.key


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""What can be read of the engine: process instances, their elements, variables, jobs, incidents, and definitions.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (each search's page)
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.rest import decision_searches, decisions, instance_views
from zeebe_fleet.engine.rest.answers import json_answer, nothing
from zeebe_fleet.engine.rest.body import path_key
from zeebe_fleet.engine.rest.problems import Problem, invalid
from zeebe_fleet.engine.rest.search_requests import Item, found, found_one, scopes_of
from zeebe_fleet.engine.search.decisions import DECISION_DEFINITIONS, DECISION_INSTANCES, DECISION_REQUIREMENTS
from zeebe_fleet.engine.search.entities import (
    ELEMENT_INSTANCES,
    INCIDENTS,
    JOBS,
    MAX_VALUE,
    PROCESS_DEFINITIONS,
    PROCESS_INSTANCES,
    USER_TASKS,
    VARIABLES,
    Entity,
)
from zeebe_fleet.engine.search.subscriptions import MESSAGE_SUBSCRIPTIONS

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.forms import FormDefinition
    from zeebe_fleet.engine.rest.house import House


async def find(request: Request, house: House, *, entity: Entity) -> Response:
    """`POST /v2/…/search`."""
    items, page = await found(request, house, entity)
    return json_answer({"items": items, "page": page})


async def get(request: Request, house: House, *, entity: Entity) -> Response:
    """`GET /v2/…/{key}`."""
    return json_answer(await found_one(request, house, entity))


async def find_variables(request: Request, house: House) -> Response:
    """`POST /v2/variables/search`: long values are cut, unless `truncateValues=false`."""
    items, page = await found(request, house, VARIABLES)
    whole = _whole(request)
    return json_answer({"items": [_cut(item, whole) for item in items], "page": page})


def _whole(request: Request) -> bool:
    given = request.query_params.get("truncateValues", "true").lower()
    if given not in ("true", "false"):
        raise invalid("The value for truncateValues must be a boolean.")
    return given == "false"


def _cut(item: Item, whole: bool) -> Item:
    value = item["value"]
    truncated = not whole and len(value) > MAX_VALUE
    return {**item, "value": value[:MAX_VALUE] if truncated else value, "isTruncated": truncated}


async def find_variables_of_task(request: Request, house: House) -> Response:
    """`POST /v2/user-tasks/{key}/variables/search`: those of the task and of all scopes around it."""
    task = await found_one(request, house, USER_TASKS)
    scopes = await scopes_of(house, int(task["elementInstanceKey"]), int(task["processInstanceKey"]))
    items, page = await found(request, house, VARIABLES, {"scopeKey": {"$in": [str(one) for one in scopes]}})
    whole = _whole(request)
    return json_answer({"items": [_cut(item, whole) for item in items], "page": page})


async def get_start_form(request: Request, house: House) -> Response:
    """`GET /v2/process-definitions/{key}/form`: the form that the start event has linked; without one, nothing."""
    definition = house.pump.state.definitions.get(path_key(request))
    if definition is None:
        raise Problem(404, "NOT_FOUND", f"{PROCESS_DEFINITIONS.label} with key '{path_key(request)}' not found")
    start = definition.process.none_start
    form = None if start is None else house.pump.state.forms.latest(start.form_id)
    return nothing() if form is None else json_answer(_form(form, house))


def _form(form: FormDefinition, house: House) -> Item:
    schema = form.text if house.version.has(_SCHEMA_AS_TEXT) else json.loads(form.text)
    return {**decisions.form_head(form), "schema": schema}


async def get_form(request: Request, house: House) -> Response:
    """`GET /v2/user-tasks/{key}/form`: of a form that is deployed; of another one, nothing."""
    form_key = (await found_one(request, house, USER_TASKS)).get("formKey")
    form = None if form_key is None else house.pump.state.forms.by_key.get(int(form_key))
    return nothing() if form is None else json_answer(_form(form, house))


_SCHEMA_AS_TEXT = (8, 9)


async def get_xml(request: Request, house: House) -> Response:
    """`GET /v2/process-definitions/{key}/xml`: the file as it was deployed."""
    definition = house.pump.state.definitions.get(path_key(request))
    if definition is None:
        raise Problem(404, "NOT_FOUND", f"{PROCESS_DEFINITIONS.label} with key '{path_key(request)}' not found")
    return Response(definition.resource, media_type="text/xml")


_SEARCHED = {
    "process-definitions": PROCESS_DEFINITIONS,
    "process-instances": PROCESS_INSTANCES,
    "element-instances": ELEMENT_INSTANCES,
    "jobs": JOBS,
    "user-tasks": USER_TASKS,
    "incidents": INCIDENTS,
    "variables": VARIABLES,
    "decision-definitions": DECISION_DEFINITIONS,
    "decision-requirements": DECISION_REQUIREMENTS,
    "decision-instances": DECISION_INSTANCES,
    "message-subscriptions": MESSAGE_SUBSCRIPTIONS,
}
_NO_GET = ("jobs", "decision-instances", "message-subscriptions")

SEARCHES: tuple[tuple[str, str, Callable[[Request, House], Awaitable[Response]]], ...] = (
    *(
        ("POST", f"/v2/{name}/search", find_variables if entity is VARIABLES else partial(find, entity=entity))
        for name, entity in _SEARCHED.items()
    ),
    *(
        ("GET", f"/v2/{name}/{{key}}", partial(get, entity=entity))
        for name, entity in _SEARCHED.items()
        if name not in _NO_GET
    ),
    ("GET", "/v2/process-definitions/{key}/xml", get_xml),
    ("GET", "/v2/user-tasks/{key}/form", get_form),
    ("POST", "/v2/user-tasks/{key}/variables/search", find_variables_of_task),
    ("GET", "/v2/process-definitions/{key}/form", get_start_form),
    ("POST", "/v2/process-definitions/{key}/statistics/element-instances", instance_views.count_elements_of_definition),
    ("GET", "/v2/process-instances/{key}/call-hierarchy", instance_views.get_call_hierarchy),
    ("GET", "/v2/process-instances/{key}/sequence-flows", instance_views.get_sequence_flows),
    ("GET", "/v2/process-instances/{key}/statistics/element-instances", instance_views.count_elements),
    ("POST", "/v2/process-instances/{key}/incidents/search", instance_views.find_incidents),
    ("POST", "/v2/element-instances/{key}/incidents/search", instance_views.find_incidents_of_element),
    ("GET", "/v2/decision-instances/{key}", decision_searches.get_instance),
    ("GET", "/v2/decision-definitions/{key}/xml", decision_searches.get_definition_xml),
    ("GET", "/v2/decision-requirements/{key}/xml", decision_searches.get_requirements_xml),
)
"""Method, path and handler of all that is read from the index."""

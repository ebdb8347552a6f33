"""What can be read of decisions: their definitions, their files, what was decided and by which rules.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (each operation's page)
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.rest import decisions
from zeebe_fleet.engine.rest.answers import json_answer
from zeebe_fleet.engine.rest.body import path_key
from zeebe_fleet.engine.rest.problems import Problem, invalid
from zeebe_fleet.engine.rest.search_requests import only_one, read
from zeebe_fleet.engine.search.decisions import DECISION_DEFINITIONS, DECISION_INSTANCES, DECISION_REQUIREMENTS

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House

_INSTANCE = re.compile(r"([0-9]{1,18})-([0-9]{1,9})", re.ASCII)
_TRACE = "SELECT inputs, rules FROM decision_instance WHERE evaluation_key = ? AND number = ?"


async def get_instance(request: Request, house: House) -> Response:
    """`GET /v2/decision-instances/{key}`, whose key is that of the evaluation and its decision's number in it."""
    text = request.path_params["key"]
    key = _INSTANCE.fullmatch(text)
    if key is None:
        raise invalid("The key in the path must be a decision instance's: a key, a hyphen and a number.")
    wanted = {"decisionEvaluationKey": key[1], DECISION_INSTANCES.key: text}
    item = await only_one(house, DECISION_INSTANCES, text, wanted)
    ((inputs, rules),) = await read(house, lambda ask: ask(_TRACE, [int(key[1]), int(key[2])]))
    return json_answer({**item, **decisions.trace(json.loads(inputs), json.loads(rules), house.version)})


async def get_definition_xml(request: Request, house: House) -> Response:
    """`GET /v2/decision-definitions/{key}/xml`: the file as it was deployed."""
    one = house.pump.state.decisions.definitions.by_key.get(path_key(request))
    if one is None:
        raise Problem(404, "NOT_FOUND", f"{DECISION_DEFINITIONS.label} with key '{path_key(request)}' not found")
    return Response(one.graph.resource, media_type="text/xml")


async def get_requirements_xml(request: Request, house: House) -> Response:
    """`GET /v2/decision-requirements/{key}/xml`: the file as it was deployed."""
    graph = house.pump.state.decisions.graphs.by_key.get(path_key(request))
    if graph is None:
        raise Problem(404, "NOT_FOUND", f"{DECISION_REQUIREMENTS.label} with key '{path_key(request)}' not found")
    return Response(graph.resource, media_type="text/xml")

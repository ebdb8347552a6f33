"""Running process instances changed by hand: modified, or moved to another version.

Source: https://docs.camunda.io/docs/components/concepts/process-instance-modification/, …/process-instance-migration/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.commands import Activate, MigrateInstance, ModifyInstance
from zeebe_fleet.engine.rest.answers import nothing
from zeebe_fleet.engine.rest.body import Body, path_key
from zeebe_fleet.engine.rest.problems import Problem, invalid

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House

BY_ELEMENT = (8, 9)
"""The first version that ends all instances of an element, and that moves."""
_NO_ANCESTOR = -1


async def modify(request: Request, house: House) -> Response:
    """`POST /v2/process-instances/{key}/modification`."""
    body = await Body.of(request)
    ends = body.each("terminateInstructions")
    by_element = [one for one in ends if house.version.has(BY_ELEMENT) and "elementId" in one.fields()]
    if body.each("moveInstructions"):
        told = "The engine in the box does not serve move instructions: activate the target, and terminate the source."
        raise Problem(501, "UNIMPLEMENTED", told)
    command = ModifyInstance(
        path_key(request),
        tuple(_activation(one) for one in body.each("activateInstructions")),
        tuple(one.key("elementInstanceKey") for one in ends if one not in by_element),
        tuple(one.text("elementId") for one in by_element),
    )
    if not (command.activate or command.terminate or command.terminate_all_of):
        raise invalid("At least one of [activateInstructions, terminateInstructions] is required.")
    await house.admission.run(command)
    return nothing()


def _activation(one: Body) -> Activate:
    ancestor_key = one.key("ancestorElementInstanceKey", _NO_ANCESTOR)
    return Activate(
        one.text("elementId"),
        max(ancestor_key, 0),
        tuple((each.text("scopeId", ""), each.document()) for each in one.each("variableInstructions")),
    )


async def migrate(request: Request, house: House) -> Response:
    """`POST /v2/process-instances/{key}/migration`."""
    body = await Body.of(request)
    mappings = tuple(
        (one.text("sourceElementId"), one.text("targetElementId")) for one in body.each("mappingInstructions")
    )
    if not mappings:
        raise invalid("No mappingInstructions provided.")
    await house.admission.run(MigrateInstance(path_key(request), body.key("targetProcessDefinitionKey"), mappings))
    return nothing()

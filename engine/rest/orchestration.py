"""Instances, messages, signals, deployments, the cluster, its clock."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.commands import (
    ActivateAdHoc,
    BroadcastSignal,
    CancelInstance,
    CorrelateMessage,
    CreateInstance,
    DeleteResource,
    Deploy,
    PinClock,
    PublishMessage,
    ResetClock,
    SetVariables,
)
from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.rest import decisions
from zeebe_fleet.engine.rest.answers import json_answer, nothing, unlabelled
from zeebe_fleet.engine.rest.body import Body, content, path_key
from zeebe_fleet.engine.rest.house import House
from zeebe_fleet.engine.rest.multipart import parts
from zeebe_fleet.engine.rest.problems import Problem, invalid
from zeebe_fleet.engine.version import Version

RESULT_S = 15.0
LATEST = -1
_RESOURCES = ("processDefinition", "decisionDefinition", "decisionRequirements", "form", "resource")


async def topology(request: Request, house: House) -> Response:
    """`GET /v2/topology`."""
    version = house.version.gateway
    broker = {
        "nodeId": 0,
        "host": house.host,
        "port": house.grpc_port,
        "partitions": [{"partitionId": 1, "role": "leader", "health": "healthy"}],
        "version": version,
    }
    told = {
        "brokers": [broker],
        "clusterSize": 1,
        "partitionsCount": 1,
        "replicationFactor": 1,
        "gatewayVersion": version,
        "lastCompletedChangeId": "-1",
    }
    return json_answer(told | {"clusterId": None} if house.version.nulls else told)


async def status(request: Request, house: House) -> Response:
    """`GET /v2/status`: the one partition has its leader as long as there is an answer."""
    return nothing()


async def deploy(request: Request, house: House) -> Response:
    """`POST /v2/deployments`: a form, whose parts are resources."""
    form = parts(request.headers.get("content-type", ""), await content(request))
    tenant = next((one.content.decode("utf-8", "replace") for one in form if one.name == "tenantId"), "")
    resources = tuple((one.filename or one.name, one.content) for one in form if one.name != "tenantId")
    if not resources:
        raise invalid("No document resources provided.")
    return json_answer(_deployed(await house.admission.run(Deploy(resources, tenant)), house.version))


def _deployed(answer: Any, version: Version) -> dict[str, Any]:
    processes = [
        {
            "processDefinition": {
                "processDefinitionId": one.bpmn_process_id,
                "processDefinitionVersion": one.version,
                "resourceName": one.resource_name,
                "tenantId": DEFAULT_TENANT,
                "processDefinitionKey": str(one.process_definition_key),
            }
        }
        for one in answer.processes
    ]
    made: list[dict[str, Any]] = [*processes]
    made += [{"decisionDefinition": decisions.decision(one)} for one in answer.decisions]
    made += [{"decisionRequirements": decisions.graph(one)} for one in answer.graphs]
    made += [{"form": decisions.form(one)} for one in answer.forms]
    if version.nulls:
        made = [dict.fromkeys(_RESOURCES) | one for one in made]
    return {"deploymentKey": str(answer.key), "tenantId": DEFAULT_TENANT, "deployments": made}


async def delete_resource(request: Request, house: House) -> Response:
    """`POST /v2/resources/{key}/deletion`."""
    await Body.of(request, optional=True)
    await house.admission.run(DeleteResource(path_key(request)))
    return nothing()


async def create(request: Request, house: House) -> Response:
    """`POST /v2/process-instances`: with `awaitCompletion`, answered at the end."""
    body = await Body.of(request)
    command = _creation(body)
    if not body.flag("awaitCompletion", False):
        return json_answer(_created(await house.admission.run(command), "{}", house.version))
    wait_s = max(body.number("requestTimeout", 0), 0) / 1000 or RESULT_S
    try:
        with house.waits.one():
            async with asyncio.timeout(wait_s):
                finished = await house.admission.run_to_end(command, body.texts("fetchVariables"))
    except TimeoutError:
        told = f"The process instance did not end within the {wait_s:g} s of the request; it goes on."
        raise Problem(504, "DEADLINE_EXCEEDED", told) from None
    return json_answer(_created(finished, finished.variables, house.version))


def _creation(body: Body) -> CreateInstance:
    key, name = body.key("processDefinitionKey", 0), body.text("processDefinitionId", "")
    if bool(key) == bool(name):
        raise invalid("Exactly one of [processDefinitionId, processDefinitionKey] is required.")
    if body.each("runtimeInstructions"):
        raise Problem(501, "UNIMPLEMENTED", "The engine in the box does not serve runtimeInstructions.")
    return CreateInstance(
        bpmn_process_id=name,
        version=body.number("processDefinitionVersion", LATEST),
        process_definition_key=key,
        variables=body.document(),
        start_elements=tuple(one.text("elementId") for one in body.each("startInstructions")),
        tenant=body.text("tenantId", ""),
    )


def _created(answer: Any, variables: str, version: Version) -> dict[str, Any]:
    told = {
        "processDefinitionId": answer.bpmn_process_id,
        "processDefinitionVersion": answer.version,
        "tenantId": DEFAULT_TENANT,
        "variables": json.loads(variables),
        "processDefinitionKey": str(answer.process_definition_key),
        "processInstanceKey": str(answer.process_instance_key),
    }
    return told | unlabelled(version)


async def cancel(request: Request, house: House) -> Response:
    """`POST /v2/process-instances/{key}/cancellation`."""
    await Body.of(request, optional=True)
    await house.admission.run(CancelInstance(path_key(request)))
    return nothing()


async def activate_ad_hoc(request: Request, house: House) -> Response:
    """`POST /v2/element-instances/ad-hoc-activities/{key}/activation`."""
    body = await Body.of(request)
    elements = tuple((one.text("elementId"), one.document()) for one in body.each("elements"))
    if not elements:
        raise invalid("No elements provided.")
    await house.admission.run(ActivateAdHoc(path_key(request), elements, body.flag("cancelRemainingInstances", False)))
    return nothing()


async def set_variables(request: Request, house: House) -> Response:
    """`PUT /v2/element-instances/{key}/variables`."""
    body = await Body.of(request)
    command = SetVariables(path_key(request), body.document(), local=body.flag("local", False))
    with house.waits.one():
        await house.admission.run(command)
    return nothing()


async def publish(request: Request, house: House) -> Response:
    """`POST /v2/messages/publication`."""
    body = await Body.of(request)
    command = PublishMessage(
        name=body.text("name"),
        correlation_key=body.text("correlationKey", ""),
        ttl_ms=body.number("timeToLive", 0),
        message_id=body.text("messageId", ""),
        variables=body.document(),
        tenant=body.text("tenantId", ""),
    )
    key = await house.admission.run(command)
    return json_answer({"tenantId": DEFAULT_TENANT, "messageKey": str(key)})


async def correlate(request: Request, house: House) -> Response:
    """`POST /v2/messages/correlation`."""
    body = await Body.of(request)
    command = CorrelateMessage(
        name=body.text("name"),
        correlation_key=body.text("correlationKey", ""),
        variables=body.document(),
        tenant=body.text("tenantId", ""),
    )
    found = await house.admission.run(command)
    keys = {"messageKey": str(found.message_key), "processInstanceKey": str(found.process_instance_key)}
    return json_answer({"tenantId": DEFAULT_TENANT, **keys})


async def broadcast(request: Request, house: House) -> Response:
    """`POST /v2/signals/broadcast`."""
    body = await Body.of(request)
    command = BroadcastSignal(body.text("signalName"), body.document(), body.text("tenantId", ""))
    key = await house.admission.run(command)
    return json_answer({"tenantId": DEFAULT_TENANT, "signalKey": str(key)})


async def pin_clock(request: Request, house: House) -> Response:
    """`PUT /v2/clock`: time stands still from here on."""
    _controlled(house)
    timestamp = (await Body.of(request)).number("timestamp")
    if timestamp < 0:
        raise invalid("The value for timestamp must be no less than 0.")
    await house.admission.run(PinClock(timestamp))
    return nothing()


async def reset_clock(request: Request, house: House) -> Response:
    """`POST /v2/clock/reset`: back to the system's time."""
    _controlled(house)
    await house.admission.run(ResetClock())
    return nothing()


def _controlled(house: House) -> None:
    if not house.clock_controlled:
        told = "The clock is not controlled; start the engine with --clock-controlled to set it."
        raise Problem(403, "FORBIDDEN", told)

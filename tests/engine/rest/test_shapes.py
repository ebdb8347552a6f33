"""What every answer says, whatever it has to say: generated clients refuse one that lacks a field.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (each page's schema)
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.engine.dmn.deciding import decision, definitions, table
from tests.engine.gateway.served import MODEL, client, deploy, served
from tests.engine.model.writing import START, element, flows, model
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.engine.version import VERSIONS

KINDS = ("processDefinition", "decisionDefinition", "decisionRequirements", "form", "resource")


@asynccontextmanager
async def playing(version: str) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """An engine that plays a version, and clients of both protocols."""
    async with served(version=VERSIONS[version]) as (ports, _), client(ports) as stub:
        base = f"http://{ports.host}:{ports.rest}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as http:
            yield http, stub


async def activated(http: httpx.AsyncClient, type_: str) -> dict[str, Any]:
    """The one job of a type."""
    wish = {"type": type_, "timeout": 60_000, "maxJobsToActivate": 5, "requestTimeout": 5_000}
    (job,) = (await http.post("/v2/jobs/activation", json=wish)).json()["jobs"]
    return dict(job)


@pytest.mark.parametrize(
    ("version", "labels"), [("8.7", {}), ("8.8", {"tags": []}), ("8.9", {"tags": [], "businessId": None})]
)
async def test_instance_says_that_it_has_no_labels(version: str, labels: dict[str, Any]) -> None:
    """Where it begins and where it is found, from the version on that has them; so does its job."""
    async with playing(version) as (http, stub):
        await deploy(stub, "labels")
        begun = (await http.post("/v2/process-instances", json={"processDefinitionId": "labels"})).json()
        assert {name: begun[name] for name in ("tags", "businessId") if name in begun} == labels
        assert (await activated(http, "labels")).get("tags") == labels.get("tags")
        if version != "8.7":
            found = (await http.get(f"/v2/process-instances/{begun['processInstanceKey']}")).json()
            assert {name: found[name] for name in ("tags", "businessId") if name in found} == labels


async def test_job_names_the_outermost_instance(http: httpx.AsyncClient, stub: Any, name: str) -> None:
    """That which called the one that called it, not its own."""
    outer = f"outer-{uuid.uuid4().hex[:8]}"
    content = model(
        START,
        element("callActivity", "call", f'<zeebe:calledElement processId="{name}" />'),
        element("endEvent", "end"),
        flows("start", "call", "end"),
        attributes=f'id="{outer}" isExecutable="true"',
    )
    await stub.DeployResource(
        pb.DeployResourceRequest(resources=[pb.Resource(name=f"{outer}.bpmn", content=content.encode())])
    )
    begun = (await http.post("/v2/process-instances", json={"processDefinitionId": outer})).json()
    job = await activated(http, name)
    assert job["rootProcessInstanceKey"] == begun["processInstanceKey"] != job["processInstanceKey"]


@pytest.mark.parametrize(("version", "others"), [("8.8", set()), ("8.9", {None})])
async def test_deployment_says_what_each_thing_is_not(version: str, others: set[None]) -> None:
    """Of the five kinds one is told, and from 8.9 on the others as null."""
    content = definitions(decision(table(["n"], ["m"], [["1", '"a"']]), "chosen"))
    async with playing(version) as (http, _):
        files = [
            ("resources", ("shape.bpmn", MODEL.format(name="shape").encode())),
            ("resources", ("chosen.dmn", content)),
        ]
        made = (await http.post("/v2/deployments", files=files)).json()["deployments"]
        assert [[kind for kind in KINDS if one.get(kind)] for one in made] == [[kind] for kind in KINDS[:3]]
        assert all({one[kind] for kind in KINDS if kind in one and not one[kind]} == others for one in made)


@pytest.mark.parametrize(
    ("version", "failed", "rule"), [("8.8", "", {}), ("8.9", None, {"ruleId": "rule1", "ruleIndex": 1})]
)
async def test_decision_says_that_nothing_failed(version: str, failed: str | None, rule: dict[str, Any]) -> None:
    """And each output of a rule names it, from 8.9 on."""
    content = definitions(decision(table(["n"], ["m"], [["1", '"a"']]), "chosen"))
    async with playing(version) as (http, _):
        await http.post("/v2/deployments", files=[("resources", ("chosen.dmn", content))])
        asked = {"decisionDefinitionId": "chosen", "variables": {"n": 1}}
        told = (await http.post("/v2/decision-definitions/evaluation", json=asked)).json()
        assert (told["failedDecisionDefinitionId"], told["failureMessage"]) == (failed, failed)
        (matched,) = told["evaluatedDecisions"][0]["matchedRules"]
        output = {"outputId": "out1", "outputName": "M", "outputValue": '"a"'}
        assert matched["evaluatedOutputs"] == [output | rule]


async def test_definition_is_active(http: httpx.AsyncClient, name: str) -> None:
    """As newer clients want to know."""
    (found,) = (
        await http.post("/v2/process-definitions/search", json={"filter": {"processDefinitionId": name}})
    ).json()["items"]
    assert found["state"] == "ACTIVE"


async def test_topology_says_that_the_cluster_has_no_id(http: httpx.AsyncClient) -> None:
    """It is null, not absent."""
    told = (await http.get("/v2/topology")).json()
    assert told["clusterId"] is None

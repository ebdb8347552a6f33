"""The searches over REST, as each version has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.engine.gateway.served import client, polled, served, start
from tests.engine.search.models import RICH
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.engine.search.entities import MAX_VALUE
from zeebe_fleet.engine.version import VERSIONS

ROUTES = ("process-definitions", "process-instances", "element-instances", "jobs", "incidents", "variables")


@asynccontextmanager
async def asking(name: str) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """An engine that plays a version, with a process deployed; clients of both protocols."""
    async with served(version=VERSIONS[name]) as (ports, _), client(ports) as stub:
        resource = pb.Resource(name="rich.bpmn", content=RICH.encode())
        await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
        async with httpx.AsyncClient(base_url=f"http://{ports.host}:{ports.rest}", trust_env=False) as http:
            yield http, stub


async def items(http: httpx.AsyncClient, route: str, **body: Any) -> list[dict[str, Any]]:
    """What a search finds."""
    answer = await http.post(f"/v2/{route}/search", json=body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize("version", ["8.6", "8.7"])
async def test_old_versions_have_no_search(version: str) -> None:
    """Without a search engine beside it there are no such routes."""
    async with asking(version) as (http, _):
        for route in ROUTES:
            assert (await http.post(f"/v2/{route}/search", json={})).status_code in (404, 405)
            assert (await http.get(f"/v2/{route}/1")).status_code in (404, 405)


async def test_instance_is_read_by_its_parts() -> None:
    """Keys are strings, dates are ISO 8601, what is absent is null on 8.9 and left out on 8.8."""
    for version in ("8.8", "8.9"):
        async with asking(version) as (http, stub):
            key = str(await start(stub, "inner", '{"n":1}'))
            (job,) = await polled(stub, "work")
            told = (await http.get(f"/v2/process-instances/{key}")).json()
            assert (told["processInstanceKey"], told["state"], told["hasIncident"]) == (key, "ACTIVE", False)
            assert told["startDate"].endswith("Z")
            assert ("endDate" in told) is (version == "8.9")
            assert ("rootProcessInstanceKey" in told) is (version == "8.9")
            (instance,) = await items(http, "process-instances", filter={"processInstanceKey": key})
            assert instance == told
            elements = await items(http, "element-instances", filter={"processInstanceKey": key, "state": "ACTIVE"})
            assert [one["elementId"] for one in elements] == ["work"]
            one = f"/v2/element-instances/{elements[0]['elementInstanceKey']}"
            assert (await http.get(one)).json() == elements[0]
            (found,) = await items(http, "jobs", filter={"processInstanceKey": key})
            assert (found["jobKey"], found["customHeaders"]) == (str(job.key), {"colour": "blue"})
            (variable,) = await items(http, "variables", filter={"processInstanceKey": key})
            assert (variable["name"], variable["value"], variable["isTruncated"]) == ("n", "1", False)
            assert await items(http, "incidents", filter={"processInstanceKey": key}) == []


async def test_page_is_told_and_followed() -> None:
    """The cursor of one page begins the next; the total is that of all."""
    async with asking("8.9") as (http, stub):
        keys = [str(await start(stub, "inner")) for _ in range(5)]
        seen, after = list[str](), dict[str, str]()
        for _ in range(3):
            body = {"filter": {"processDefinitionId": "inner"}, "page": {"limit": 2, **after}}
            told = (await http.post("/v2/process-instances/search", json=body)).json()
            assert told["page"]["totalItems"] == 5
            seen += [one["processInstanceKey"] for one in told["items"]]
            after = {"after": told["page"]["endCursor"]}
        assert seen == keys
        empty = (await http.post("/v2/process-instances/search", json={"page": {"limit": 0}})).json()
        assert (empty["items"], empty["page"]["endCursor"]) == ([], None)


async def test_long_values_are_cut_unless_they_are_wanted_whole() -> None:
    """The search says that a value was cut; a single variable is whole."""
    async with asking("8.9") as (http, stub):
        await start(stub, "inner", f'{{"long":"{"x" * 9_000}"}}')
        (cut,) = await items(http, "variables")
        assert (len(cut["value"]), cut["isTruncated"]) == (MAX_VALUE, True)
        (whole,) = (await http.post("/v2/variables/search?truncateValues=false")).json()["items"]
        assert (len(whole["value"]), whole["isTruncated"]) == (9_002, False)
        alone = (await http.get(f"/v2/variables/{whole['variableKey']}")).json()
        assert alone["value"] == whole["value"]


async def test_definitions_have_their_files() -> None:
    """As they were deployed."""
    async with asking("8.9") as (http, _):
        (inner,) = await items(http, "process-definitions", filter={"processDefinitionId": "inner"})
        path = f"/v2/process-definitions/{inner['processDefinitionKey']}"
        assert (await http.get(path)).json() == inner
        xml = await http.get(f"{path}/xml")
        assert xml.text == RICH
        assert xml.headers["content-type"].startswith("text/xml")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/jobs/search", {"filter": {"jobKey": "x"}}, 400),
        ("/v2/jobs/search", {"sort": [{"field": "nothing"}]}, 400),
        ("/v2/jobs/search", {"sort": [{"field": "type", "order": "UP"}]}, 400),
        ("/v2/jobs/search", {"page": {"after": "?"}}, 400),
        ("/v2/jobs/search", {"filter": []}, 400),
        ("/v2/variables/search?truncateValues=perhaps", {}, 400),
    ],
)
async def test_search_that_cannot_be_is_a_problem(path: str, body: Any, status: int) -> None:
    """400 with a sentence; nothing else."""
    async with asking("8.9") as (http, _):
        answer = await http.post(path, json=body)
        assert answer.status_code == status
        assert answer.json()["title"] == "INVALID_ARGUMENT"


async def test_nobody_is_a_404() -> None:
    """Whatever is asked for by a key that there is not."""
    async with asking("8.9") as (http, _):
        for route in ROUTES:
            answer = await http.get(f"/v2/{route}/1")
            if route != "jobs":
                assert (answer.status_code, answer.json()["title"]) == (404, "NOT_FOUND"), route
        assert (await http.get("/v2/process-definitions/1/xml")).status_code == 404

"""Starts of cases: by their names, their versions, and the rules of their own heads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql_api.versions.conftest import CANCEL, RERUN, World, new_name
from tests.graphql_api.versions.shelf import model
from zeebe_fleet.workers.contract.ports import Resource


async def test_case_is_started_by_its_name_and_version(world: World) -> None:
    """On the newest generic process, with the two variables that name it, by the rules of its own head."""
    name = new_name()
    artifact = await world.shelf.publish_case(name, "1.2.0")
    workflow = await world.started(name, "1.x", world.person, variables={"amount": 1})
    assert workflow["processName"] == "generic_case"
    assert (workflow["artifactName"], workflow["artifactVersion"]) == (name, "1.2.0")
    assert workflow["artifactSha256"] == artifact.sha256
    assert workflow["input"] == {"amount": 1}
    instance = await world.api.sql(
        "SELECT process_instance_key AS key FROM workflow WHERE workflow_id = $1", workflow["workflowId"]
    )
    view = await world.engine.instance_view(instance[0]["key"])
    told = {one.name: one.value for one in view.variables}
    assert (told["process_name"], told["process_version"]) == (f'"{name}"', '"1.2.0"')


async def test_case_without_a_version_is_the_newest_published(world: World) -> None:
    """Each start says which it became; a re-run keeps it."""
    name = new_name()
    await world.shelf.publish_case(name, "1.2.0")
    first = await world.started(name, client=world.person)
    await world.shelf.publish_case(name, "1.10.0")
    second = await world.started(name, client=world.person)
    assert [one["artifactVersion"] for one in (first, second)] == ["1.2.0", "1.10.0"]
    await world.person.answer(CANCEL, id=first["workflowId"])
    again = (await world.person.answer(RERUN, id=first["workflowId"]))["workflow"]
    assert again["artifactVersion"] == "1.2.0"


async def test_generic_case_started_by_its_own_name_is_that_case(world: World) -> None:
    """Its two variables mean what name and version do: a range becomes a version, and the head says who may."""
    name = new_name()
    await world.shelf.publish_case(name, "1.2.0", input={"required": ["amount"]})
    said = {"process_name": name, "process_version": "1.x", "amount": 1}
    workflow = await world.started("generic_case", client=world.person, variables=said)
    assert (workflow["artifactName"], workflow["artifactVersion"]) == (name, "1.2.0")
    assert workflow["input"] == {"amount": 1}
    lacking = await world.start(
        "generic_case", client=world.person, variables={**said, "amount": None} | {"process_version": "1.2.0"}
    )
    assert lacking["__typename"] == "WorkflowStarted"
    del said["amount"]
    refused = await world.start("generic_case", client=world.person, variables=said)
    assert [one["path"] for one in refused["errors"]] == ["amount"]


async def test_generic_case_runs_no_process(world: World) -> None:
    """Neither one that is deployed, nor one that would be for it, nor itself."""
    deployed, published = new_name(), new_name()
    await world.shelf.publish(deployed, "1.0.0")
    await world.started(deployed, "1.0.0")
    await world.shelf.publish(published, "1.0.0")
    told = []
    for name in (deployed, published):
        said = {"process_name": name, "process_version": "1.0.0"}
        told.append((await world.start("generic_case", variables=said))["__typename"])
    assert told == ["InvalidVariables", "VersionNotDeployed"]
    assert await world.engine_versions(published) == []
    itself = {"process_name": "generic_case", "process_version": "1.0.0"}
    assert (await world.start("generic_case", variables=itself))["__typename"] == "UnknownProcessVersion"


async def test_generic_case_has_versions_of_its_own(world: World) -> None:
    """Published like any process: the version that is asked for runs the case, whatever is the newest."""
    name = new_name()
    await world.shelf.publish_case(name, "1.0.0")
    said = {"process_name": name, "process_version": "1.x"}
    texts = await world.shelf.publish("generic_case", "7.0.0")
    deployed = await world.engine.deploy([Resource("generic_case.bpmn", texts.files[0].text.encode())])
    await world.definitions.save(deployed, lambda _: texts.files[0].text)
    (newest,) = await world.engine.deploy([Resource("generic_case.bpmn", model("generic_case", "7.0.1"))])
    await world.definitions.save([newest], lambda _: model("generic_case", "7.0.1").decode())
    became = [(await world.started("generic_case", one, variables=said))["processVersion"] for one in ("7.x", None)]
    assert became == [f"engine:{deployed[0].version}", f"engine:{newest.version}"]
    workflow = await world.started(name, f"engine:{deployed[0].version}")
    assert (workflow["artifactVersion"], workflow["processVersion"]) == ("1.0.0", became[0])
    assert (await world.start("generic_case", "8.0.0", variables=said))["__typename"] == "UnknownProcessVersion"


@pytest.mark.parametrize(
    ("variables", "paths"),
    [
        ({}, ["process_name", "process_version"]),
        ({"process_name": "expense"}, ["process_version"]),
        ({"process_name": "../x", "process_version": "1.0.0"}, ["process_name"]),
        ({"process_name": 7, "process_version": "newest"}, ["process_name", "process_version"]),
    ],
)
async def test_generic_case_without_a_case_is_refused(world: World, variables: Any, paths: list[str]) -> None:
    """At the mutation, by the path of what is wrong."""
    answer = await world.start("generic_case", variables=variables)
    assert answer["__typename"] == "InvalidVariables"
    assert [one["path"] for one in answer["errors"]] == paths


async def test_generic_case_of_an_unknown_case_is_refused(world: World) -> None:
    """Whoever asks; nothing is started that would fail in its first step."""
    said = {"process_name": new_name(), "process_version": "1.0.0"}
    assert (await world.start("generic_case", variables=said))["__typename"] == "UnknownProcessVersion"
    assert (await world.start("generic_case", None, world.person, variables=said))["__typename"] == "UnknownProcess"


async def test_variables_that_name_the_case_are_not_for_callers(world: World) -> None:
    """Who starts a case by its name cannot have another one run."""
    name = new_name()
    await world.shelf.publish_case(name, "1.0.0")
    answer = await world.start(name, "1.0.0", variables={"process_name": "another", "process_version": "9.0.0"})
    assert answer["__typename"] == "InvalidVariables"
    assert [(one["path"], one["rule"]) for one in answer["errors"]] == [
        ("process_name", "reserved"),
        ("process_version", "reserved"),
    ]


async def test_workflows_of_a_case_are_for_whom_its_head_names(world: World) -> None:
    """Listed by the case's name, seen by its own rules: those of the generic process do not count."""
    hidden, open_to_all = new_name(), new_name()
    await world.shelf.publish_case(hidden, "1.0.0", access={"start": "everybody"})
    await world.shelf.publish_case(open_to_all, "1.0.0")
    query = "query ($n: String!) { workflows(filter: {processName: $n}) { edges { node { artifactName } } } }"
    one = "query ($id: UUID!) { workflow(workflowId: $id) { artifactName } }"
    started = [(await world.started(name, "1.0.0"))["workflowId"] for name in (hidden, open_to_all)]
    sam = await world.api.persona("sam")
    assert [await sam.answer(one, id=workflow_id) for workflow_id in started] == [None, {"artifactName": open_to_all}]
    assert (await sam.answer(query, n=hidden))["edges"] == []
    assert (await sam.answer(query, n=open_to_all))["edges"] == [{"node": {"artifactName": open_to_all}}]
    assert len((await world.operator.answer(query, n=hidden))["edges"]) == 1


async def test_case_is_for_whom_its_newest_version_names(world: World) -> None:
    """Also at the very start that brings that version here."""
    name = new_name()
    await world.shelf.publish_case(name, "1.0.0")
    await world.started(name, client=world.person)
    await world.shelf.publish_case(name, "1.1.0", access={})
    assert (await world.start(name, client=world.person))["__typename"] == "UnknownProcess"
    assert (await world.start(name, "1.0.0", world.person))["__typename"] == "UnknownProcess"
    assert (await world.started(name))["artifactVersion"] == "1.1.0"


async def test_case_takes_no_name_of_a_process(world: World) -> None:
    """Who starts it could not tell which of the two it would be."""
    name = new_name()
    await world.deploy(name, "1.0.0")
    await world.shelf.publish_case(name, "2.0.0")
    answer = await world.start(name, "2.0.0")
    assert answer["__typename"] == "ArtifactRefused"
    assert "known here as a process" in answer["message"]

"""Who may see and do what: every role, field, mutation, nested path and subscription, from the schema itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type
from graphql.type import is_leaf_type

from tests.graphql_api.conftest import Api, Client
from tests.graphql_api.test_subscriptions import events, following
from zeebe_fleet.graphql_api.policy import rules
from zeebe_fleet.graphql_api.policy.gates import guard
from zeebe_fleet.graphql_api.policy.rules import Rule, fields_of, rule_of
from zeebe_fleet.graphql_api.schema import make_schema
from zeebe_fleet.workers.contract.errors import FleetError

SCHEMA = make_schema()._schema
PEOPLE = ("rita", "sam", "paul", "olga", "ada")
OVERVIEW = ("olga", "ada", "service")
ACCESS = {
    "public": '{"start": "everybody", "see": "everybody"}',
    "sales": '{"start": {"groups": ["reviewers"]}, "see": {"groups": ["sales-managers"], "users": ["alma"]}}',
    "secret": None,
}
STARTS = {"public": {*PEOPLE, "service"}, "sales": {"rita", *OVERVIEW}, "secret": {*OVERVIEW}}
SEES = {"public": {*PEOPLE, "service"}, "sales": {"sam", *OVERVIEW}, "secret": {*OVERVIEW}}
"""Who sees all workflows of a process; `own` of rita is seen by rita besides."""


@dataclass
class World:
    """An API with workflows of each process, started by rita and by somebody else."""

    api: Api
    clients: Mapping[str, Client]
    workflows: Mapping[tuple[str, str], str]
    """By process and starter."""

    def sees(self, who: str, process: str, starter: str) -> bool:
        """Say what the policy should."""
        return who in SEES[process] or who == starter


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    """Processes, workflows in each, and everybody signed in."""
    for key, (name, access) in enumerate(ACCESS.items()):
        await api.sql(
            "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, access) "
            "VALUES ($1, $2, 1, 'x.bpmn', '', $3)",
            -100 - key,
            name,
            access,
        )
    workflows = {}
    for process in ACCESS:
        for starter in ("rita", "mallory"):
            workflows[process, starter] = await workflow(api, process, starter)
    clients = {name: await api.persona(name) for name in PEOPLE} | {"service": api.service}
    await clients["ada"].ask('{ processDefinitions(processName: "unheard-of") { edges { cursor } } }')
    return World(api, clients, workflows)


async def workflow(api: Api, process: str, starter: str, **more: Any) -> str:
    """Have somebody's workflow."""
    row = {
        "workflow_id": uuid4(),
        "process_name": process,
        "state": "RUNNING",
        "origin": "API",
        "principal": f'{{"subject": "{starter}"}}',
        "input": '{"secret": 1}',
        "incident": "it is stuck",
        **more,
    }
    marks = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await api.sql(f"INSERT INTO workflow ({', '.join(row)}) VALUES ({marks})", *row.values())
    return str(row["workflow_id"])


def selection(type_name: str, *but: Rule) -> str:
    """Return every field of a type that needs no argument, but those of a rule."""
    kind = SCHEMA.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    names = []
    for name, field in kind.fields.items():
        if rule_of(type_name, name) not in but:
            names.append(name if is_leaf_type(get_named_type(field.type)) else f"{name} {{ __typename }}")
    return " ".join(names)


WORKFLOW = f"query ($id: UUID!) {{ workflow(workflowId: $id) {{ {selection('Workflow', Rule.OPERATORS)} }} }}"


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
@pytest.mark.parametrize("process", ACCESS)
@pytest.mark.parametrize("starter", ["rita", "mallory"])
async def test_workflow_is_shown_to_whom_it_is_for(world: World, who: str, process: str, starter: str) -> None:
    """With its data to its starter and those with an overview; to others it is as if it were not there."""
    client = world.clients[who]
    answer = await client.send(WORKFLOW, id=world.workflows[process, starter])
    guessed = await client.send(WORKFLOW, id=str(uuid4()))
    if not world.sees(who, process, starter):
        assert answer == guessed == {"data": {"workflow": None}}
        return
    assert "errors" not in answer
    shown = answer["data"]["workflow"]
    assert shown["incident"] == "it is stuck"
    assert shown["input"] == ({"secret": 1} if who in (*OVERVIEW, starter) else None)


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
@pytest.mark.parametrize("field", rules.RULES["Workflow"][Rule.OPERATORS].split())
async def test_field_of_operators_is_an_error_for_others(world: World, who: str, field: str) -> None:
    """Whether or not the engine would say it; whoever operates gets the engine's answer."""
    query = f"query ($id: UUID!) {{ workflow(workflowId: $id) {{ {field} {{ __typename }} }} }}"
    answer = await world.clients[who].send(query, id=world.workflows["public", "rita"])
    codes = [one["extensions"]["code"] for one in answer.get("errors", ())]
    assert ("NOT_ALLOWED" in codes) == (who not in ("olga", "ada"))


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
async def test_lists_hold_what_one_may_see(world: World, who: str) -> None:
    """All of it and nothing else, also where the list is asked for by name."""
    query = "{ workflows(first: 100) { edges { node { workflowId } } } }"
    listed = {one["node"]["workflowId"] for one in (await world.clients[who].answer(query))["edges"]}
    wanted = {one for (process, starter), one in world.workflows.items() if world.sees(who, process, starter)}
    assert listed & set(world.workflows.values()) == wanted
    for process in ACCESS:
        named = f'{{ workflows(filter: {{processName: "{process}"}}) {{ edges {{ node {{ workflowId }} }} }} }}'
        found = {one["node"]["workflowId"] for one in (await world.clients[who].answer(named))["edges"]}
        assert found & set(world.workflows.values()) == {
            one for (name, starter), one in world.workflows.items() if name == process and one in wanted
        }


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
async def test_search_looks_at_business_keys_that_are_seen(world: World, who: str) -> None:
    """Else a candidate would guess, letter by letter, the key of a workflow that is hidden from them."""
    query = (
        "query ($s: String) { activities(filter: {search: $s}) { edges { node { activityId workflow { state } } } } }"
    )
    for process in ACCESS:
        key = f"{who} looks for {process}"
        hidden = await workflow(world.api, process, "mallory", business_key=key)
        activity = await world.api.activity(workflowId=hidden, candidateGroups=[])
        found = (await world.clients[who].answer(query, s=key[1:-1]))["edges"]
        assert [one["node"]["activityId"] for one in found] == (
            [activity["activityId"]] if world.sees(who, process, "mallory") else []
        )


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
async def test_filter_confirms_no_process_that_is_hidden(world: World, who: str) -> None:
    """An activity that one sees is not found by the guessed name of a process of which one sees nothing."""
    query = "query ($p: String) { activities(filter: {processName: $p}) { edges { node { activityId } } } }"
    for process in ACCESS:
        activity = await world.api.activity(
            workflowId=await workflow(world.api, process, "mallory"), candidateGroups=[]
        )
        found = {one["node"]["activityId"] for one in (await world.clients[who].answer(query, p=process))["edges"]}
        assert (activity["activityId"] in found) == world.sees(who, process, "mallory")


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
@pytest.mark.parametrize("process", ACCESS)
async def test_process_is_known_to_who_may_start_or_see_it(world: World, who: str, process: str) -> None:
    """Its load tells of everybody's workflows: it is for who sees them all."""
    node = f"edges {{ node {{ {selection('ProcessDefinition')} }} }}"
    query = f'{{ processDefinitions(processName: "{process}") {{ {node} }} }}'
    nodes = [one["node"] for one in (await world.clients[who].answer(query))["edges"]]
    assert [one["processName"] for one in nodes] == ([process] if who in STARTS[process] | SEES[process] else [])
    assert all(one["mayStart"] == (who in STARTS[process]) for one in nodes)


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
async def test_nested_paths_lead_nowhere_else(world: World, who: str) -> None:
    """From what one may see to what one may not: up, down, to other runs, and from an activity."""
    api, client = world.api, world.clients[who]
    secret = await workflow(api, "secret", "mallory")
    middle = await workflow(api, "public", "mallory", parent_workflow_id=UUID(secret), rerun_of=UUID(secret))
    below = await workflow(api, "secret", "mallory", parent_workflow_id=UUID(middle), rerun_of=UUID(middle))
    activity = await api.activity(workflowId=secret, candidateGroups=[])
    hidden = await api.activity(workflowId=middle, candidateGroups=["nobody-here"])
    steps = "{ workflowId parent { workflowId } rerunOf { workflowId } children { workflowId } reruns { workflowId } "
    query = f"query ($id: UUID!) {{ workflow(workflowId: $id) {steps} activities {{ activityId }} }} }}"
    shown = await client.answer(query, id=middle)
    reached = await client.answer(
        "query ($id: UUID!) { activity(activityId: $id) { workflow { workflowId children { workflowId } } } }",
        id=activity["activityId"],
    )
    if who in OVERVIEW:
        assert shown["parent"] == shown["rerunOf"] == {"workflowId": secret}
        assert shown["children"] == shown["reruns"] == [{"workflowId": below}]
        assert shown["activities"] == [{"activityId": hidden["activityId"]}]
        assert reached["workflow"] == {"workflowId": secret, "children": [{"workflowId": middle}]}
    else:
        assert shown == {
            "workflowId": middle,
            "parent": None,
            "rerunOf": None,
            "children": [],
            "reruns": [],
            "activities": [],
        }
        assert reached == {"workflow": None}


def test_every_way_to_a_record_is_gated() -> None:
    """A new field that leads to a workflow or an activity is SEEN, or part of an answer to whoever changed it."""
    ways = {
        f"{type_name}.{name}": rule_of(type_name, name)
        for type_name, name in fields_of(SCHEMA)
        if get_named_type(SCHEMA.type_map[type_name].fields[name].type).name in ("Workflow", "Activity")  # type: ignore[attr-defined]
    }
    answers = {way for way, rule in ways.items() if rule is Rule.GIVEN}
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    said = {
        member.name for field in mutation.fields.values() for member in getattr(get_named_type(field.type), "types", ())
    }
    assert {way.partition(".")[0] for way in answers} - {"WorkflowEdge", "ActivityEdge"} <= said
    assert {rule for rule in ways.values() if rule is not Rule.GIVEN} == {Rule.SEEN}


def test_field_without_a_rule_ends_the_start() -> None:
    """So that nobody forgets; `make check` makes the schema."""
    with pytest.raises(FleetError, match=r"Query\.forgotten"):
        guard(build_schema("type Query { forgotten: Int }"))


def test_rules_name_fields_that_are_there() -> None:
    """A rule of a field that is gone goes too."""
    written = {(kind, name) for kind, by in rules.RULES.items() for names in by.values() for name in names.split()}
    assert written == set(fields_of(SCHEMA))


async def started(client: Client, process: str, variables: str = "{}") -> str:
    """Try to start a process; returns what came of it."""
    query = f'mutation {{ startWorkflow(processName: "{process}", variables: {variables}) {{ __typename }} }}'
    return str((await client.answer(query))["__typename"])


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
@pytest.mark.parametrize("process", ACCESS)
async def test_start_is_for_whom_the_manifest_names(world: World, who: str, process: str) -> None:
    """For others there is no such process: the same answer as for one that was never deployed."""
    query = "mutation ($n: String!) { startWorkflow(processName: $n) { __typename ... on UserError { message } } }"
    answer = await world.clients[who].answer(query, n=process)
    if who in STARTS[process]:
        assert answer["__typename"] == "WorkflowStarted"
        return
    never = await world.clients[who].answer(query, n="never_deployed")
    assert answer["__typename"] == never["__typename"] == "UnknownProcess"
    assert answer["message"] == never["message"].replace("never_deployed", process)


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
async def test_parent_is_one_that_is_seen(world: World, who: str) -> None:
    """Else a workflow would carry on, and read, rows of somebody else's."""
    for (process, starter), parent in world.workflows.items():
        said = await started(world.clients[who], "public", f'{{parent_workflow_instance_id: "{parent}"}}')
        assert said == ("WorkflowStarted" if world.sees(who, process, starter) else "InvalidVariables")
    guessed = await started(world.clients[who], "public", f'{{parent_workflow_instance_id: "{uuid4()}"}}')
    assert guessed == ("WorkflowStarted" if who in OVERVIEW else "InvalidVariables")


async def test_result_of_an_activity_names_a_parent_that_is_seen(world: World) -> None:
    """As variables of a start do: what is filled in becomes the workflow's; to leave it as it is names none."""
    secret, public = (world.workflows[process, "mallory"] for process in ("secret", "public"))
    complete = (
        "mutation ($id: UUID!, $result: JSON) { completeActivity(activityId: $id, version: 2, result: $result) "
        "{ __typename } }"
    )

    async def completed(parent: Any, before: str | None = None) -> str:
        variables = {"parent_workflow_instance_id": before} if before else {}
        activity = await world.api.activity(candidateGroups=["purchasing"], variables=variables)
        await world.clients["paul"].ask(
            f'mutation {{ claimActivity(activityId: "{activity["activityId"]}") {{ __typename }} }}'
        )
        result = {"parent_workflow_instance_id": parent}
        return str(
            (await world.clients["paul"].answer(complete, id=activity["activityId"], result=result))["__typename"]
        )

    for unseen in (secret, str(uuid4()), [secret], 1):
        assert await completed(unseen) == "InvalidVariables"
    assert await completed(public) == await completed(secret, before=secret) == "ActivityCompleted"


OWNERS = {
    "cancelWorkflow": "cancelWorkflow(workflowId: $id)",
    "rerunWorkflow": "rerunWorkflow(workflowId: $id)",
    "retryWorkflow": "retryWorkflow(workflowId: $id)",
}


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
@pytest.mark.parametrize("mutation", OWNERS)
async def test_change_is_for_operators_and_the_starter(world: World, who: str, mutation: str) -> None:
    """Who sees it is told that it is not allowed; who does not, that it is not there."""
    query = f"mutation ($id: UUID!) {{ {OWNERS[mutation]} {{ __typename }} }}"
    for process in ACCESS:
        changed = await workflow(world.api, process, "mallory", incident=None)
        said = (await world.clients[who].answer(query, id=changed))["__typename"]
        if who in ("olga", "ada"):
            assert said not in ("NotAllowed", "WorkflowNotFound")
        else:
            assert said == ("NotAllowed" if world.sees(who, process, "mallory") else "WorkflowNotFound")
    guessed = (await world.clients[who].answer(query, id=str(uuid4())))["__typename"]
    assert guessed == "WorkflowNotFound"


CALLS = {
    "setVariables": 'setVariables(workflowId: "{id}", variables: {a: 1})',
    "giveUpWorkflow": 'giveUpWorkflow(workflowId: "{id}", planId: "p")',
    "publishMessage": 'publishMessage(name: "m", timeToLiveS: 1)',
    "broadcastSignal": 'broadcastSignal(name: "s")',
    "claimActivity": 'claimActivity(activityId: "{id}")',
    "releaseActivity": 'releaseActivity(activityId: "{id}")',
    "completeActivity": 'completeActivity(activityId: "{id}", version: 1)',
    "activitySeen": 'activitySeen(activityIds: ["{id}"])',
    "closeActivity": 'closeActivity(activityId: "{id}", reason: "r")',
    "createActivity": (
        'createActivity(input: {processName: "p", processVersion: 1, processInstanceKey: "1", definitionKey: "1", '
        'elementId: "e", elementInstanceKey: "1", name: "n"})'
    ),
    "causeOutage": 'causeOutage(service: "s", seconds: 1)',
}
DENIED = {
    Rule.HIDDEN: ({"olga", "ada"}, "WorkflowNotFound"),
    Rule.OPERATORS_AND_SERVICES: ({"olga", "ada", "service"}, "NotAllowed"),
    Rule.SERVICES: ({"service"}, "NotAllowed"),
    Rule.CANDIDATES: (set(OVERVIEW), "ActivityNotFound"),
}


def test_every_mutation_is_tried() -> None:
    """A new one is added here, with who may call it."""
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    assert set(mutation.fields) == {"startWorkflow", *OWNERS, *CALLS}


@pytest.mark.parametrize("who", [*PEOPLE, "service"])
@pytest.mark.parametrize("mutation", [name for name in CALLS if rule_of("Mutation", name) in DENIED])
async def test_mutation_is_denied_to_others(world: World, who: str, mutation: str) -> None:
    """With the word of its rule, and that alone; of an activity and a workflow that they may not see."""
    allowed, word = DENIED[rule_of("Mutation", mutation)]  # type: ignore[index]
    activity = await world.api.activity(candidateGroups=["nobody-here"])
    target = (
        world.workflows["secret", "mallory"] if rule_of("Mutation", mutation) is Rule.HIDDEN else activity["activityId"]
    )
    call = CALLS[mutation].replace("{id}", target)
    answer = await world.clients[who].send(f"mutation {{ {call} {{ __typename }} }}")
    said = answer["data"][mutation]["__typename"] if answer.get("data") else ""
    assert (said == word) == (who not in allowed)


@pytest.mark.parametrize("shape", ["workflowId", "workflowId input"], ids=["shared", "by itself"])
async def test_subscription_tells_of_what_one_may_see(world: World, shape: str) -> None:
    """Of a change that is not theirs, people hear nothing; executed once for all, or for one."""
    secret, public = world.workflows["secret", "mallory"], world.workflows["public", "mallory"]
    touched = "UPDATE workflow SET incident = 'again ' || clock_timestamp() WHERE workflow_id = $1"
    query = f"subscription {{ workflowChanged {{ {shape} }} }}"
    async with events(world.clients["paul"], query) as to_paul, events(world.clients["olga"], query) as to_olga:
        heard = [asyncio.create_task(following(one)) for one in (to_paul, to_olga)]
        while not heard[1].done():
            await world.api.sql(touched, UUID(secret))
            await asyncio.wait([heard[1]], timeout=0.2)
        assert not heard[0].done()
        while not heard[0].done():
            await world.api.sql(touched, UUID(public))
            await asyncio.wait([heard[0]], timeout=0.2)
    assert heard[1].result()["workflowChanged"]["workflowId"] == secret
    assert heard[0].result()["workflowChanged"]["workflowId"] == public


async def test_subscription_of_a_guessed_id_is_silent(world: World) -> None:
    """It begins like that of one that is not there: with nothing."""
    secret, public = world.workflows["secret", "mallory"], world.workflows["public", "mallory"]
    query = "subscription ($id: UUID) { workflowChanged(workflowId: $id) { workflowId } }"
    async with (
        events(world.clients["paul"], query, id=secret) as to_paul,
        events(world.clients["paul"], query, id=public) as to_public,
    ):
        heard = asyncio.create_task(following(to_paul))
        assert (await following(to_public))["workflowChanged"]["workflowId"] == public
        assert not heard.done()
        heard.cancel()
        await asyncio.wait([heard])


async def test_shared_event_hides_the_workflow_from_who_may_not_see_it(world: World) -> None:
    """Both hear of the activity, at one cost each; the workflow is shown to one of them."""
    query = "subscription { activityChanged { activityId workflow { processName } } }"
    async with events(world.clients["paul"], query) as to_paul, events(world.clients["olga"], query) as to_olga:
        heard = [asyncio.create_task(following(one)) for one in (to_paul, to_olga)]
        task = {"workflowId": world.workflows["secret", "mallory"], "candidateGroups": [], "name": "shared by two"}
        activity = await world.api.activity(**task)
        while not all(one.done() for one in heard):
            await world.api.sql("UPDATE activity SET version = version + 1 WHERE name = 'shared by two'")
            await asyncio.wait(heard, timeout=0.2)
        paul, olga = (one.result() for one in heard)
    assert paul["activityChanged"] == {"activityId": activity["activityId"], "workflow": None}
    assert olga["activityChanged"] == {"activityId": activity["activityId"], "workflow": {"processName": "secret"}}

"""What people read: pages, filters, and whole trees in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.graphql_api.conftest import Api, Client, user_task
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.logins import HISTORY, as_login

WORKFLOWS = """
query ($first: Int!, $after: String, $filter: WorkflowFilterInput, $order: Order! = NEWEST_FIRST) {
  workflows(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { cursor node { workflowId businessKey } } pageInfo { hasNextPage hasPreviousPage endCursor } } }
"""
ACTIVITIES = """
query ($filter: ActivityFilterInput) { activities(first: 100, filter: $filter) { edges { node { activityId } } } }
"""
TREE = """
query ($filter: WorkflowFilterInput) { workflows(first: 50, filter: $filter) { edges { node {
  steps { elementId attempts { outcome } } activities { name workflow { state } events { kind } }
  parent { workflowId } children { steps { elementId } } } } } }
"""


async def workflow(api: Api, **values: Any) -> str:
    """Insert a workflow; returns its id."""
    row = {"process_name": "p", "state": "RUNNING", "origin": "API", "workflow_id": uuid4(), **values}
    names, marks = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await api.sql(f'INSERT INTO workflow ({names}, principal) VALUES ({marks}, \'{{"subject": "x"}}\')', *row.values())
    return str(row["workflow_id"])


@pytest.fixture(scope="module")
async def seven(api: Api) -> list[str]:
    """Seven workflows of one process, the oldest first."""
    return [await workflow(api, process_name="seven", business_key=f"B-{n}") for n in range(7)]


async def pages(client: Client, first: int, order: str) -> list[list[str]]:
    """Read all pages of the seven."""
    found, after, more = [], None, True
    while more:
        page = await client.answer(WORKFLOWS, first=first, after=after, filter={"processName": "seven"}, order=order)
        found.append([edge["node"]["workflowId"] for edge in page["edges"]])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


async def test_workflows_come_in_pages(rita: Client, seven: list[str]) -> None:
    """Every record once, in order, and the last page knows that it is the last."""
    assert await pages(rita, 3, "OLDEST_FIRST") == [seven[:3], seven[3:6], seven[6:]]
    assert await pages(rita, 7, "NEWEST_FIRST") == [seven[::-1]]


async def test_pages_do_not_shift_when_records_are_added(api: Api, rita: Client) -> None:
    """The page behind a cursor stays the same, whatever is created meanwhile."""
    old = [await workflow(api, process_name="shifting") for _ in range(4)]
    asked = {"first": 2, "filter": {"processName": "shifting"}}
    first = await rita.answer(WORKFLOWS, **asked)
    await workflow(api, process_name="shifting")
    second = await rita.answer(WORKFLOWS, **asked, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["workflowId"] for edge in second["edges"]] == [old[1], old[0]]
    assert second["pageInfo"]["hasPreviousPage"]


@pytest.mark.parametrize("arguments", [{"first": 0}, {"first": 101}, {"first": 5, "after": "none of ours"}])
async def test_pages_that_cannot_be_are_refused(rita: Client, arguments: dict[str, Any]) -> None:
    """A size out of bounds and a made-up cursor are the sender's fault."""
    body = await rita.send(WORKFLOWS, **arguments)
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body["errors"][0]["extensions"]["suggestion"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"businessKey": "only-me"},
        {"hasIncident": True, "processName": "filtered"},
        {"state": ["ENDED_UNKNOWN"], "processName": "filtered"},
        {"origin": "EXTERNAL", "processName": "filtered"},
    ],
)
async def test_workflows_are_filtered(api: Api, rita: Client, wanted: dict[str, Any]) -> None:
    """Each filter finds the one that it describes."""
    await workflow(api, process_name="filtered")
    mine = await workflow(
        api,
        process_name="filtered",
        business_key="only-me",
        incident="stuck",
        state="ENDED_UNKNOWN",
        origin="EXTERNAL",
    )
    found = await rita.answer(WORKFLOWS, first=10, filter=wanted)
    assert found["edges"][0]["node"]["workflowId"] == mine
    history = await connect(as_login(api.database_url, HISTORY))
    await history.execute("DELETE FROM workflow WHERE process_name = 'filtered'")
    await history.close()


async def test_activities_are_those_one_may_see(api: Api, rita: Client, sam: Client, ada: Client) -> None:
    """Candidates, assignees and administrators see an activity; without candidates everybody does."""
    for_reviewers = await api.activity()
    for_sam = await api.activity(candidateGroups=[], candidateUsers=["sam"])
    for_all = await api.activity(candidateGroups=[])
    wanted = [one["activityId"] for one in (for_reviewers, for_sam, for_all)]

    async def seen(client: Client) -> list[str]:
        found = await client.answer(ACTIVITIES)
        return sorted({e["node"]["activityId"] for e in found["edges"]} & set(wanted), key=wanted.index)

    assert await seen(rita) == [wanted[0], wanted[2]]
    assert await seen(sam) == [wanted[1], wanted[2]]
    assert await seen(ada) == wanted


async def test_activities_are_filtered(api: Api, rita: Client) -> None:
    """Mine, my groups', by process, and by words of the name; a per cent sign is only a sign."""
    mine = await api.activity(assignee="rita", name="Check 100% of it", processName="filtering")
    await api.activity(name="Check 1000 of it", processName="filtering")

    async def found(**wanted: Any) -> list[str]:
        page = await rita.answer(ACTIVITIES, filter={"processName": "filtering", **wanted})
        return [edge["node"]["activityId"] for edge in page["edges"]]

    assert len(await found(myGroups=True)) == 2
    assert await found(mine=True) == [mine["activityId"]]
    assert await found(search="100%") == [mine["activityId"]]
    assert await found(state=["COMPLETED"]) == []


@contextmanager
def statements(database: AsyncEngine) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(given[2])

    event.listen(database.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.sync_engine, "before_cursor_execute", note)


async def test_a_tree_takes_as_many_statements_for_one_as_for_many(
    api: Api, ada: Client, database: AsyncEngine
) -> None:
    """Steps, attempts, activities, parents and children are read in batches."""

    async def family(process: str) -> None:
        parent = await workflow(api, process_name=process)
        child = await workflow(api, process_name="child", parent_workflow_id=parent)
        await api.activity(workflowId=parent)
        for owner in (parent, child):
            await api.sql(
                "WITH s AS (INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, "
                "process_instance_key, definition_key, state) VALUES ($1, 1, 'a', 'ACTION', 'a', 1, 1, 1, 'COMPLETED') "
                "RETURNING step_id) INSERT INTO step_attempt (step_id, fence, round, worker) SELECT step_id, 1, 1, 'w' "
                "FROM s",
                owner,
            )

    async def counted(process: str) -> int:
        with statements(database) as sent:
            found = await ada.answer(TREE, filter={"processName": process})
        assert all(edge["node"]["activities"][0]["events"] for edge in found["edges"])
        return len([one for one in sent if "spent_token" not in one and "DISTINCT ON" not in one])

    await family("lonely")
    for _ in range(6):
        await family("crowded")
    assert await counted("crowded") == await counted("lonely") <= 10


async def test_process_definitions_come_newest_first(api: Api, rita: Client) -> None:
    """Versions are written as `startWorkflow` takes them."""
    await api.sql(
        "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, access) "
        "VALUES (4503599627370999, 'listed', 1, 'l.bpmn', '', '{\"start\": \"everybody\", \"see\": \"everybody\"}'), "
        "(4503599627371000, 'listed', 2, 'l.bpmn', '', '{\"start\": \"everybody\", \"see\": \"everybody\"}')"
    )
    query = '{ processDefinitions(processName: "listed") { edges { node { processVersion definitionKey } } } }'
    nodes = [edge["node"] for edge in (await rita.answer(query))["edges"]]
    assert nodes == [
        {"processVersion": "engine:2", "definitionKey": "4503599627371000"},
        {"processVersion": "engine:1", "definitionKey": "4503599627370999"},
    ]


async def test_me_is_who_signed_in(rita: Client) -> None:
    """A persona with its groups and roles."""
    assert await rita.answer("{ me { subject groups roles } }") == {
        "subject": "rita",
        "groups": ["reviewers"],
        "roles": [],
    }


async def test_process_definition_shows_its_model_and_where_its_workflows_stand(api: Api) -> None:
    """A definition has its BPMN, the schema of what it starts with, and counts by element."""
    task = user_task()
    await api.sql(
        "INSERT INTO process_definition "
        "(definition_key, process_name, version, resource_name, bpmn, input_schema, access) "
        "VALUES ($1, 'loaded', 1, 'loaded.bpmn', '<bpmn/>', $2, $3)",
        int(task["definitionKey"]),
        '{"type": "object"}',
        '{"start": "everybody", "see": "everybody"}',
    )
    activity = await api.activity(**{**task, "processName": "loaded"})
    ada = await api.persona("ada")
    query = """{ processDefinitions(processName: "loaded") {
      edges { node { bpmn inputSchema load { elementId active } } } } }"""
    (edge,) = (await ada.ask(query))["processDefinitions"]["edges"]
    assert edge["node"] == {
        "bpmn": "<bpmn/>",
        "inputSchema": {"type": "object"},
        "load": [{"elementId": task["elementId"], "active": 1}],
    }
    query = "query ($id: UUID!) { activity(activityId: $id) { workflow { definition { processName } operateUrl } } }"
    workflow = (await ada.ask(query, id=activity["activityId"]))["activity"]["workflow"]
    assert workflow == {"definition": {"processName": "loaded"}, "operateUrl": None}


async def test_activities_can_be_read_by_follow_up_date(api: Api) -> None:
    """What is to be looked at first comes first, what has no date comes last, page by page."""
    await api.activity(name="Followed", processName="followed")
    for moment in ("2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"):
        await api.activity(name="Followed", processName="followed", followUpAt=moment)
    ada = await api.persona("ada")
    pages = await _pages(ada, "followed", "FOLLOW_UP_FIRST", "followUpAt")

    assert [[value and value[:4] for value in page] for page in pages] == [["2020", "2999"], [None]]


async def test_activities_can_be_read_by_priority(api: Api) -> None:
    """The most urgent come first, of equal ones the oldest; what says nothing is as urgent as most."""
    for nth, priority in enumerate((None, 10, 90, 50)):
        said = {} if priority is None else {"priority": priority}
        await api.activity(name=f"Urgent {nth}", processName="urgent", **said)
    ada = await api.persona("ada")

    assert await _pages(ada, "urgent", "PRIORITY_FIRST", "priority name") == [
        [(90, "Urgent 2"), (50, "Urgent 0")],
        [(50, "Urgent 3"), (10, "Urgent 1")],
    ]


async def _pages(person: Client, process_name: str, order: str, fields: str) -> list[list[Any]]:
    query = f"""query ($process: String!, $order: ActivityOrder!, $after: String) {{
      activities(first: 2, after: $after, orderBy: $order, filter: {{ processName: $process }}) {{
        edges {{ node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
    pages: list[list[Any]] = []
    after, more = None, True
    while more:
        found = (await person.ask(query, process=process_name, order=order, after=after))["activities"]
        values = [tuple(edge["node"].values()) for edge in found["edges"]]
        pages.append([value[0] if len(value) == 1 else value for value in values])
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
    return pages


async def test_activities_can_be_read_by_due_date(api: Api) -> None:
    """What is due first comes first, what is never due comes last, page by page; overdue ones can be told apart."""
    await api.activity(name="Dated", processName="dated")
    for due in ("2020-01-02T00:00:00Z", "2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"):
        await api.activity(name="Dated", processName="dated", dueAt=due)
    ada = await api.persona("ada")
    query = """query ($after: String, $overdue: Boolean!) {
      activities(first: 2, after: $after, orderBy: DUE_FIRST, filter: { processName: "dated", overdue: $overdue }) {
        edges { node { dueAt } } pageInfo { hasNextPage endCursor } } }"""
    first = (await ada.ask(query, overdue=False))["activities"]
    second = (await ada.ask(query, overdue=False, after=first["pageInfo"]["endCursor"]))["activities"]
    years = [(edge["node"]["dueAt"] or "never")[:10] for page in (first, second) for edge in page["edges"]]
    assert years == ["2020-01-01", "2020-01-02", "2999-01-01", "never"]
    assert not second["pageInfo"]["hasNextPage"]
    assert len((await ada.ask(query, overdue=True))["activities"]["edges"]) == 2

"""What many follow alike is executed once, and nobody hears of what is not for them."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.graphql_api.conftest import Api, Client
from tests.graphql_api.test_subscriptions import cut_database, events, following
from zeebe_fleet.deploy.node import SOURCES
from zeebe_fleet.graphql_api.schema import make_schema

ROWS = "subscription { activityChanged { activityId state workflow { processName } } }"
OPERATIONS = (SOURCES / "src" / "operations.graphql").read_text()


@pytest.mark.parametrize("name", ["ActivityChanged", "WorkflowChanged"])
def test_what_the_pages_follow_is_shared(name: str) -> None:
    """Otherwise two hundred open pages would cost two hundred executions at each change."""
    assert make_schema()._broadcast.asked(OPERATIONS, name, None) is not None


@pytest.mark.parametrize(
    "query",
    [
        'subscription { activityChanged(activityId: "00000000-0000-4000-8000-000000000000") { activityId } }',
        "subscription { workflowChanged { workflowId input } }",
        "subscription { activityChanged { activityId workflow { ...W } } } fragment W on Workflow { output }",
        "subscription { activityChanged { activityId ... on Activity { result } } }",
        "subscription { workflowChanged { activities { activityId } } }",
        "subscription ($id: UUID) { activityChanged(activityId: $id) { activityId } }",
        "subscription { activityChanged { activityId @skip(if: true) state } }",
        "subscription { activityChanged { workflow } }",
        "subscription { activityChanged { nonsense } }",
        "subscription { activityChanged { ...F } } fragment F on Activity { ...F }",
        "subscription { activityChanged {",
        "{ me { subject } }",
    ],
)
def test_what_differs_between_people_is_not_shared(query: str) -> None:
    """What depends on who asks, on arguments, or is not valid runs by itself."""
    assert make_schema()._broadcast.asked(query, None, None) is None


async def test_shared_change_reaches_all_who_may_see_it(api: Api, rita: Client, olga: Client, sam: Client) -> None:
    """A reviewer and an operator hear the same; a sales manager hears of the next thing only, which is for her."""
    async with events(rita, ROWS) as to_rita, events(olga, ROWS) as to_olga, events(sam, ROWS) as to_sam:
        heard = [asyncio.create_task(following(one)) for one in (to_rita, to_olga, to_sam)]
        review = await api.activity()
        first, second = await asyncio.gather(*heard[:2])
        discount = await api.activity(candidateGroups=["sales-managers"])
        third = await heard[2]
    assert first == second
    assert first["activityChanged"]["activityId"] == review["activityId"]
    assert third["activityChanged"]["activityId"] == discount["activityId"]


async def test_shared_stream_ends_with_the_records(api: Api, rita: Client) -> None:
    """Whoever follows is told by a torn stream that something may have been missed."""
    async with events(rita, ROWS) as stream, cut_database(api):
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(stream)

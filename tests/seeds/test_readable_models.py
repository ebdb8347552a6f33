"""Data models that are open for reading in GraphQL: those alone, for those who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from tests.seeds.conftest import Seeds
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.workers.contract.errors import FleetError

ROWS = """
query ($first: Int!, $after: String, $filter: SnapshotRowFilter) {
  snapshotRows(first: $first, after: $after, filter: $filter) {
    edges { cursor node { closedUntil } } pageInfo { hasNextPage endCursor }
  }
}
"""


@pytest.fixture(scope="module", autouse=True)
async def snapshots(seeds: Seeds) -> None:
    """Three rows, written past all workflows: the table is not managed."""
    await seeds.records.executemany(
        "INSERT INTO ext_mycompany_snapshot VALUES ($1) ON CONFLICT DO NOTHING",
        [(date(3000, month, 1),) for month in (1, 2, 3)],
    )


@pytest.fixture
async def olga(seeds: Seeds) -> AsyncIterator[FleetClient]:
    """An operator."""
    async with FleetClient(str(seeds.client._http.base_url)) as client:
        await client.sign_in("olga")
        yield client


async def read(client: FleetClient, **variables: Any) -> Any:
    """Read rows."""
    return (await client._ask(ROWS, **{"first": 100, **variables}))["snapshotRows"]


async def test_readable_model_is_read_page_by_page(seeds: Seeds, olga: FleetClient) -> None:
    """ "May need to be queried on its own": generated from the model, in the order of its key."""
    seen: list[str] = []
    after, more = None, True
    while more:
        page = await read(olga, first=2, after=after)
        seen += [edge["node"]["closedUntil"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    rows = await seeds.rows("SELECT closed_until::text AS at FROM ext_mycompany_snapshot ORDER BY 1")
    assert seen == [row["at"] for row in rows]
    assert seen[-3:] == ["3000-01-01", "3000-02-01", "3000-03-01"]


async def test_readable_model_is_filtered(olga: FleetClient) -> None:
    """By the columns that the registration names."""
    page = await read(olga, filter={"closedUntil": "3000-02-01"})

    assert [edge["node"]["closedUntil"] for edge in page["edges"]] == ["3000-02-01"]


async def test_roles_are_asked_for(seeds: Seeds) -> None:
    """Who has none of the roles is refused, and told which there are."""
    async with FleetClient(str(seeds.client._http.base_url)) as rita:
        await rita.sign_in("rita")

        with pytest.raises(FleetError, match=r"may not read rows of Snapshot.*NOT_ALLOWED.*roles operator"):
            await read(rita)


async def test_models_are_closed_by_default(olga: FleetClient) -> None:
    """A model that does not say `readable` is not in the schema at all, nor is a field that it does not name."""
    answer = await olga._ask(
        '{ __schema { queryType { fields { name } } } __type(name: "SnapshotRow") { fields { name } } }'
    )

    queries = {field["name"] for field in answer["__schema"]["queryType"]["fields"]}
    assert {name for name in queries if name.endswith("Rows")} == {"snapshotRows"}
    assert [field["name"] for field in answer["__type"]["fields"]] == ["closedUntil"]


@pytest.mark.parametrize("wrong", [{"after": "nonsense"}, {"first": 0}, {"first": 1000}])
async def test_wrong_pages_are_refused(olga: FleetClient, wrong: dict[str, Any]) -> None:
    """With what would be right."""
    with pytest.raises(FleetError, match="BAD_REQUEST"):
        await read(olga, **wrong)

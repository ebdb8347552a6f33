"""What one request may ask for, and what a bug shows."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest

from tests.graphql_api.conftest import Api, Client, serving
from zeebe_fleet.graphql_api.schema import make_schema
from zeebe_fleet.graphql_api.settings import ApiServices, Limits
from zeebe_fleet.workers.contract.data_rows import ReadableColumn, ReadableModel

DEEP = "{ workflows { edges { node { " + "parent { " * 12 + "state" + " }" * 12 + " } } } }"
FAMILY = "children { steps { attempts { fence } } }"
WIDE = f"{{ workflows(first: 100) {{ edges {{ node {{ steps {{ attempts {{ fence }} }} {FAMILY} }} }} }} }}"
ALIASES = "{ " + " ".join(f"a{n}: me {{ subject }}" for n in range(31)) + " }"
LONG = "{ me { " + "subject " * 5_000 + "} }"
SPREAD = "{ me { ...A } } fragment A on Me { subject ...B } fragment B on Me { ...A }"


@pytest.mark.parametrize("query", [DEEP, WIDE, ALIASES, LONG, SPREAD], ids=["deep", "wide", "aliases", "long", "cycle"])
async def test_a_query_that_asks_for_too_much_is_refused(rita: Client, query: str) -> None:
    """It is refused before anything is read."""
    body = await rita.send(query)
    assert body["errors"]
    assert not body.get("data")


def test_a_chain_counts_as_long_as_it_may_be() -> None:
    """Several may be read at once, and not as many as one likes."""
    columns = (ReadableColumn("action", str, False), ReadableColumn("amount", int, False))
    purchase = ReadableModel("Purchase", "A purchase.", frozenset({"operator"}), columns, (), is_chained=True)
    schema = make_schema(Limits(complexity=8_010), models=[purchase])
    chain = f'purchaseChain(workflowInstanceId: "{uuid4()}") {{ action amount }}'

    def refused(count: int) -> bool:
        document = schema.documents.read("{ " + " ".join(f"a{n}: {chain}" for n in range(count)) + " }")
        return "may read more than 8010 fields" in str(document.errors)

    assert [refused(count) for count in (1, 4, 5)] == [False, False, True]
    assert "of a longer one the first 1000" in schema.as_str()


class Broken:
    """An adapter with a bug."""

    def __getattr__(self, name: str) -> Any:
        async def fail(*given: Any) -> Any:
            raise ZeroDivisionError(f"given {given}")

        return fail


async def test_a_bug_shows_an_error_id_and_nothing_else(
    services: ApiServices, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The id is in the log, with where it happened; neither holds what the request was about."""
    broken = replace(services, activities=cast(Any, Broken()))
    async with serving(broken, database_url) as api:
        ada = await api.persona("ada")
        body = await ada.send(
            "query ($s: String) { activities(filter: {search: $s}) { pageInfo { endCursor } } }", s="my secret"
        )
    (error,) = body["errors"]
    logged = capsys.readouterr().out
    assert error["message"] == "Internal error."
    assert error["extensions"]["errorId"] in logged
    assert "ZeroDivisionError" in logged
    assert "my secret" not in logged


async def test_a_bug_in_a_subscription_is_masked_too(services: ApiServices, database_url: str) -> None:
    """What is streamed passes the same mask."""
    broken = replace(services, activities=cast(Any, Broken()))
    async with serving(broken, database_url) as api:
        ada = await api.persona("ada")
        response = await api.http.post(
            "/graphql",
            json={"query": f'subscription {{ activityChanged(activityId: "{uuid4()}") {{ state }} }}'},
            headers={**ada.headers, "accept": "text/event-stream"},
        )
    assert "Internal error." in response.text
    assert "given" not in response.text


async def test_variables_are_not_logged(
    api: Api, rita: Client, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Not even when they do not fit."""
    with caplog.at_level(logging.DEBUG):
        await rita.send("query ($id: UUID!) { workflow(workflowId: $id) { state } }", id="my secret")
        await rita.send("mutation { startWorkflow(processName: 1) { __typename } }")
    assert "my secret" not in caplog.text + "".join(capsys.readouterr())

"""Workflow records on a real PostgreSQL, below the API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.workers.contract.api_ports import StartRequest
from zeebe_fleet.workers.contract.errors import RecordsUnavailable
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import Origin, WorkflowState
from zeebe_fleet.workers.contract.refusals import InvalidVariables, UnknownProcess

RITA = Principal("rita", groups=frozenset({"reviewers"}))


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Somebody who looks into the tables."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def workflows(database_url: str) -> AsyncIterator[PostgresWorkflows]:
    """The records."""
    database = create_async_engine(sqlalchemy_url(database_url))
    yield PostgresWorkflows(async_sessionmaker(database, expire_on_commit=False))
    await database.dispose()


async def insert(connection: asyncpg.Connection[asyncpg.Record], **values: Any) -> UUID:
    """Insert a running workflow."""
    row = {"workflow_id": uuid4(), "process_name": "p", "state": "RUNNING", "origin": "API", **values}
    marks = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await connection.execute(
        f"INSERT INTO workflow ({', '.join(row)}, principal) VALUES ({marks}, '{{}}')", *row.values()
    )
    return UUID(str(row["workflow_id"]))


async def test_start_with_variables_that_do_not_fit_is_refused_without_repeating_them(
    workflows: PostgresWorkflows, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """What the process says it starts with is asked for before anything is written."""
    schema = {
        "type": "object",
        "required": ["email", "amount"],
        "properties": {"amount": {"type": "number", "exclusiveMinimum": 0}},
    }
    await connection.execute(
        "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, input_schema) "
        "VALUES (77, 'strict', 1, 's.bpmn', '', $1)",
        json.dumps(schema),
    )
    with pytest.raises(InvalidVariables) as refused:
        await workflows.request_start(RITA, StartRequest("strict", variables={"amount": "secret"}))
    assert "email missing" in refused.value.message
    assert "amount: must be of type 'number'" in refused.value.message
    assert "secret" not in refused.value.message
    assert await connection.fetchval("SELECT count(*) FROM workflow WHERE process_name = 'strict'") == 0
    await workflows.request_start(RITA, StartRequest("strict", variables={"amount": 1, "email": "a@b"}))


async def test_refused_start_leaves_its_key_free(
    workflows: PostgresWorkflows, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """What was refused committed nothing: once the process is there, the same request is done."""
    request = StartRequest("late", engine_version=1, idempotency_key="late")
    with pytest.raises(UnknownProcess):
        await workflows.request_start(RITA, request)
    await connection.execute(
        "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn) "
        "VALUES (1, 'late', 1, 'l.bpmn', '')"
    )
    assert len((await workflows.request_start(RITA, request)).owed_ids) == 1


async def test_records_speak_in_words_of_their_enums(workflows: PostgresWorkflows) -> None:
    """What is stored as text is read as a member."""
    requested = await workflows.request_start(RITA, StartRequest("p"))
    record = (await workflows.by_id([requested.record_id]))[requested.record_id]
    assert record.state is WorkflowState.REQUESTED
    assert record.origin is Origin.API


async def test_live_instances_are_those_of_the_whole_tree(
    workflows: PostgresWorkflows, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Children and their children count, ended ones do not."""
    root = await insert(connection, process_instance_key=1)
    child = await insert(connection, process_instance_key=2, parent_workflow_id=root)
    grandchild = await insert(connection, process_instance_key=3, parent_workflow_id=child)
    await insert(connection, process_instance_key=4, parent_workflow_id=root, state="COMPLETED")
    await insert(connection, process_instance_key=5)
    assert sorted(await workflows.live_instances(root), key=lambda one: one[1]) == [
        (root, 1),
        (child, 2),
        (grandchild, 3),
    ]


async def test_clear_incidents_clears_only_the_named(
    workflows: PostgresWorkflows, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Others keep theirs."""
    mine, other = [await insert(connection, incident="stuck") for _ in range(2)]
    await workflows.clear_incidents({7: mine})
    found = await workflows.by_id([mine, other])
    assert (found[mine].incident, found[other].incident) == (None, "stuck")


async def test_records_without_postgresql_say_so() -> None:
    """The driver's error is translated."""
    database = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    workflows = PostgresWorkflows(async_sessionmaker(database, expire_on_commit=False))
    with pytest.raises(RecordsUnavailable):
        await workflows.by_id([uuid4()])
    await database.dispose()

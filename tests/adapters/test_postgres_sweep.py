"""What the sweep makes of silence, on the real PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.ports import OpenIncident

MODEL = ProcessModel(
    process_name="p",
    flowing={"after": ("step",), "merge": ("step",), "rejoined": ("step", "escalation")},
    interrupting={"escalation": ("step",), "merge": ("step",)},
    has_listeners=True,
)
PLAIN = ProcessModel(process_name="p", flowing={"after": ("step",)}, has_listeners=True)
ONCE = replace(MODEL, once=frozenset({"step", "after", "escalation"}))
LOOP = replace(MODEL, flowing=dict.fromkeys(("step", "after"), ("step", "after", "escalation")))
MODELS = {1: MODEL, 2: PLAIN, 4: ONCE, 5: LOOP}


async def model_of(definition_key: int | None) -> ProcessModel:
    """The models of these tests."""
    return MODELS.get(definition_key or 0, UNKNOWN)


@pytest.fixture
async def sweeper(database_url: str) -> AsyncIterator[PostgresSweeper]:
    """A sweeper that finds every workflow quiet."""
    sweeper = PostgresSweeper(database_url, model_of, quiet_after_s=0.0)
    yield sweeper
    await sweeper.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to look and write with."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def workflow(database: asyncpg.Connection, state: str, definition_key: int = 1) -> uuid.UUID:
    """Write a workflow."""
    workflow_id = uuid.uuid4()
    await database.execute(
        """
        INSERT INTO workflow (workflow_id, process_name, definition_key, process_instance_key, state, origin, principal)
        VALUES ($1, 'p', $2, $3, $4, 'API', '{"subject": "ada"}')
        """,
        workflow_id,
        definition_key,
        uuid.uuid4().int % 2**60,
        state,
    )
    return workflow_id


async def step(database: asyncpg.Connection, workflow_id: uuid.UUID, element_id: str, state: str) -> int:
    """Write a step of a workflow."""
    step_id: int = await database.fetchval(
        """
        INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, process_instance_key,
            definition_key, state, finished_at)
        SELECT workflow_id, $2, 't', 'ACTION', $3, 1, process_instance_key, definition_key, $4, now()
        FROM workflow WHERE workflow_id = $1 RETURNING step_id
        """,
        workflow_id,
        uuid.uuid4().int % 2**60,
        element_id,
        state,
    )
    return step_id


async def activity(database: asyncpg.Connection, workflow_id: uuid.UUID, element_id: str, state: str) -> uuid.UUID:
    """Write an activity of a workflow."""
    activity_id: uuid.UUID = await database.fetchval(
        """
        INSERT INTO activity (activity_id, workflow_id, element_id, element_instance_key, process_instance_key,
            definition_key, job_key, name, state)
        VALUES (gen_random_uuid(), $1, $2, 1, 1, 1, $3, 'Review', $4) RETURNING activity_id
        """,
        workflow_id,
        element_id,
        uuid.uuid4().int % 2**60,
        state,
    )
    return activity_id


async def state_of(database: asyncpg.Connection, step_id: int) -> str:
    """Read a step's state."""
    state: str = await database.fetchval("SELECT state FROM step WHERE step_id = $1", step_id)
    return state


@pytest.mark.parametrize(
    ("later", "workflow_state", "definition_key", "expected"),
    [
        ("after", "RUNNING", 1, "COMPLETED"),
        ("escalation", "RUNNING", 1, "ORPHANED"),
        (None, "RUNNING", 1, "UNCERTAIN"),
        ("merge", "RUNNING", 1, "UNCERTAIN"),
        (None, "CANCELLED", 1, "ORPHANED"),
        ("after", "CANCELLED", 1, "COMPLETED"),
        (None, "COMPLETED", 1, "UNCERTAIN"),
        (None, "COMPLETED", 2, "COMPLETED"),
        (None, "ENDED_UNKNOWN", 2, "UNCERTAIN"),
    ],
)
async def test_uncertain_step_is_settled_by_where_the_process_went(
    sweeper: PostgresSweeper,
    database: asyncpg.Connection,
    later: str | None,
    workflow_state: str,
    definition_key: int,
    expected: str,
) -> None:
    """A successor proves that the process heard, an interruption's that it did not; else nothing is guessed."""
    workflow_id = await workflow(database, workflow_state, definition_key)
    uncertain = await step(database, workflow_id, "step", "UNCERTAIN")
    if later is not None:
        await step(database, workflow_id, later, "CLAIMED")
    await sweeper.settle_uncertain()
    assert await state_of(database, uncertain) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (["rejoined"], "COMPLETED"),
        (["escalation", "rejoined"], "ORPHANED"),
        (["after", "step", "escalation", "rejoined"], "COMPLETED"),
        (["step", "escalation"], "UNCERTAIN"),
    ],
)
async def test_interruption_that_leads_back_proves_nothing_of_the_ordinary_way(
    sweeper: PostgresSweeper, database: asyncpg.Connection, later: list[str], expected: str
) -> None:
    """Nor does what came of the next run of the same element."""
    workflow_id = await workflow(database, "RUNNING")
    uncertain = await step(database, workflow_id, "step", "UNCERTAIN")
    for element_id in later:
        await step(database, workflow_id, element_id, "CLAIMED")
    await sweeper.settle_uncertain()
    assert await state_of(database, uncertain) == expected


@pytest.mark.parametrize("interruption", [step, activity])
async def test_interruption_of_the_next_run_tells_nothing_of_this_one(
    sweeper: PostgresSweeper, database: asyncpg.Connection, interruption: Callable[..., Awaitable[object]]
) -> None:
    """Where a loop leads from the interruption back to the step, whoever does what came of it."""
    workflow_id = await workflow(database, "RUNNING", 5)
    uncertain = await step(database, workflow_id, "step", "UNCERTAIN")
    for element_id in ("after", "step"):
        await step(database, workflow_id, element_id, "COMPLETED")
    await interruption(database, workflow_id, "escalation", "COMPLETED")
    await step(database, workflow_id, "step", "CLAIMED")
    await sweeper.settle_uncertain()
    assert await state_of(database, uncertain) == "COMPLETED"


@pytest.mark.parametrize(("definition_key", "expected"), [(4, "ORPHANED"), (1, "UNCERTAIN")])
async def test_interrupted_step_may_have_been_claimed_after_what_came_of_it(
    sweeper: PostgresSweeper, database: asyncpg.Connection, definition_key: int, expected: str
) -> None:
    """Handed out before, and slow on its way: where both begin once at most, the order tells nothing."""
    workflow_id = await workflow(database, "RUNNING", definition_key)
    await step(database, workflow_id, "escalation", "COMPLETED")
    uncertain = await step(database, workflow_id, "step", "UNCERTAIN")
    await sweeper.settle_uncertain()
    assert await state_of(database, uncertain) == expected


@pytest.mark.parametrize(
    ("later", "workflow_state", "expected"),
    [
        ("after", "RUNNING", "COMPLETED"),
        ("escalation", "RUNNING", "TOO_LATE"),
        (None, "RUNNING", "COMPLETING"),
        (None, "CANCELLED", "TOO_LATE"),
    ],
)
async def test_activity_told_twice_is_settled_likewise(
    sweeper: PostgresSweeper, database: asyncpg.Connection, later: str | None, workflow_state: str, expected: str
) -> None:
    """A completion whose first reply was lost is COMPLETED or TOO_LATE once the process shows which."""
    workflow_id = await workflow(database, workflow_state)
    activity_id = await activity(database, workflow_id, "step", "COMPLETING")
    if later is not None:
        await step(database, workflow_id, later, "CLAIMED")
    await sweeper.settle_uncertain()
    found = await database.fetchval("SELECT state FROM activity WHERE activity_id = $1", activity_id)
    assert found == expected


@pytest.mark.parametrize(("definition_key", "expected"), [(1, "CANCELLED"), (3, "ENDED_UNKNOWN")])
async def test_silent_end_is_a_cancel_only_where_an_end_would_have_been_told(
    sweeper: PostgresSweeper, database: asyncpg.Connection, definition_key: int, expected: str
) -> None:
    """With listeners an end without a word was a cancel; without, it is unknown and not guessed."""
    workflow_id = await workflow(database, "RUNNING", definition_key)
    await step(database, workflow_id, "a", "COMPLETED")
    assert workflow_id in [quiet for quiet, _ in await sweeper.quiet(1000)]
    await sweeper.ended(workflow_id)
    found = await database.fetchval("SELECT state FROM workflow WHERE workflow_id = $1", workflow_id)
    assert found == expected


async def held_up(database: asyncpg.Connection, workflow_id: uuid.UUID) -> str | None:
    """Read what holds a workflow up."""
    said: str | None = await database.fetchval("SELECT incident FROM workflow WHERE workflow_id = $1", workflow_id)
    return said


async def told(database: asyncpg.Connection, workflow_id: uuid.UUID, *incident_keys: int) -> list[OpenIncident]:
    """Return incidents of a workflow as the engine tells of them."""
    instance_key = await database.fetchval(
        "SELECT process_instance_key FROM workflow WHERE workflow_id = $1", workflow_id
    )
    return [
        OpenIncident(key, instance_key, None, "which", f"no way for ada {key}", f"KIND_{key}") for key in incident_keys
    ]


def shown_as(kind: str, element_id: str = "which") -> str:
    """Return what is shown of an incident: nothing of its message, which may name anybody."""
    return f"The engine holds it up at {element_id} ({kind}). Its page shows operators why."


async def test_what_the_engine_holds_up_is_held_up_until_it_is_resolved(
    sweeper: PostgresSweeper, database: asyncpg.Connection
) -> None:
    """One incident at a time is shown; resolved elsewhere, the next one is, and then none."""
    workflow_id = await workflow(database, "RUNNING")
    both = await told(database, workflow_id, 1, 2)
    shown = []
    for incidents in (both, both, both[1:], []):
        await sweeper.hold_up(incidents, whole=True)
        shown.append(await held_up(database, workflow_id))
    assert shown == [shown_as("KIND_1"), shown_as("KIND_1"), shown_as("KIND_2"), None]


async def test_incident_that_was_retried_is_not_shown_again_while_the_engine_lags(
    sweeper: PostgresSweeper, database: asyncpg.Connection
) -> None:
    """Its key is kept; the next incident has another one."""
    workflow_id = await workflow(database, "RUNNING")
    incidents = await told(database, workflow_id, 1)
    await sweeper.hold_up(incidents, whole=True)
    await database.execute("UPDATE workflow SET incident = NULL WHERE workflow_id = $1", workflow_id)
    await sweeper.hold_up(incidents, whole=True)
    assert await held_up(database, workflow_id) is None
    await sweeper.hold_up(await told(database, workflow_id, 3), whole=True)
    assert await held_up(database, workflow_id) == shown_as("KIND_3")


async def test_incident_that_the_engine_has_not_told_yet_stays(
    sweeper: PostgresSweeper, database: asyncpg.Connection
) -> None:
    """A worker's own words stay, and are kept when the engine tells of it; a part of a list proves nothing."""
    workflow_id = await workflow(database, "RUNNING")
    await database.execute("UPDATE workflow SET incident = 'no account' WHERE workflow_id = $1", workflow_id)
    for incidents, whole in (([], True), (await told(database, workflow_id, 1), True), ([], False)):
        await sweeper.hold_up(incidents, whole=whole)
        assert await held_up(database, workflow_id) == "no account"
    await sweeper.hold_up([], whole=True)
    assert await held_up(database, workflow_id) is None


async def test_incident_with_what_no_text_can_hold_is_shown(
    sweeper: PostgresSweeper, database: asyncpg.Connection
) -> None:
    """Another worker's words stop no sweep, whatever is in them."""
    workflow_id = await workflow(database, "RUNNING")
    (incident,) = await told(database, workflow_id, 1)
    unfit = replace(incident, message="\0 \ud800", element_id="a\0b", error_type="\udfff")
    await sweeper.hold_up([unfit], whole=True)
    assert await held_up(database, workflow_id) == shown_as("\ufffd", "a\ufffdb")

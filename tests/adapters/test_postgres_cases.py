"""Definitions of cases as the store and the records have them, and how the jobs of their steps ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from zeebe_fleet.adapters.artifacts.folder import FolderStore
from zeebe_fleet.adapters.postgres.cases import PostgresCases
from zeebe_fleet.adapters.postgres.published import PostgresVersions
from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.artifact import read_artifact
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.bpmn.tooling.case import walk_of
from zeebe_fleet.bpmn.tooling.publishing import Planner, gathered, publish
from zeebe_fleet.deploy.keys import key_in, new_key
from zeebe_fleet.deploy.published import StoreDefinitions
from zeebe_fleet.workers.contract.cases import CaseReference, JobEnd
from zeebe_fleet.workers.contract.errors import PermanentError, TransientError
from zeebe_fleet.workers.contract.job import JobKey

SPENT = {"employee": "paul", "amount": 120, "purpose": "A train"}
NAME, VERSION = "expense_approval", "1.2.0"
_WORKFLOW = """
INSERT INTO workflow (workflow_id, process_name, state, origin, principal, artifact_name, artifact_version,
    artifact_sha256)
VALUES ($1, 'generic_case', 'RUNNING', 'API', '{}', $2, $3, $4)
"""
_STEP = """
INSERT INTO step (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
    process_instance_key, definition_key, state, input, result, error, finished_at)
VALUES ($1, $2, gen_random_uuid(), 'x', 'ACTION', $3, 1, 1, 1, $4, '{}', $5, $6, now())
"""


@dataclass
class Desk:
    """A store with what ships, and who fetches from it."""

    cases: PostgresCases
    database: asyncpg.Connection[asyncpg.Record]

    async def workflow(self, **started_by: str) -> UUID:
        """Make a workflow, started by a version or not."""
        workflow_id = uuid4()
        await self.database.execute(_WORKFLOW, workflow_id, *map(started_by.get, ("name", "version", "sha256")))
        return workflow_id

    async def step(self, workflow_id: UUID, key: int, element: str, state: str, **said: str) -> None:
        """Make a step that is over."""
        await self.database.execute(_STEP, workflow_id, key, element, state, said.get("result"), said.get("error"))


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """The shipped case and a process, published to a folder."""
    database = await asyncpg.connect(database_url)
    policy = tmp_path / "publishers.yaml"
    policy.write_text(new_key("tests", tmp_path / "key"))
    store = FolderStore(tmp_path / "store")
    artifacts = [one for name in (NAME, "hello_world") for one in gathered(PROCESSES / name)]
    plans = await Planner(store, read_policy(policy)).plan(artifacts)
    async for _ in publish(plans, store, read_policy(policy), key_in(tmp_path / "key").get_secret_value()):
        pass
    known = PostgresVersions(database_url)
    cases = PostgresCases(
        database_url,
        StoreDefinitions(store, policy),
        known,
        lambda stored, file: read_artifact(stored, file).artifact,
        walk_of,
    )
    yield Desk(cases, database)
    await database.close()
    await cases.close()
    await known.close()


async def test_fetched_definition_is_kept_and_noted(desk: Desk) -> None:
    """Afterwards the records have it, the workflow names it, and it is read from there."""
    workflow_id = await desk.workflow()
    reference, _ = await desk.cases.fetch(workflow_id, NAME, VERSION, SPENT)
    row = await desk.database.fetchrow("SELECT * FROM workflow WHERE workflow_id = $1", workflow_id)
    assert row
    assert (row["artifact_name"], row["artifact_version"], row["artifact_sha256"]) == (NAME, VERSION, reference.sha256)
    assert [one.id for one in (await desk.cases.graph(reference)).steps][:2] == ["submit", "needs_a_manager"]


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        (NAME, "1.2.1", "expense_approval_v1.2.1.yaml is not published"),
        ("hello_world", "1.0.0", "is the definition of a process, not of a case"),
        ("../expense_approval", VERSION, "is no name of an artifact"),
        (NAME, "latest", "is no name of an artifact"),
    ],
)
async def test_what_is_no_published_case_is_an_incident(desk: Desk, name: str, version: str, said: str) -> None:
    """Each is told by its name, and no other version is taken instead."""
    with pytest.raises(PermanentError, match=said):
        await desk.cases.fetch(await desk.workflow(), name, version, SPENT)


async def test_variables_that_do_not_fit_are_an_incident(desk: Desk) -> None:
    """The path and the rule are told, and nothing of the value."""
    with pytest.raises(PermanentError, match="amount: must be of maximum 1000000") as told:
        await desk.cases.fetch(await desk.workflow(), NAME, VERSION, SPENT | {"amount": 7_654_321})
    assert "7654321" not in str(told.value)


async def test_workflow_keeps_what_it_was_started_by(desk: Desk) -> None:
    """Variables that name something else than the start did are refused."""
    reference, _ = await desk.cases.fetch(await desk.workflow(), NAME, VERSION, SPENT)
    other = await desk.workflow(**reference.to_json())
    assert (await desk.cases.fetch(other, NAME, VERSION, SPENT))[0] == reference
    forged = await desk.workflow(**{**reference.to_json(), "sha256": "0" * 64})
    with pytest.raises(PermanentError, match="The workflow was started by"):
        await desk.cases.fetch(forged, NAME, VERSION, SPENT)


async def test_definition_is_read_by_its_hash(desk: Desk) -> None:
    """A reference that the records have otherwise, or not at all, is refused."""
    reference, _ = await desk.cases.fetch(await desk.workflow(), NAME, VERSION, SPENT)
    with pytest.raises(PermanentError, match="the records have"):
        await desk.cases.case(CaseReference(NAME, VERSION, "0" * 64))
    with pytest.raises(PermanentError, match="The records do not have"):
        await desk.cases.case(CaseReference(NAME, "9.9.9", reference.sha256))


async def test_without_a_store_only_what_is_known_is_fetched(desk: Desk, database_url: str) -> None:
    """What the records have goes on; for the rest the message says what to set."""
    reference, _ = await desk.cases.fetch(await desk.workflow(), NAME, VERSION, SPENT)
    desk.cases._published = None
    assert (await desk.cases.fetch(await desk.workflow(), NAME, VERSION, SPENT))[0] == reference
    with pytest.raises(TransientError, match=r"no store is set.*FLEET_ARTIFACTS__STORE"):
        await desk.cases.fetch(await desk.workflow(), NAME, "1.3.0", SPENT)


async def test_job_end_is_that_of_the_job_before(desk: Desk) -> None:
    """What it returned, or the error it threw; of a job that somebody else's worker did, nothing."""
    workflow_id = await desk.workflow()
    await desk.step(workflow_id, 1, "system_step", "COMPLETED", result='{"payout_id": "p1"}')
    assert await desk.cases.job_end(workflow_id, JobKey(2)) == JobEnd({"payout_id": "p1"}, None)
    await desk.step(workflow_id, 2, "follow_transition", "FAILED")
    assert await desk.cases.job_end(workflow_id, JobKey(2)) == JobEnd({"payout_id": "p1"}, None)
    await desk.step(workflow_id, 3, "system_step", "THROWN", error='{"code": "ACCOUNT_CLOSED"}')
    assert await desk.cases.job_end(workflow_id, JobKey(4)) == JobEnd(None, "ACCOUNT_CLOSED")
    await desk.step(workflow_id, 4, "follow_error", "COMPLETED", result="{}")
    assert await desk.cases.job_end(workflow_id, JobKey(6)) is None

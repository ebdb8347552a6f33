"""Cases on the real engine: definitions published to a store, and run by the generic process to each of their ends."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.e2e.desk import ACTIVITY, Desk, settings_for
from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.keys import new_key
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import ZeebeSettings
from zeebe_fleet.deploy.testing import _roles
from zeebe_fleet.workers.contract.ports import Resource

HOLIDAY = """\
name: holiday_case
version: 1.0.0
description: Ends at once.
steps: [{id: over, kind: final, status: OVER}]
"""
CANCEL = "mutation ($id: UUID!) { answer: cancelWorkflow(workflowId: $id) { __typename } }"
SPENT: dict[str, Any] = {"employee": "paul", "amount": 4200, "purpose": "A fair"}


@pytest.fixture(scope="module")
async def desk(
    addresses: Addresses, zeebe: ZeebeSettings, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """Every role at work, and the shipped case published."""
    keys, store = tmp_path_factory.mktemp("keys"), tmp_path_factory.mktemp("disk") / "store"
    (keys / "publishers.yaml").write_text(new_key("the tests", keys / "signing.key"))
    records = await asyncpg.connect(database_url)
    artifacts = ArtifactsSection(store=str(store), publishers=keys / "publishers.yaml")
    settings = settings_for(database_url, addresses, zeebe, artifacts)
    async with _roles(settings) as fleet, ZeebeEngine(connection_to(zeebe)) as engine:
        desk = Desk(fleet.client, settings.api_url, records, settings, engine, keys)
        await desk.publish(PROCESSES / "expense_approval")
        yield desk
    await records.close()


def store_folder(desk: Desk) -> Path:
    """Return where the store is."""
    return Path(desk.settings.artifacts.store)


def case_folder(folder: Path, **replaced: str) -> Path:
    """Copy the shipped case, with some of its words replaced."""
    shutil.copytree(PROCESSES / "expense_approval", folder / "expense_approval")
    file = folder / "expense_approval" / "case.yaml"
    text = file.read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return folder / "expense_approval"


async def test_case_goes_through_people_and_workers_to_its_end(desk: Desk) -> None:
    """Submitted, asked back, approved twice, paid out: each step and each transition is in the records."""
    workflow_id = await desk.begin(**SPENT)
    assert (await desk.act(workflow_id, "submit", amount=4200, purpose="A fair"))["__typename"] == "ActivityCompleted"
    await desk.act(workflow_id, "ask_back", question="Which fair?")
    await desk.act(workflow_id, "submit", amount=4200, purpose="A fair", answer="The one in spring")
    await desk.act(workflow_id, "approve")
    await desk.act(workflow_id, "approve", finance_comment="So be it")
    output = await desk.ended(workflow_id)
    assert output["case_status"] == "APPROVED"
    assert output["payout"]["payout_id"] == output["payout_id"]
    found = await desk.case(workflow_id)
    case = found["case"]
    assert (found["artifactName"], found["artifactVersion"]) == ("expense_approval", "1.2.0")
    assert (case["name"], case["version"], case["sha256"]) == ("expense_approval", "1.2.0", found["artifactSha256"])
    assert (case["status"], case["atStep"]) == ("APPROVED", "approved")
    assert [(one["on"], one["target"]) for one in case["moves"]] == [
        ("", "submit"),
        ("submit", "needs_a_manager"),
        ("regular", "manager_approval"),
        ("ask_back", "submit"),
        ("submit", "needs_a_manager"),
        ("regular", "manager_approval"),
        ("approve", "over_the_limit"),
        ("large", "finance_approval"),
        ("approve", "pay_out"),
        ("", "approved"),
    ]
    elements = [element for element, _ in await desk.steps(workflow_id)]
    assert elements[0] == "fetch_definition"
    assert elements[-3:] == ["system_step", "follow_transition", "commit_case"]


async def test_case_ends_where_its_actions_and_decisions_lead(desk: Desk) -> None:
    """Petty cash needs nobody; a rejection, a withdrawal and a closed account end it otherwise."""
    petty = await desk.begin(**{**SPENT, "amount": 10})
    await desk.act(petty, "submit", amount=10, purpose="A pen")
    assert (await desk.ended(petty))["case_status"] == "APPROVED"
    withdrawn = await desk.begin(**SPENT)
    await desk.act(withdrawn, "withdraw", amount=4200, purpose="A fair")
    assert (await desk.ended(withdrawn))["case_status"] == "WITHDRAWN"
    rejected = await desk.begin(**SPENT)
    await desk.act(rejected, "submit", amount=4200, purpose="A fair")
    await desk.act(rejected, "reject", comment="Too much")
    assert (await desk.ended(rejected))["case_status"] == "REJECTED"
    closed = await desk.begin(**{**SPENT, "employee": "gone", "amount": 10})
    await desk.act(closed, "submit", amount=10, purpose="A pen")
    assert (await desk.ended(closed))["case_status"] == "REJECTED"
    assert [one["on"] for one in (await desk.case(closed))["case"]["moves"]][-1] == "ACCOUNT_CLOSED"


async def test_activity_shows_what_the_definition_says(desk: Desk) -> None:
    """Name, prompt, form, actions, people and due date are the step's; of the model's task, nothing is left."""
    workflow_id = await desk.begin(**SPENT)
    turn = await desk.turn(workflow_id)
    shown = await desk.shown(turn)
    assert (turn["name"], shown["name"], turn["elementId"]) == ("Submit expense", "Submit expense", "human_step")
    assert shown["actions"] == [{"id": "submit", "label": "Hand in"}, {"id": "withdraw", "label": "Withdraw"}]
    prompt, *fields = shown["form"]["components"]
    assert prompt["text"].startswith("# Submit expense")
    assert [one["key"] for one in fields] == ["amount", "purpose", "question", "answer"]
    assert shown["input"] == SPENT
    async with desk.as_person("paul") as paul, desk.as_person("sam") as sam:
        assert (await paul.ask(ACTIVITY, id=turn["activityId"]))["answer"]
        assert (await sam.ask(ACTIVITY, id=turn["activityId"]))["answer"] is None


async def test_action_that_is_not_offered_moves_nothing(desk: Desk) -> None:
    """A wrong action, no action, and data that do not fit are typed refusals, and the activity waits on."""
    workflow_id = await desk.begin(**SPENT)
    turn = await desk.turn(workflow_id)
    filled = {"amount": 4200, "purpose": "A fair"}
    for wrong in ("approve", None):
        answer = await desk.decide(turn, wrong, **filled)
        assert (answer["__typename"], answer["offered"]) == ("ActionNotOffered", ["submit", "withdraw"])
    assert (await desk.decide(turn, "submit", amount=0))["__typename"] == "InvalidForm"
    forged = await desk.decide(turn, "submit", **filled, case_step={"id": "approved"})
    assert forged["__typename"] == "InvalidVariables"
    assert (await desk.decide(turn, "submit", **filled))["__typename"] == "ActivityCompleted"
    answer = await desk.act(workflow_id, "reject")
    assert [one["field"] for one in answer["fields"]] == ["comment"]


async def test_generic_case_is_started_by_its_own_name(desk: Desk) -> None:
    """`process_name` and `process_version` as variables fetch exactly that artifact; what it starts with must fit."""
    named = {"process_name": "expense_approval", "process_version": "1.2.0"}
    workflow_id = await desk.begin(None, "generic_case", **named, **SPENT)
    assert (await desk.turn(workflow_id))["name"] == "Submit expense"
    assert (await desk.case(workflow_id))["artifactVersion"] == "1.2.0"
    unheard = await desk.begin_in_engine("expense_approval", "1.2.0", **SPENT)
    assert (await desk.turn(unheard))["name"] == "Submit expense"
    assert (await desk.case(unheard))["artifactVersion"] == "1.2.0"
    unfit = await desk.begin_in_engine("expense_approval", "1.2.0", amount=10)
    assert "employee" in await desk.incident(unfit)


async def test_definition_that_cannot_be_had_is_an_incident(desk: Desk) -> None:
    """One that is not published is told by name; once it is there, the case goes on and nothing is lost."""
    workflow_id = await desk.begin_in_engine("holiday_case", "1.0.0")
    assert "holiday_case_v1.0.0.yaml" in await desk.incident(workflow_id)
    folder = desk.keys / "holiday_case"
    folder.mkdir()
    (folder / "case.yaml").write_text(HOLIDAY)
    await desk.publish(folder)
    await desk.client.retry(workflow_id)
    assert (await desk.ended(workflow_id))["case_status"] == "OVER"


async def test_store_that_is_away_holds_up_only_what_is_new(desk: Desk) -> None:
    """What was fetched before is in the records; the rest is an incident, and goes on when the store is back."""
    await desk.turn(await desk.begin(**SPENT))
    disk = store_folder(desk).parent
    away = disk.with_name("away")
    (new := desk.keys / "new" / "later").mkdir(parents=True)
    (new / "case.yaml").write_text(HOLIDAY.replace("holiday_case", "later"))
    await desk.publish(new)
    disk.rename(away)
    try:
        known = await desk.begin(**SPENT)
        assert (await desk.turn(known))["name"] == "Submit expense"
        unknown = await desk.begin_in_engine("later", "1.0.0")
        assert "later_v1.0.0.yaml cannot be fetched" in await desk.incident(unknown)
    finally:
        away.rename(disk)
    await desk.client.retry(unknown)
    assert (await desk.ended(unknown))["case_status"] == "OVER"


async def test_artifact_that_was_changed_is_refused(desk: Desk) -> None:
    """A store that gives out something else under a name that is known stops the case, and the text says why."""
    file = store_folder(desk) / "expense_approval_v1.2.0.yaml"
    published = file.read_bytes()
    file.chmod(0o644)
    try:
        file.write_bytes(published.replace(b"amount > 1000", b"amount > 9000"))
        said = await desk.incident(await desk.begin(**SPENT))
    finally:
        file.write_bytes(published)
    assert "expense_approval_v1.2.0.yaml" in said
    assert "signature" in said or "changed" in said


async def test_new_version_leaves_running_cases_alone(desk: Desk, tmp_path: Path) -> None:
    """A case keeps its definition, and an activity its form and actions, whatever is published meanwhile."""
    before = await desk.begin(**SPENT)
    turn = await desk.turn(before)
    was = await desk.shown(turn)
    newer = case_folder(tmp_path, **{"version: 1.2.0": "version: 1.3.0", "label: Hand in": "label: Send"})
    await desk.publish(newer)
    after = await desk.begin("1.3.0", **SPENT)
    assert (await desk.shown(await desk.turn(after)))["actions"][0] == {"id": "submit", "label": "Send"}
    assert await desk.shown(turn) == was
    await desk.decide(turn, "submit", amount=4200, purpose="A fair")
    await desk.act(before, "ask_back", question="Which?")
    assert (await desk.shown(await desk.turn(before)))["actions"][0] == {"id": "submit", "label": "Hand in"}
    versions = [(await desk.case(one))["artifactVersion"] for one in (before, after)]
    assert versions == ["1.2.0", "1.3.0"]


async def test_generic_process_is_updated_without_its_definitions(desk: Desk) -> None:
    """A new model runs the same published version; a case that runs stays on the model it began with."""
    before = await desk.begin(**SPENT)
    await desk.turn(before)
    package = load_package(PROCESSES / "generic_case")
    (resource,) = package.resources()
    text = resource.content.replace(b'name="Commit"', b'name="Commit at last"')
    deployed = await desk.engine.deploy([Resource(resource.name, text)])
    definitions = PostgresDefinitions(desk.settings.database_url, read_model)
    await definitions.save(deployed, lambda _: text.decode(), {}, {})
    await definitions.close()
    after = await desk.begin(**SPENT)
    for one in (before, after):
        await desk.act(one, "withdraw", amount=4200, purpose="A fair")
        assert (await desk.ended(one))["case_status"] == "WITHDRAWN"
    query = "SELECT process_version, artifact_version, artifact_sha256 FROM workflow WHERE workflow_id = $1::uuid"
    (was,), (now,) = [await desk.rows(query, one) for one in (before, after)]
    assert now["process_version"] == was["process_version"] + 1
    assert [now[one] for one in ("artifact_version", "artifact_sha256")] == [
        was[one] for one in ("artifact_version", "artifact_sha256")
    ]


async def test_case_is_run_again_from_where_it_stopped(desk: Desk) -> None:
    """Run again, a cancelled case keeps its version, and what was decided and done before is not asked again."""
    failed = await desk.begin(**{**SPENT, "amount": 500})
    await desk.act(failed, "submit", amount=500, purpose="A fair")
    await desk.act(failed, "ask_back", question="Which?")
    await desk.act(failed, "submit", amount=500, purpose="A fair", answer="In spring")
    turn = await desk.turn(failed)
    assert turn["name"] == "Approve expense"
    await desk.client.ask(CANCEL, id=failed)
    await desk.client.until(failed, lambda one: one["state"] == "CANCELLED", what="its end")
    again = await desk.client.rerun(failed)
    assert (await desk.turn(again))["name"] == "Approve expense"
    case = (await desk.case(again))["case"]
    assert (case["version"], case["atStep"]) == ("1.2.0", "manager_approval")
    assert [one["on"] for one in case["moves"]] == ["", "submit", "regular", "ask_back", "submit", "regular"]
    await desk.act(again, "approve")
    assert (await desk.ended(again))["case_status"] == "APPROVED"

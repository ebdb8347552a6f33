"""Cases on the real engine: definitions published to a store, and run by the generic process to each of their ends."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.e2e.office import Office
from zeebe_fleet.adapters.artifacts.folder import FolderStore
from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.bpmn.tooling.publishing import Planner, gathered, publish
from zeebe_fleet.deploy.keys import key_in, new_key
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import SHIPPED_APP, Settings, ZeebeSettings, on_the_local_stack
from zeebe_fleet.deploy.testing import _roles
from zeebe_fleet.deploy.up import located

START = """
mutation ($name: String!, $version: String, $variables: JSON) {
  answer: startWorkflow(processName: $name, processVersion: $version, variables: $variables) {
    __typename ... on UserError { message } ... on WorkflowStarted { workflow { workflowId } } } }
"""
COMPLETE = """
mutation ($id: UUID!, $version: Int!, $result: JSON, $action: String) {
  answer: completeActivity(activityId: $id, version: $version, result: $result, action: $action) {
    __typename ... on UserError { message } ... on ActionNotOffered { offered }
    ... on InvalidForm { fields { field message } } } }
"""
ACTIVITY = "query ($id: UUID!) { answer: activity(activityId: $id) { name form input actions { id label } } }"
CASE = """
query ($id: UUID!) { answer: workflow(workflowId: $id) { artifactName artifactVersion artifactSha256 incident case {
  name version sha256 status atStep
  steps { caseStepId name kind } transitions { source on label target } moves { source on target } } } }
"""
SPENT = {"employee": "paul", "amount": 4200, "purpose": "A fair"}


@dataclass(frozen=True)
class Desk(Office):
    """An office with a store of definitions beside it."""

    store: Path
    keys: Path

    async def publish(self, folder: Path) -> None:
        """Publish the case definition of a folder."""
        store, policy = FolderStore(self.store), read_policy(self.keys / "publishers.yaml")
        plans = await Planner(store, policy).plan(gathered(folder))
        assert [plan.refusal for plan in plans if plan.refusal] == []
        async for _ in publish(plans, store, policy, key_in(self.keys / "signing.key").get_secret_value()):
            pass

    async def begin(self, version: str | None = "1.2.0", name: str = "expense_approval", **variables: Any) -> str:
        """Start a case by its version."""
        answer = (await self.client.ask(START, name=name, version=version, variables=variables))["answer"]
        assert answer["__typename"] == "WorkflowStarted", answer
        return str(answer["workflow"]["workflowId"])

    async def act(self, workflow_id: str, action: str | None, **result: Any) -> dict[str, Any]:
        """Decide about the open activity; returns the answer."""
        turn = await self.turn(workflow_id)
        return await self.decide(turn, action, **result)

    async def decide(self, turn: Mapping[str, Any], action: str | None, **result: Any) -> dict[str, Any]:
        """Decide about an activity; returns the answer."""
        asked = {"id": turn["activityId"], "version": turn["version"], "result": result, "action": action}
        answer: dict[str, Any] = (await self.client.ask(COMPLETE, **asked))["answer"]
        return answer

    async def shown(self, turn: Mapping[str, Any]) -> dict[str, Any]:
        """Return an activity as its page has it."""
        shown: dict[str, Any] = (await self.client.ask(ACTIVITY, id=turn["activityId"]))["answer"]
        return shown

    async def case(self, workflow_id: str) -> dict[str, Any]:
        """Return where a case stands."""
        found: dict[str, Any] = (await self.client.ask(CASE, id=workflow_id))["answer"]
        return found

    async def incident(self, workflow_id: str) -> str:
        """Wait until a case stops with an incident."""
        workflow = await self.client.until(workflow_id, lambda found: found["incident"], what="an incident")
        return str(workflow["incident"])


def settings_for(database_url: str, addresses: Addresses, zeebe: ZeebeSettings, store: Path, keys: Path) -> Settings:
    """Return the settings of the shipped app with a store of its own."""
    local = on_the_local_stack(SHIPPED_APP, Path("unused")).model_copy(update={"database_url": database_url})
    settings = located(local, addresses)
    artifacts = settings.artifacts.model_copy(update={"store": str(store), "publishers": keys / "publishers.yaml"})
    return settings.model_copy(update={"zeebe": zeebe, "artifacts": artifacts})


@pytest.fixture(scope="module")
async def desk(
    addresses: Addresses, zeebe: ZeebeSettings, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """Every role at work, and the shipped case published."""
    keys, store = tmp_path_factory.mktemp("keys"), tmp_path_factory.mktemp("store")
    (keys / "publishers.yaml").write_text(new_key("the tests", keys / "signing.key"))
    records = await asyncpg.connect(database_url)
    settings = settings_for(database_url, addresses, zeebe, store, keys)
    async with _roles(settings) as fleet:
        desk = Desk(fleet.client, settings.api_url, records, store, keys)
        await desk.publish(PROCESSES / "expense_approval")
        yield desk
    await records.close()


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

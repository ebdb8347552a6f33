"""People who work on cases, beside a store of published definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.household import until
from tests.e2e.office import Office
from zeebe_fleet.adapters.artifacts import store_of
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.bpmn.tooling.publishing import Planner, gathered, publish
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.keys import key_in
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import SHIPPED_APP, Settings, ZeebeSettings, on_the_local_stack
from zeebe_fleet.deploy.up import located
from zeebe_fleet.workers.contract.ports import Engine

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


@dataclass(frozen=True)
class Desk(Office):
    """An office with a store of definitions beside it."""

    settings: Settings
    engine: Engine
    keys: Path

    async def publish(self, folder: Path) -> None:
        """Publish the case definition of a folder."""
        artifacts = self.settings.artifacts
        store, policy = store_of(artifacts.store, artifacts.access()), read_policy(artifacts.publishers)
        plans = await Planner(store, policy).plan(gathered(folder))
        assert [plan.refusal for plan in plans if plan.refusal] == []
        async for _ in publish(plans, store, policy, key_in(self.keys / "signing.key").get_secret_value()):
            pass

    async def begin(self, version: str | None = "1.2.0", name: str = "expense_approval", **variables: Any) -> str:
        """Start a case by its version."""
        answer = (await self.client.ask(START, name=name, version=version, variables=variables))["answer"]
        assert answer["__typename"] == "WorkflowStarted", answer
        return str(answer["workflow"]["workflowId"])

    async def begin_in_engine(self, name: str, version: str, **variables: Any) -> str:
        """Start the generic process as somebody does who only knows the engine."""
        named = {"process_name": name, "process_version": version}
        started = await self.engine.start(process_name="generic_case", variables={**named, **variables})
        query = "SELECT workflow_id FROM workflow WHERE process_instance_key = $1"
        return str(await until(lambda: self.records.fetchval(query, started.process_instance_key), bool))

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


def settings_for(
    database_url: str, addresses: Addresses, zeebe: ZeebeSettings, artifacts: ArtifactsSection
) -> Settings:
    """Return the settings of the shipped app with a store of its own."""
    local = on_the_local_stack(SHIPPED_APP, Path("unused")).model_copy(update={"database_url": database_url})
    return located(local, addresses).model_copy(update={"zeebe": zeebe, "artifacts": artifacts})

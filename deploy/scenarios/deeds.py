"""What a test case does: to the API as people do, to the engine as others do, to jobs as workers do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.scenarios import instructions as say
from zeebe_fleet.bpmn.tooling.scenarios import selectors as select
from zeebe_fleet.deploy.scenarios import expect
from zeebe_fleet.deploy.scenarios.expect import Difference
from zeebe_fleet.deploy.scenarios.instances import Instances
from zeebe_fleet.deploy.scenarios.patience import Missed, Patience
from zeebe_fleet.deploy.scenarios.script import ByHand, Script, outcome_of
from zeebe_fleet.deploy.scenarios.stage import Stage, read
from zeebe_fleet.workers.contract.cases import HUMAN_STEP
from zeebe_fleet.workers.contract.engine_view import EngineIncident, InstanceView
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.job import JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import OpenIncident

AtAStep = say.ChooseAction | say.AssertActionRefused
_OPEN = ("OPEN", "CLAIMED")


class Deeds:
    """Does what one test case says."""

    def __init__(self, stage: Stage, script: Script, instances: Instances, patience: Patience) -> None:
        self._stage, self._script, self._instances, self._patience = stage, script, instances, patience
        self.decided: list[Mapping[str, Any]] = []
        """What decisions came to, the newest last."""

    async def create(self, asked: say.CreateProcessInstance) -> None:
        """Start a workflow."""
        variables = dict(asked.variables)
        for name, process in asked.workflow_ids.items():
            variables[name] = self._instances.workflow_id(process)
            if not variables[name]:
                raise Missed(Difference(f"a workflow of {process} before", "this case has started none"))
        await self._instances.start(asked.process_definition_selector.process_definition_id, variables)

    async def end_job(self, asked: ByHand) -> None:
        """End a job that waits for the case; returns when the engine has heard it."""

        async def there() -> Difference | None:
            if self._script.held(asked.job_selector) is not None:
                return None
            waiting = ", ".join(f"{one.type} of {one.element_id}" for one in self._script.waiting())
            return Difference(f"a job {expect.told(asked.job_selector)}", f"waiting: {waiting or 'none'}")

        await self._patience.until(there, soon=True, alive=True)
        held = self._script.held(asked.job_selector)
        assert held is not None, "it was there"
        self._script.say(held, asked.job_selector, outcome_of(asked))
        unheard = Difference("the engine hears the outcome", "it did not in time")
        await self._patience.in_time(held.told.wait(), unheard)

    async def complete_user_task(self, asked: say.CompleteUserTask) -> None:
        """Complete an activity once it is open."""

        async def there() -> Difference | None:
            found = await self._instances.work(asked.user_task_selector)
            open_ = [one for one in found if one["state"] in _OPEN]
            if open_:
                await self._complete(open_[0], asked.variables)
                return None
            seen = ", ".join(f"{one['elementId']} is {one['state']}" for one in found)
            return Difference(f"an open user task {expect.told(asked.user_task_selector)}", seen or "there is none")

        await self._patience.until(there, soon=True, alive=True)

    async def _complete(self, task: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        """Complete an activity through the API, or one of the engine's own user tasks there."""
        if "userTaskKey" not in task:
            await self._stage.client.complete(task, variables)
            return
        path = f"/v2/user-tasks/{task['userTaskKey']}/completion"
        answer = await self._stage.http.post(path, json={"variables": dict(variables)})
        if not answer.is_success:
            raise FleetError(f"The engine does not complete it (HTTP {answer.status_code}).")

    async def act(self, asked: AtAStep) -> None:
        """Choose an action of a human step, or see that it is refused there."""

        async def there() -> Difference | None:
            at: list[str] = []
            for one in self._instances.begun:
                view = await self._stage.look(one.process_instance_key)
                work = await self._instances.work_of(one.workflow_id, select.UserTaskSelector(elementId=HUMAN_STEP))
                open_ = [activity for activity in work if activity["state"] in _OPEN]
                at += [expect.step_of(view)] if open_ else []
                if open_ and at[-1] == asked.step:
                    await self._choose(open_[0], asked)
                    return None
            return Difference(f"a case waits at {asked.step}", f"it waits at {', '.join(at)}" if at else "none waits")

        await self._patience.until(there, soon=True, alive=True)

    async def _choose(self, activity: Mapping[str, Any], asked: AtAStep) -> None:
        try:
            await self._stage.client.complete(activity, asked.variables, action=asked.action)
        except FleetError:
            if isinstance(asked, say.AssertActionRefused):
                return
            raise
        if isinstance(asked, say.AssertActionRefused):
            raise Missed(Difference(f"{asked.action} is refused at {asked.step}", "it was taken"))

    async def publish(self, asked: say.PublishMessage) -> None:
        """Publish a message."""
        await self._stage.engine.publish_message(
            asked.name,
            asked.correlation_key,
            message_id=asked.message_id,
            variables=asked.variables,
            ttl_s=asked.time_to_live / 1000,
        )

    async def evaluate(self, asked: say.EvaluateDecision) -> None:
        """Make a decision; what it came to is kept for those who ask."""
        name = asked.decision_definition_selector.decision_definition_id
        body = {"decisionDefinitionId": name, "variables": dict(asked.variables)}
        answer = read(await self._stage.http.post("/v2/decision-definitions/evaluation", json=body))
        if answer.get("failureMessage"):
            raise Missed(Difference(f"{name} comes to something", str(answer["failureMessage"])))
        self.decided += answer["evaluatedDecisions"]

    async def cancel(self, asked: say.CancelProcessInstance) -> None:
        """Cancel an instance."""
        view = await self._patience.view(asked.process_instance_selector)
        await self._stage.engine.cancel(ProcessInstanceKey(view.process_instance_key))

    async def update(self, asked: say.UpdateVariables) -> None:
        """Set variables of an instance, or of an active element of it."""
        view = await self._patience.view(asked.process_instance_selector)
        element = asked.element_selector
        scope = view.process_instance_key if element is None else _active(view, element)
        await self._stage.engine.set_variables(scope, asked.variables, local=element is not None)

    async def resolve(self, asked: say.ResolveIncident) -> None:
        """Resolve an incident once there is one."""
        wanted = asked.incident_selector
        found: list[OpenIncident] = []

        async def there() -> Difference | None:
            async for view, process in self._instances.views():
                for one in expect.open_incidents(view):
                    if wanted.element_id in (None, one.element_id) and wanted.process_definition_id in (None, process):
                        found.append(_open(one, view.process_instance_key))
                        return None
            return Difference(f"an incident {expect.told(wanted)}", "there is none")

        await self._patience.until(there)
        await self._stage.engine.resolve_incident(found[0], retries=1)


def _active(view: InstanceView, selector: select.ElementSelector) -> int:
    for one in view.elements:
        if one.state == "ACTIVE" and expect.names(selector, one):
            return one.key
    raise Missed(Difference(f"{expect.told(selector)} is active", expect.path_of(view)))


def _open(incident: EngineIncident, process_instance_key: int) -> OpenIncident:
    return OpenIncident(
        incident.key,
        ProcessInstanceKey(process_instance_key),
        JobKey(incident.job_key) if incident.job_key else None,
        incident.element_id,
        incident.message,
    )

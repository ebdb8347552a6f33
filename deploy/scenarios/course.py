"""One test case, played from its first instruction to its last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from zeebe_fleet.bpmn.tooling.scenarios import instructions as say
from zeebe_fleet.bpmn.tooling.scenarios.file import Step, TestCase
from zeebe_fleet.deploy.scenarios import expect
from zeebe_fleet.deploy.scenarios.expect import Difference
from zeebe_fleet.deploy.scenarios.instances import Instances
from zeebe_fleet.deploy.scenarios.script import ByHand, Script, outcome_of
from zeebe_fleet.deploy.scenarios.stage import Stage
from zeebe_fleet.workers.contract.cases import HUMAN_STEP
from zeebe_fleet.workers.contract.engine_view import EngineIncident, InstanceView
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.job import JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import OpenIncident

T = TypeVar("T")
_ALONE = say.IncreaseTime | say.SetTime | say.PublishMessage | say.BroadcastSignal
"""What would reach other cases too, or starts what nobody can tell apart."""
_OPEN = ("OPEN", "CLAIMED")
_QUIET_S = 0.15
"""How long nothing may happen before something that must not happen is said not to."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a case failed, and how."""

    step: Step
    difference: Difference
    path: Sequence[str] = ()
    """What each of its instances did."""


class Missed(Exception):
    """An instruction did not come to what it wants."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.expected)
        self.difference = difference


def is_alone(case: TestCase) -> bool:
    """Tell whether a case needs the engine for itself."""
    return any(isinstance(step.instruction, _ALONE) for step in case.steps)


class Course:
    """Plays one test case.

    Args:
        stage: where.
        case: which.
    """

    def __init__(self, stage: Stage, case: TestCase) -> None:
        self._stage, self._case = stage, case
        self._script = Script(case)
        self._instances = Instances(stage, self._script, alone=is_alone(case))
        self._expects_incidents = any(_expects_incident(step.instruction) for step in case.steps)

    async def play(self) -> Failure | None:
        """Do and see all that the case says; nothing of it runs any more when this returns."""
        try:
            await self._instances.open()
            for step in self._case.steps:
                try:
                    await self._do(step.instruction)
                except Missed as missed:
                    return Failure(step, missed.difference, await self._paths())
                except FleetError as error:
                    return Failure(
                        step, Difference("it is taken", error.message, error.suggestion), await self._paths()
                    )
            return None
        finally:
            await self._instances.close()
            await self._stage.clock.run_again()

    async def _do(self, instruction: say.Instruction) -> None:
        match instruction:
            case say.CreateProcessInstance():
                await self._create(instruction)
            case say.CompleteJob() | say.ThrowBpmnErrorFromJob() | say.FailJob():
                await self._end_job(instruction)
            case say.MockJobWorkerCompleteJob() | say.MockJobWorkerThrowBpmnError():
                self._script.stub(instruction.job_type, outcome_of(instruction))
            case say.CompleteUserTask():
                await self._complete_user_task(instruction)
            case say.IncreaseTime():
                await self._stage.clock.move(instruction.span)
            case say.SetTime():
                await self._stage.clock.set(instruction.moment)
            case say.PublishMessage() | say.BroadcastSignal() | say.UpdateVariables() | say.CancelProcessInstance():
                await self._tell_engine(instruction)
            case say.ResolveIncident():
                await self._resolve(instruction)
            case say.ChooseAction() | say.AssertActionRefused():
                await self._act(instruction)
            case say.AssertCase():
                await self._until(lambda: self._of_case(instruction))
            case say.AssertUserTask():
                await self._until(lambda: self._user_task(instruction), soon=True)
            case say.AssertCompensation():
                await self._compensated(instruction)
            case _:
                await self._seen(instruction)

    async def _create(self, asked: say.CreateProcessInstance) -> None:
        variables = dict(asked.variables)
        for name, process in asked.workflow_ids.items():
            variables[name] = self._instances.workflow_id(process)
            if not variables[name]:
                raise Missed(Difference(f"a workflow of {process} before", "this case has started none"))
        await self._instances.start(asked.process_definition_selector.process_definition_id, variables)

    async def _end_job(self, asked: ByHand) -> None:
        async def there() -> Difference | None:
            if self._script.held(asked.job_selector) is not None:
                return None
            waiting = ", ".join(f"{one.type} of {one.element_id}" for one in self._script.waiting())
            return Difference(f"a job {expect.told(asked.job_selector)}", f"waiting: {waiting or 'none'}")

        await self._until(there, soon=True)
        held = self._script.held(asked.job_selector)
        assert held is not None, "it was there"
        self._script.say(held, asked.job_selector, outcome_of(asked))
        await self._in_time(held.told.wait(), Difference("the engine hears the outcome", "it did not in time"))

    async def _complete_user_task(self, asked: say.CompleteUserTask) -> None:
        async def there() -> Difference | None:
            found = await self._instances.work(asked.user_task_selector)
            open_ = [one for one in found if one["state"] in _OPEN]
            if open_:
                await self._stage.client.complete(open_[0], asked.variables)
                return None
            seen = ", ".join(f"{one['elementId']} is {one['state']}" for one in found)
            return Difference(f"an open user task {expect.told(asked.user_task_selector)}", seen or "there is none")

        await self._until(there, soon=True)

    async def _act(self, asked: say.ChooseAction | say.AssertActionRefused) -> None:
        """Complete the activity of a human step, or see that it cannot be completed so."""

        async def there() -> Difference | None:
            at: list[str] = []
            for one in self._instances.begun:
                view = await self._stage.look(one.process_instance_key)
                work = await self._instances.work_of(one.workflow_id, say.UserTaskSelector(elementId=HUMAN_STEP))
                open_ = [activity for activity in work if activity["state"] in _OPEN]
                at += [expect.step_of(view)] if open_ else []
                if open_ and at[-1] == asked.step:
                    await self._choose(open_[0], asked)
                    return None
            return Difference(f"a case waits at {asked.step}", f"it waits at {', '.join(at)}" if at else "none waits")

        await self._until(there, soon=True)

    async def _choose(self, activity: Mapping[str, Any], asked: say.ChooseAction | say.AssertActionRefused) -> None:
        try:
            await self._stage.client.complete(activity, asked.variables, action=asked.action)
        except FleetError:
            if isinstance(asked, say.AssertActionRefused):
                return
            raise
        if isinstance(asked, say.AssertActionRefused):
            raise Missed(Difference(f"{asked.action} is refused at {asked.step}", "it was taken"))

    async def _of_case(self, asked: say.AssertCase) -> Difference | None:
        name = asked.process_instance_selector.process_definition_id
        view, workflow_id = await self._instances.view(name), self._instances.workflow_id(name)
        if view is None or not workflow_id:
            return Difference(f"a case of {name}", "this test case has none")
        return expect.of_case(asked, view, [to for _, _, to in await self._instances.moves(workflow_id)])

    async def _tell_engine(self, asked: say.Instruction) -> None:
        engine = self._stage.engine
        match asked:
            case say.PublishMessage():
                ttl_s = asked.time_to_live / 1000
                await engine.publish_message(
                    asked.name,
                    asked.correlation_key,
                    message_id=asked.message_id,
                    variables=asked.variables,
                    ttl_s=ttl_s,
                )
            case say.BroadcastSignal():
                await engine.broadcast_signal(asked.signal_name, asked.variables)
            case say.CancelProcessInstance():
                view = await self._view(asked.process_instance_selector)
                await engine.cancel(ProcessInstanceKey(view.process_instance_key))
            case say.UpdateVariables():
                view = await self._view(asked.process_instance_selector)
                scope, local = view.process_instance_key, asked.element_selector is not None
                if asked.element_selector is not None:
                    scope = _active(view, asked.element_selector)
                await engine.set_variables(scope, asked.variables, local=local)

    async def _resolve(self, asked: say.ResolveIncident) -> None:
        wanted = asked.incident_selector
        found: list[tuple[EngineIncident, int]] = []

        async def there() -> Difference | None:
            async for view, process in self._instances.views():
                for one in _open_incidents(view):
                    if wanted.element_id in (None, one.element_id) and wanted.process_definition_id in (None, process):
                        found.append((one, view.process_instance_key))
                        return None
            return Difference(f"an incident {expect.told(wanted)}", "there is none")

        await self._until(there)
        incident, key = found[0]
        await self._stage.engine.resolve_incident(_open(incident, key), retries=1)

    async def _seen(self, asked: say.Instruction) -> None:
        selector = getattr(asked, "process_instance_selector")  # noqa: B009 - of every assertion that comes here
        is_negative = isinstance(asked, say.AssertElementInstances) and asked.state in (
            "IS_NOT_ACTIVATED",
            "IS_NOT_ACTIVE",
        )

        async def as_asked() -> Difference | None:
            view = await self._instances.view(selector.process_definition_id)
            if view is None:
                return Difference(f"an instance of {selector.process_definition_id}", "this case has none")
            return self._for_good(_difference(asked, view), view)

        if is_negative:
            await self._settled(selector)
        await self._until(as_asked)

    async def _compensated(self, asked: say.AssertCompensation) -> None:
        process = asked.process_instance_selector.process_definition_id
        undoes = self._stage.packages[process].model.undoes
        handlers = {handler: undo.element_id for handler, undo in undoes.items()}

        async def as_asked() -> Difference | None:
            view = await self._instances.view(process)
            if view is None:
                return Difference(f"an instance of {process}", "this case has none")
            return self._for_good(expect.of_compensation(asked.undone, handlers, view), view)

        if not asked.undone:
            await self._settled(asked.process_instance_selector)
        await self._until(as_asked)

    def _for_good(self, difference: Difference | None, view: InstanceView) -> Difference | None:
        """Mark what differs of an instance that is over, where the engine tells of it without delay."""
        is_over = view.state != "ACTIVE" and self._stage.trail is not None
        return replace(difference, is_final=True) if difference is not None and is_over else difference

    async def _user_task(self, asked: say.AssertUserTask) -> Difference | None:
        return expect.of_user_task(asked, await self._instances.work(asked.user_task_selector))

    async def _settled(self, selector: say.ProcessSelector) -> None:
        """Wait until an instance is over, or nothing has happened for a moment."""
        view = await self._view(selector)
        while view.state == "ACTIVE":
            before = (len(view.elements), sum(one.state == "ACTIVE" for one in view.elements))
            await asyncio.sleep(_QUIET_S)
            view = await self._view(selector)
            if before == (len(view.elements), sum(one.state == "ACTIVE" for one in view.elements)):
                return

    async def _view(self, selector: say.ProcessSelector) -> InstanceView:
        found: list[InstanceView] = []

        async def there() -> Difference | None:
            view = await self._instances.view(selector.process_definition_id)
            if view is None:
                return Difference(f"an instance of {selector.process_definition_id}", "this case has none")
            found.append(view)
            return None

        await self._until(there)
        return found[0]

    async def _until(self, look: Callable[[], Awaitable[Difference | None]], *, soon: bool = False) -> None:
        """Look until nothing differs; give up when the time is over, or something has gone wrong for good.

        Args:
            look: returns what differs.
            soon: look again soon: what is waited for is none of the engine's.
        """
        ends_at, since = time.monotonic() + self._stage.timeout_s, self._stage.position
        while (difference := await look()) is not None:
            if self._script.faults:
                hint = "Stub it with MOCK_JOB_WORKER_COMPLETE_JOB, or do it with COMPLETE_JOB."
                raise Missed(Difference(difference.expected, self._script.faults[0], hint))
            if not self._expects_incidents and (stuck := await self._stuck()):
                hint = "Expect it with hasActiveIncidents, and go on with RESOLVE_INCIDENT."
                raise Missed(Difference(difference.expected, stuck, hint))
            if difference.is_final:
                raise Missed(difference)
            if time.monotonic() > ends_at:
                hint = difference.hint or f"It was waited for {self._stage.timeout_s:g} s (--timeout)."
                raise Missed(Difference(difference.expected, difference.seen, hint))
            keys = [] if soon else [one.process_instance_key for one in self._instances.begun]
            await self._stage.moved(keys, since)
            since = self._stage.position

    async def _stuck(self) -> str:
        async for view, _ in self._instances.views():
            for one in _open_incidents(view):
                return f"an incident at {one.element_id}: {expect.shown(one.message)}"
        return ""

    async def _in_time(self, work: Awaitable[T], otherwise: Difference) -> T:
        try:
            async with asyncio.timeout(self._stage.timeout_s):
                return await work
        except TimeoutError:
            raise Missed(otherwise) from None

    async def _paths(self) -> list[str]:
        return [f"{name}: {expect.path_of(view)}" async for view, name in self._instances.views()]


def _difference(asked: say.Instruction, view: InstanceView) -> Difference | None:
    match asked:
        case say.AssertProcessInstance():
            return expect.of_instance(asked, view)
        case say.AssertElementInstance():
            return expect.of_element(asked, view)
        case say.AssertElementInstances():
            return expect.of_elements(asked, view)
        case say.AssertVariables():
            return expect.of_variables(asked, view)
    raise AssertionError(f"{asked.type} is no assertion of an instance")


def _active(view: InstanceView, selector: say.ElementSelector) -> int:
    for one in view.elements:
        if one.state == "ACTIVE" and expect.names(selector, one):
            return one.key
    raise Missed(Difference(f"{expect.told(selector)} is active", expect.path_of(view)))


def _open_incidents(view: InstanceView) -> list[EngineIncident]:
    return [one for one in view.incidents if one.state == "ACTIVE"]


def _open(incident: EngineIncident, process_instance_key: int) -> OpenIncident:
    return OpenIncident(
        incident.key,
        ProcessInstanceKey(process_instance_key),
        JobKey(incident.job_key) if incident.job_key else None,
        incident.element_id,
        incident.message,
    )


def _expects_incident(instruction: say.Instruction) -> bool:
    if isinstance(instruction, say.AssertProcessInstance):
        return bool(instruction.has_active_incidents)
    return isinstance(instruction, say.ResolveIncident)

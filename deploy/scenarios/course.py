"""One test case, played from its first instruction to its last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import httpx

from zeebe_fleet.bpmn.tooling.scenarios import instructions as say
from zeebe_fleet.bpmn.tooling.scenarios import selectors as select
from zeebe_fleet.bpmn.tooling.scenarios.file import Step, TestCase
from zeebe_fleet.deploy.scenarios import expect
from zeebe_fleet.deploy.scenarios.deeds import Deeds
from zeebe_fleet.deploy.scenarios.expect import Difference
from zeebe_fleet.deploy.scenarios.instances import Instances
from zeebe_fleet.deploy.scenarios.patience import Missed, Patience
from zeebe_fleet.deploy.scenarios.script import Script, outcome_of
from zeebe_fleet.deploy.scenarios.stage import Stage
from zeebe_fleet.workers.contract.cases import GENERIC_CASE
from zeebe_fleet.workers.contract.engine_view import InstanceView
from zeebe_fleet.workers.contract.errors import FleetError

_ALONE = say.IncreaseTime | say.SetTime | say.PublishMessage | say.BroadcastSignal
"""What would reach other cases too, or starts what nobody can tell apart."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a case failed, and how."""

    step: Step
    difference: Difference
    path: Sequence[str] = ()
    """What each of its instances did."""


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
        incidents = any(_expects_incident(step.instruction) for step in case.steps)
        self._patience = Patience(stage, self._script, self._instances, expects_incidents=incidents)
        self._deeds = Deeds(stage, self._script, self._instances, self._patience)

    async def play(self) -> Failure | None:
        """Do and see all that the case says; nothing of it runs any more when this returns."""
        try:
            return await self._played()
        finally:
            await self._instances.close()
            with suppress(httpx.HTTPError):
                await self._stage.clock.run_again()

    async def _played(self) -> Failure | None:
        step = self._case.steps[0]
        try:
            await self._instances.open()
            for step in self._case.steps:
                await self._do(step.instruction)
        except Missed as missed:
            return Failure(step, missed.difference, await self._paths())
        except FleetError as error:
            return Failure(step, Difference("it is taken", error.message, error.suggestion), await self._paths())
        except httpx.HTTPError as error:
            return Failure(step, Difference("an answer", f"neither engine nor API gives one ({type(error).__name__})"))
        return None

    async def _do(self, instruction: say.Instruction) -> None:
        match instruction:
            case say.CreateProcessInstance():
                await self._deeds.create(instruction)
            case say.CompleteJob() | say.ThrowBpmnErrorFromJob() | say.FailJob():
                await self._deeds.end_job(instruction)
            case say.MockJobWorkerCompleteJob() | say.MockJobWorkerThrowBpmnError():
                self._script.stub(instruction.job_type, outcome_of(instruction))
            case say.CompleteUserTask():
                await self._deeds.complete_user_task(instruction)
            case say.ChooseAction() | say.AssertActionRefused():
                await self._deeds.act(instruction)
            case say.IncreaseTime():
                await self._stage.clock.move(instruction.span)
            case say.SetTime():
                await self._stage.clock.set(instruction.moment)
            case say.PublishMessage():
                await self._deeds.publish(instruction)
            case say.BroadcastSignal():
                await self._stage.engine.broadcast_signal(instruction.signal_name, instruction.variables)
            case say.EvaluateDecision():
                await self._deeds.evaluate(instruction)
            case say.CancelProcessInstance():
                await self._deeds.cancel(instruction)
            case say.UpdateVariables():
                await self._deeds.update(instruction)
            case say.ResolveIncident():
                await self._deeds.resolve(instruction)
            case _:
                await self._see(instruction)

    async def _see(self, asked: say.Instruction) -> None:
        match asked:
            case say.AssertUserTask():
                await self._patience.until(lambda: self._user_task(asked), soon=True)
            case say.AssertDecision():
                if difference := expect.of_decision(asked, self._deeds.decided):
                    raise Missed(difference)
            case say.AssertCase():
                await self._patience.until(lambda: self._case_there(asked))
            case say.AssertCompensation():
                handlers = self._handlers(asked.process_instance_selector.process_definition_id)
                compare = partial(expect.of_compensation, asked.undone, handlers)
                await self._instance(asked.process_instance_selector, compare, settled=not asked.undone)
            case say.AssertProcessInstance():
                await self._instance(asked.process_instance_selector, partial(expect.of_instance, asked))
            case say.AssertElementInstance():
                await self._instance(asked.process_instance_selector, partial(expect.of_element, asked))
            case say.AssertElementInstances():
                is_negative = asked.state in ("IS_NOT_ACTIVATED", "IS_NOT_ACTIVE")
                compare = partial(expect.of_elements, asked)
                await self._instance(asked.process_instance_selector, compare, settled=is_negative)
            case say.AssertVariables():
                await self._instance(asked.process_instance_selector, partial(expect.of_variables, asked))

    async def _instance(
        self,
        selector: select.ProcessSelector,
        compare: Callable[[InstanceView], Difference | None],
        *,
        settled: bool = False,
    ) -> None:
        """Wait until an instance is as expected.

        Args:
            compare: returns what differs.
            settled: look only once it has come to rest: what is expected is that something does not happen.
        """

        async def as_asked() -> Difference | None:
            view = await self._instances.view(selector.process_definition_id)
            if view is None:
                return Difference(f"an instance of {selector.process_definition_id}", "this case has none")
            return self._for_good(compare(view), view)

        if settled:
            await self._patience.settled(selector)
        await self._patience.until(as_asked)

    def _for_good(self, difference: Difference | None, view: InstanceView) -> Difference | None:
        """Mark what differs of an instance that is over, where the engine tells of it without delay."""
        is_over = view.state != "ACTIVE" and self._stage.trail is not None
        return replace(difference, is_final=True) if difference is not None and is_over else difference

    async def _user_task(self, asked: say.AssertUserTask) -> Difference | None:
        return expect.of_user_task(asked, await self._instances.work(asked.user_task_selector))

    async def _case_there(self, asked: say.AssertCase) -> Difference | None:
        name = asked.process_instance_selector.process_definition_id
        view, workflow_id = await self._instances.view(name), self._instances.workflow_id(name)
        if view is None or not workflow_id:
            return Difference(f"a case of {name}", "this test case has none")
        return expect.of_case(asked, view, [to for _, _, to in await self._instances.moves(workflow_id)])

    def _handlers(self, process_name: str) -> dict[str, str]:
        name = GENERIC_CASE if process_name in self._stage.definitions else process_name
        undoes = self._stage.packages[name].model.undoes
        return {handler: undo.element_id for handler, undo in undoes.items()}

    async def _paths(self) -> list[str]:
        with suppress(FleetError, httpx.HTTPError):
            return [f"{name}: {expect.path_of(view)}" async for view, name in self._instances.views()]
        return []


def _expects_incident(instruction: say.Instruction) -> bool:
    if isinstance(instruction, say.AssertProcessInstance):
        return bool(instruction.has_active_incidents)
    return isinstance(instruction, say.ResolveIncident)

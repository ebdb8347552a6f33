"""Who does the jobs of a test case: the case itself, a stub of it, or the app's task."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from zeebe_fleet.bpmn.tooling.scenarios import instructions as say
from zeebe_fleet.bpmn.tooling.scenarios import selectors as select
from zeebe_fleet.bpmn.tooling.scenarios.file import TestCase
from zeebe_fleet.workers.contract.errors import StaleError
from zeebe_fleet.workers.contract.job import Job, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, Outcome, ThrowError
from zeebe_fleet.workers.contract.records import Claim

ByHand = say.CompleteJob | say.ThrowBpmnErrorFromJob | say.FailJob
"""Instructions that say what becomes of a job."""


@dataclass(slots=True, eq=False)
class Held:
    """A job that waits for what the case says of it."""

    job: Job
    outcome: asyncio.Future[Outcome]
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the engine has heard the outcome."""


class Script:
    """What a test case has said of its jobs so far, and what it is yet to say.

    A job goes to the case where an instruction that is still to come names it, else to the newest stub of its type,
    else to the app's task.
    """

    def __init__(self, case: TestCase) -> None:
        self.processes = case.processes
        self.faults: list[str] = []
        """Why the case cannot go on."""
        self._to_come = [one.instruction.job_selector for one in case.steps if isinstance(one.instruction, ByHand)]
        self._stubs: dict[str, Outcome] = {}
        self._held: dict[JobKey, Held] = {}
        self._is_over = False

    def stub(self, job_type: str, outcome: Outcome) -> None:
        """Have each job of a type end so from now on."""
        self._stubs[job_type] = outcome

    def held(self, selector: select.JobSelector) -> Held | None:
        """Return a job that waits and fits, the oldest first."""
        return next((one for one in self._held.values() if fits(selector, one.job)), None)

    def say(self, held: Held, selector: select.JobSelector, outcome: Outcome) -> None:
        """End a job that waits."""
        self._to_come.remove(selector)
        del self._held[held.job.key]
        held.outcome.set_result(outcome)

    def waiting(self) -> Iterable[Job]:
        """Return the jobs that wait for the case."""
        return [one.job for one in self._held.values()]

    async def outcome(self, claim: Claim) -> tuple[Outcome | None, Held | None]:
        """Return what the case has become of a job; no outcome where it leaves it to the app's task.

        Raises:
            StaleError: the job was delivered again meanwhile, or the case is over.
        """
        job = claim.job
        before = self._held.pop(job.key, None)
        if before is not None:
            before.outcome.set_exception(StaleError("The job was delivered again."))
        if self._is_over:
            raise StaleError("The test case is over.")
        if not self._is_ours(job):
            return self._stubs.get(job.type), None
        held = Held(job, asyncio.get_running_loop().create_future())
        self._held[job.key] = held
        try:
            return await held.outcome, held
        finally:
            if self._held.get(job.key) is held:
                del self._held[job.key]

    async def never(self, claim: Claim, why: str) -> Outcome:
        """Hold a job that nobody does until the case is over, and tell the case."""
        self.faults.append(why)
        held = Held(claim.job, asyncio.get_running_loop().create_future())
        self._held[claim.job.key] = held
        return await held.outcome

    def end(self) -> None:
        """Let go of all jobs; whatever comes now is dropped."""
        self._is_over = True
        while self._held:
            _, held = self._held.popitem()
            if not held.outcome.done():
                held.outcome.set_exception(StaleError("The test case is over."))

    def _is_ours(self, job: Job) -> bool:
        fitting = [one for one in self._to_come if fits(one, job)]
        return len(fitting) > sum(any(fits(one, other.job) for one in fitting) for other in self._held.values())


def outcome_of(instruction: ByHand | say.MockJobWorkerCompleteJob | say.MockJobWorkerThrowBpmnError) -> Outcome:
    """Return what an instruction makes of a job."""
    match instruction:
        case say.CompleteJob() | say.MockJobWorkerCompleteJob():
            return Complete(instruction.variables)
        case say.FailJob():
            return Fail(instruction.error_message, instruction.retries)
        case _:
            return ThrowError(instruction.error_code, instruction.error_message, instruction.variables)


def fits(selector: select.JobSelector, job: Job) -> bool:
    """Tell whether a job is one that a selector names."""
    given = (
        (selector.job_type, job.type),
        (selector.element_id, job.element_id),
        (selector.process_definition_id, job.process_name),
    )
    return all(wanted in (None, has) for wanted, has in given)

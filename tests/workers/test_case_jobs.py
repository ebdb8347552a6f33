"""Jobs of a case's steps: what they return is the case's own, and never where the case stands."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import pytest

from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.cases import CASE_VARIABLES, GENERIC_CASE, SYSTEM_STEP
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.runner import Runner


class World:
    """Records that note what became of a job, and the work that was done for it."""

    session = None

    def __init__(self) -> None:
        self.finished: list[Outcome | HandBack] = []
        self.closed = 0

    async def finish(self, claim: Claim, outcome: Outcome, session: object) -> None:
        """Note it."""
        self.finished.append(outcome)

    async def close(self) -> None:
        """Note that what was done is taken back."""
        self.closed += 1

    async def become(self, element: str, process: str, outcome: Outcome) -> Outcome | HandBack:
        """Finish a job."""
        keys = DefinitionKey(1), ProcessInstanceKey(1), element, ElementInstanceKey(1)
        job = Job(JobKey(1), "expenses.pay-out", process, 1, *keys, 3, 5.0)
        runner = Runner({}, cast(Any, self), cast(Any, self), Services())
        return await runner.finish(Claim(job, 1, 1, UUID(int=1), UUID(int=2)), outcome, cast(TaskContext, self))


@pytest.mark.parametrize("name", CASE_VARIABLES)
@pytest.mark.parametrize("outcome", [Complete, lambda given: ThrowError("ACCOUNT_CLOSED", "", given)])
async def test_job_of_a_case_does_not_say_where_the_case_stands(outcome: Any, name: str) -> None:
    """Neither its result nor its error moves a case elsewhere: it is an incident that names the variable."""
    world = World()
    became = await world.become(SYSTEM_STEP, GENERIC_CASE, outcome({"payout_id": "x", name: {"id": "rejected"}}))
    assert isinstance(became, Fail)
    assert (became.retries, name in became.message) == (0, True)
    assert (world.finished, world.closed) == ([became], 1)


@pytest.mark.parametrize(("element", "process"), [("follow_transition", GENERIC_CASE), (SYSTEM_STEP, "order")])
async def test_job_of_anything_else_returns_what_it_likes(element: str, process: str) -> None:
    """The fleet's own moves set these variables, and other processes know nothing of them."""
    told = Complete({"case_step": {"id": "rejected"}})
    assert await World().become(element, process, told) is told
    own = Complete({"payout_id": "x"})
    assert await World().become(SYSTEM_STEP, GENERIC_CASE, own) is own

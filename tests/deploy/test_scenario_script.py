"""Who does a job of a test case: the case itself, a stub, or the app's task; job by job, with no engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from zeebe_fleet.bpmn.tooling.scenarios import instructions as say
from zeebe_fleet.bpmn.tooling.scenarios import selectors as select
from zeebe_fleet.bpmn.tooling.scenarios.file import cases_of
from zeebe_fleet.bpmn.tooling.scenarios.json_text import json_text
from zeebe_fleet.deploy.scenarios.director import Director
from zeebe_fleet.deploy.scenarios.expect import Difference
from zeebe_fleet.deploy.scenarios.patience import Missed, Patience
from zeebe_fleet.deploy.scenarios.script import Script, outcome_of
from zeebe_fleet.workers.contract.errors import EngineGone, StaleError
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, ThrowError
from zeebe_fleet.workers.contract.records import Claim

ONE, OTHER = UUID(int=1), UUID(int=2)


def _script(*instructions: dict[str, Any]) -> Script:
    file = {"testCases": [{"name": "one", "instructions": [*instructions]}]}
    (case,) = cases_of(json_text(json.dumps(file).encode(), "one.json"), Path("one.json"))
    return Script(case)


def _by_hand(element_id: str, kind: str = "COMPLETE_JOB", **more: Any) -> dict[str, Any]:
    return {"type": kind, "jobSelector": {"elementId": element_id}, **more}


def _claim(element_id: str, key: int = 1, workflow_id: UUID = ONE, instance: int = 1) -> Claim:
    job = Job(
        key=JobKey(key),
        type=f"{element_id}-type",
        process_name="order",
        process_version=1,
        definition_key=DefinitionKey(1),
        process_instance_key=ProcessInstanceKey(instance),
        element_id=element_id,
        element_instance_key=ElementInstanceKey(key),
        retries=3,
        lease_s=60.0,
    )
    return Claim(job, 1, 1, workflow_id, UUID(int=9), 1)


async def _until_held(script: Script, count: int) -> None:
    async with asyncio.timeout(5):
        while len(list(script.waiting())) < count:
            await asyncio.sleep(0)


async def test_jobs_at_the_same_time_wait_each_for_its_own_instruction() -> None:
    """One that waits does not send another to the app's task."""
    script = _script(_by_hand("left"), _by_hand("right", variables={"n": 1}))
    left, right = (asyncio.ensure_future(script.outcome(_claim(one, key))) for one, key in (("left", 1), ("right", 2)))
    await _until_held(script, 2)
    selector = select.JobSelector(elementId="right")
    held = script.held(selector)
    assert held is not None
    script.say(held, selector, Complete({"n": 1}))

    assert (await right)[0] == Complete({"n": 1})
    assert not left.done()
    script.end()
    with pytest.raises(StaleError):
        await left


async def test_job_beyond_what_is_said_by_hand_goes_to_the_stub_and_then_to_the_task() -> None:
    """An instruction is for one job: the next one of the element is done as any other."""
    script = _script(_by_hand("charge"))
    first = asyncio.ensure_future(script.outcome(_claim("charge", 1)))
    await _until_held(script, 1)

    assert await script.outcome(_claim("charge", 2)) == (None, None)
    script.stub("charge-type", Complete({"stubbed": True}))
    assert await script.outcome(_claim("charge", 3)) == (Complete({"stubbed": True}), None)
    script.end()
    with pytest.raises(StaleError):
        await first


async def test_job_that_is_delivered_again_waits_anew_and_the_delivery_before_is_dropped() -> None:
    """As when the clock was moved past its lease."""
    script = _script(_by_hand("charge"))
    before = asyncio.ensure_future(script.outcome(_claim("charge", 1)))
    await _until_held(script, 1)
    again = asyncio.ensure_future(script.outcome(_claim("charge", 1)))
    with pytest.raises(StaleError):
        await before
    await _until_held(script, 1)

    assert not again.done()
    script.end()
    with pytest.raises(StaleError):
        await again


async def test_job_that_comes_after_the_end_of_its_case_is_dropped() -> None:
    """Nothing of a case runs when it is over."""
    script = _script(_by_hand("charge"))
    script.end()
    with pytest.raises(StaleError, match="over"):
        await script.outcome(_claim("charge"))


def test_instructions_become_the_outcomes_that_workers_have() -> None:
    """Complete, throw, fail."""
    selector = select.JobSelector(jobType="a")
    thrown = say.MockJobWorkerThrowBpmnError(type="MOCK_JOB_WORKER_THROW_BPMN_ERROR", jobType="a", errorCode="NO")

    assert outcome_of(say.CompleteJob(type="COMPLETE_JOB", jobSelector=selector, variables={"a": 1})) == Complete(
        {"a": 1}
    )
    assert outcome_of(say.FailJob(type="FAIL_JOB", jobSelector=selector, errorMessage="why", retries=2)) == Fail(
        "why", 2
    )
    assert outcome_of(thrown) == ThrowError("NO")


async def test_what_never_comes_is_waited_for_as_long_as_an_instruction_may_wait() -> None:
    """The failure says how long that was, and by which option."""

    class Nothing:
        timeout_s, position, trail, begun = 0.05, 0, None, ()

        async def moved(self, _keys: object, _since: int) -> None:
            await asyncio.sleep(0)

        async def views(self) -> Any:
            nothing: tuple[Any, ...] = ()
            for one in nothing:
                yield one

    async def look() -> Difference:
        return Difference("this", "that")

    there: Any = Nothing()
    patience = Patience(there, _script(_by_hand("charge")), there, expects_incidents=False)
    with pytest.raises(Missed) as missed:
        await patience.until(look, alive=True)

    assert missed.value.difference == Difference("this", "that", "It was waited for 0.05 s (--timeout).")


async def test_job_of_a_workflow_that_is_being_started_waits_until_it_is_known_whose_it_is() -> None:
    """Its answer may cross the first job; another start that ends meanwhile decides nothing."""
    asked = asyncio.Event()

    async def parent_of(_key: int) -> int | None:
        asked.set()
        await asyncio.sleep(0)
        return None

    director, script = Director(parent_of), _script(_by_hand("charge"))
    async with director.starting():
        found = asyncio.ensure_future(director.script_of(_claim("charge")))
        await asked.wait()
        async with director.starting():
            director.own(_script(_by_hand("other")), str(OTHER), 2)
        director.own(script, str(ONE), 1)

    assert await found is script


async def test_job_of_a_called_process_is_its_callers() -> None:
    """However deep; the engine may come to know of an instance later than the worker."""
    callers, tries = {30: 20, 20: 10}, [1]

    async def parent_of(key: int) -> int | None:
        if tries:
            tries.pop()
            raise EngineGone("It is not found yet.")
        return callers.get(key)

    director, script = Director(parent_of), _script(_by_hand("charge"))
    director.own(script, str(ONE), 10)

    assert await director.script_of(_claim("charge", workflow_id=OTHER, instance=30)) is script
    assert await director.script_of(_claim("charge", workflow_id=OTHER, instance=99)) is None

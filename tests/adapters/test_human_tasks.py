"""User tasks of the real engine become activities of some system, and never get lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from zeebe_fleet.adapters.human_tasks import JOB_TYPE, HumanTaskAdapter, HumanTaskSettings
from zeebe_fleet.adapters.priority import priority_of
from zeebe_fleet.workers.contract.errors import EngineGone, FleetError, InfrastructureError, PermanentError
from zeebe_fleet.workers.contract.job import DefinitionKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.model import UNKNOWN, HumanTask, ProcessModel
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.ports import Engine, OpenActivity, Resource, UserTask

QUICK = HumanTaskSettings(backoff_s=0.05, probe_every_s=0.05, lease_s=60.0)
WORKFLOW = uuid4()
FORM = {"components": [{"key": "approve", "type": "checkbox"}]}

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="test">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to_review" sourceRef="start" targetRef="review" />
    <bpmn:userTask id="review" name="Review application">
      <bpmn:extensionElements>
        <zeebe:assignmentDefinition assignee="ann" candidateGroups="reviewers, chiefs"
            candidateUsers="=[&#34;rita&#34;]" />
        <zeebe:taskSchedule dueDate="=date and time(&#34;2030-05-01T12:00:00@Europe/Berlin&#34;)"
            followUpDate="2030-04-01T12:00:00Z" />
      </bpmn:extensionElements>
    </bpmn:userTask>
  </bpmn:process>
</bpmn:definitions>
"""


class Desk:
    """An activity system in memory: creating is idempotent, closing is noted."""

    def __init__(self) -> None:
        self.tasks: dict[JobKey, UserTask] = {}
        self.probed: list[OpenActivity] = []
        self.seen: set[UUID] = set()
        self.closed: dict[UUID, str] = {}
        self.failures: list[FleetError] = []
        self.asked = 0
        self.stuck = False

    async def create_activity(self, task: UserTask) -> UUID:
        """Note the task, unless a test wants trouble."""
        self.asked += 1
        if self.stuck:
            await asyncio.Event().wait()
        if self.failures:
            raise self.failures.pop(0)
        assert task.job_key is not None
        self.tasks[task.job_key] = task
        return uuid4()

    async def activities_to_probe(self, limit: int) -> list[OpenActivity]:
        """Return what a test wants probed, until it is closed."""
        return [one for one in self.probed if one.activity_id not in self.closed][:limit]

    async def activity_seen(self, activity_ids: Sequence[UUID]) -> None:
        """Note them."""
        self.seen.update(activity_ids)

    async def close_activity(self, activity_id: UUID, reason: str) -> None:
        """Note it."""
        self.closed[activity_id] = reason


@dataclass
class Process:
    """A deployed process with one user task."""

    engine: Engine
    name: str
    definition_key: DefinitionKey
    known: bool = True

    async def model_of(self, definition_key: int) -> ProcessModel:
        """Know this process, and no other."""
        if not self.known or definition_key != self.definition_key:
            return UNKNOWN
        task = HumanTask("review", "Review application", FORM, "70")
        return ProcessModel(process_name=self.name, human_tasks={"review": task})

    async def start(self) -> ProcessInstanceKey:
        """Start an instance."""
        variables = {"workflow_id": str(WORKFLOW), "fleet_instance": "1", "amount": 3}
        return (await self.engine.start(process_name=self.name, variables=variables)).process_instance_key

    async def taken(self, lease_s: float = 60.0) -> Job:
        """Lease the process's user task as somebody else would."""
        while True:
            for job in await self.engine.activate(JOB_TYPE, limit=50, lease_s=lease_s, worker="somebody", poll_s=5):
                if job.process_name == self.name:
                    return job

    @asynccontextmanager
    async def adapter(self, desk: Desk, settings: HumanTaskSettings = QUICK) -> AsyncIterator[None]:
        """Run an adapter for as long as the block runs."""
        stop = asyncio.Event()
        adapter = HumanTaskAdapter(self.engine, desk, self.model_of, settings)
        running = asyncio.create_task(adapter.run(stop))
        try:
            yield
        finally:
            stop.set()
            await running


@pytest.fixture
async def process(engine: Engine) -> Process:
    """A process of this test alone."""
    name = f"human-{uuid4().hex[:12]}"
    (deployed,) = await engine.deploy([Resource(f"{name}.bpmn", MODEL.format(name=name).encode())])
    return Process(engine, name, deployed.definition_key)


async def until(question: Callable[[], object]) -> None:
    """Wait for a state."""
    async with asyncio.timeout(20):
        while not question():
            await asyncio.sleep(0.01)


async def gone(verb: Callable[[], Awaitable[None]]) -> bool:
    """Tell whether the engine knows the thing no more."""
    try:
        await verb()
    except EngineGone:
        return True
    return False


async def test_user_task_becomes_an_activity_with_all_that_is_known(process: Process) -> None:
    """Keys and assignment from the job, name and form from the model; reserved variables stay hidden."""
    desk = Desk()
    instance = await process.start()

    async with process.adapter(desk):
        await until(lambda: desk.tasks)

    (task,) = desk.tasks.values()
    assert task.workflow_id == WORKFLOW
    assert (task.process_name, task.process_version, task.definition_key) == (process.name, 1, process.definition_key)
    assert (task.process_instance_key, task.element_id) == (instance, "review")
    assert (task.name, task.form, task.variables) == ("Review application", FORM, {"amount": 3})
    assert (task.assignee, task.candidate_groups, task.candidate_users) == ("ann", ("reviewers", "chiefs"), ("rita",))
    assert task.due_at is not None
    assert task.due_at.astimezone(UTC) == datetime(2030, 5, 1, 10, tzinfo=UTC)
    assert task.follow_up_at == datetime(2030, 4, 1, 12, tzinfo=UTC)
    assert task.priority == 70


@pytest.mark.parametrize(
    ("written", "priority"),
    [
        ("", 50),
        ("0", 0),
        ("100", 100),
        ("=if amount > 2 then 90 else 10", 90),
        ("=10 * amount", 30),
        ("101", 50),
        ("=-1", 50),
        ("=1.5", 50),
        ("=missing", 50),
        ("=amount >", 50),
        ("=true", 50),
        ("urgent", 50),
    ],
)
def test_priority_is_what_the_model_says(written: str, priority: int) -> None:
    """A number or an expression of the task's variables; what is none is as urgent as most."""
    assert priority_of(written, {"amount": 3}) == priority


async def test_user_task_waits_while_the_activity_system_is_down(process: Process) -> None:
    """It is handed back without spending a retry, of which it has one, and comes again."""
    desk = Desk()
    desk.failures = [InfrastructureError("The API is down.") for _ in range(3)]
    instance = await process.start()

    async with process.adapter(desk):
        await until(lambda: desk.tasks)

    assert await process.engine.find_incidents(instance) == []


async def test_user_task_that_is_refused_becomes_an_incident(process: Process) -> None:
    """Somebody must see what can never become an activity, and why."""
    desk = Desk()
    desk.failures = [PermanentError("The variables are too large.")]
    instance = await process.start()

    async with process.adapter(desk), asyncio.timeout(20):
        while not (incidents := await process.engine.find_incidents(instance)):
            await asyncio.sleep(0.01)

    assert incidents[0].message == "The variables are too large."


async def test_user_task_of_an_adapter_that_died_is_brought_by_another(process: Process) -> None:
    """Killed between taking the job and creating the activity: seconds are lost, not the lease of hours."""
    dying, living = Desk(), Desk()
    dying.stuck = True
    settings = replace(QUICK, first_lease_s=0.5)
    await process.start()
    async with process.adapter(dying, settings):
        await until(lambda: dying.asked)

    async with process.adapter(living, settings):
        await until(lambda: living.tasks)


async def test_user_task_with_an_activity_is_leased_for_long(process: Process) -> None:
    """It is not brought again each time a first, short lease ends."""
    desk = Desk()
    await process.start()

    async with process.adapter(desk, replace(QUICK, first_lease_s=0.3)):
        await until(lambda: desk.tasks)
        desk.tasks.clear()
        await process.engine.activate("nothing-has-this-type", limit=1, lease_s=1, worker="w", poll_s=2.5)

    assert not desk.tasks


@pytest.mark.parametrize("only_deployed", [True, False])
async def test_foreign_user_task_is_left_alone_unless_all_are_wanted(process: Process, only_deployed: bool) -> None:
    """The job type is the cluster's: whoever deployed the process can still complete its task."""
    desk = Desk()
    process.known = False
    instance = await process.start()
    job = await process.taken(lease_s=0.5)

    async with process.adapter(desk, replace(QUICK, only_deployed=only_deployed)):
        await process.engine.activate("nothing-has-this-type", limit=1, lease_s=1, worker="w", poll_s=2.5)

    assert (job.key in desk.tasks) is not only_deployed
    await process.engine.complete(job.key, Complete())
    assert await gone(lambda: process.engine.cancel(instance))


async def test_task_without_a_modelled_name_is_called_by_its_element(process: Process) -> None:
    """Of a process that somebody else deployed no more is known."""
    desk = Desk()
    process.known = False
    await process.start()

    async with process.adapter(desk, replace(QUICK, only_deployed=False)):
        await until(lambda: [task for task in desk.tasks.values() if task.process_name == process.name])

    (task,) = (task for task in desk.tasks.values() if task.process_name == process.name)
    assert (task.name, task.form) == ("review", None)


async def test_activity_of_a_cancelled_instance_is_closed(process: Process) -> None:
    """The probe finds its job gone."""
    desk = Desk()
    instance = await process.start()
    job = await process.taken()
    desk.probed = [OpenActivity(uuid4(), job.key)]
    async with process.adapter(desk):
        await until(lambda: desk.seen)

        await process.engine.cancel(instance)

        await until(lambda: desk.closed)

    assert desk.closed == {desk.probed[0].activity_id: "The process no longer waits for this task."}


async def test_activity_whose_job_is_leased_to_nobody_is_alive(process: Process) -> None:
    """A job that stands at an incident is not gone."""
    desk = Desk()
    await process.start()
    job = await process.taken()
    await process.engine.fail(job.key, Fail("somebody failed it", retries=0))
    desk.probed = [OpenActivity(uuid4(), job.key)]

    async with process.adapter(desk):
        await until(lambda: desk.seen)

    assert not desk.closed


async def test_adapter_stops_in_the_middle_of_a_poll(process: Process) -> None:
    """A stop does not wait for a long poll to end."""
    async with asyncio.timeout(3), process.adapter(Desk()):
        await process.engine.broadcast_signal("unrelated", {})

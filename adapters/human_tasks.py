"""User tasks of the engine become activities, and those that are gone close theirs.

A job is leased for a moment first, and for hours only once its activity exists: an adapter that dies in between
delays one task by seconds. No activity is made before the engine has extended that first lease: what it acts upon is
safe, while a job just handed out may be forgotten in a crash and made anew under another key. While its activity
waits, its lease is extended by the probes that also tell whether it is still there. Completing the job is the relay's
business.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from zeebe_fleet.adapters.priority import priority_of
from zeebe_fleet.workers.contract.cases import (
    CASE_DEFINITION,
    CASE_STEP,
    CASE_VARIABLES,
    GENERIC_CASE,
    HUMAN_STEP,
    CaseReference,
    Cases,
)
from zeebe_fleet.workers.contract.errors import (
    EngineConflict,
    EngineError,
    EngineGone,
    FleetError,
    PermanentError,
)
from zeebe_fleet.workers.contract.job import FLEET_INSTANCE, WORKFLOW_ID, Job
from zeebe_fleet.workers.contract.model import UNKNOWN, HumanTask, ProcessModel
from zeebe_fleet.workers.contract.outcomes import Fail, HandBack
from zeebe_fleet.workers.contract.ports import ActivitySystem, Engine, OpenActivity, UserTask

JOB_TYPE = "io.camunda.zeebe:userTask"
_HEADER = "io.camunda.zeebe:"
_HIDDEN = (WORKFLOW_ID, FLEET_INSTANCE)

ModelOf = Callable[[int], Awaitable[ProcessModel]]

log = structlog.get_logger("fleet.human_tasks")


Beat = Callable[[str, float], None]
"""Told which loop moves, and within how many seconds it will be heard of again."""
_ROUND_S = 300.0
"""Within which a round of taking or probing ends, even when every call runs into its deadline."""


def unwatched(_loop: str, _within_s: float) -> None:
    """Hear no beat."""


@dataclass(frozen=True, slots=True)
class HumanTaskSettings:
    """How user tasks are taken and watched."""

    only_deployed: bool = True
    """Leave user tasks of processes that somebody else deployed: the job type is shared by the whole cluster."""
    worker: str = "human-tasks"
    lease_s: float = 6 * 3600.0
    first_lease_s: float = 10.0
    """Until the activity exists."""
    foreign_lease_s: float = 600.0
    """Others can complete a leased job, but take it only when the lease is over."""
    batch: int = 32
    backoff_s: float = 5.0
    probes: int = 20
    """Activities looked after in each `probe_every_s`."""
    probe_every_s: float = 1.0


class HumanTaskAdapter:
    """Turns user tasks into activities of a system, ours or another's; any number may run.

    Args:
        engine: whose user tasks.
        activities: where people do their work.
        model_of: the model of a definition by its key; `UNKNOWN` for one that somebody else deployed.
        beat: told that the adapter moves.
        cases: definitions of cases, whose steps say what their activities show.
    """

    def __init__(
        self,
        engine: Engine,
        activities: ActivitySystem,
        model_of: ModelOf,
        settings: HumanTaskSettings | None = None,
        beat: Beat = unwatched,
        cases: Cases | None = None,
    ) -> None:
        self._beat = beat
        self._engine = engine
        self._activities = activities
        self._model_of = model_of
        self._settings = settings or HumanTaskSettings()
        self._cases = cases

    async def run(self, stop: asyncio.Event) -> None:
        """Take and watch user tasks until `stop` is set."""
        taking = self._repeat(self._take, 0.0, stop)
        watching = self._repeat(self._probe, self._settings.probe_every_s, stop)
        await asyncio.gather(taking, watching)

    async def _repeat(self, round_: Callable[[], Awaitable[None]], pause_s: float, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._beat(f"human-tasks {round_.__name__.strip('_')}", _ROUND_S)
            try:
                await _unless(stop, round_())
                await _pause(stop, pause_s)
            except FleetError as error:
                log.warning("human_tasks.waiting", why=error.message)
                await _pause(stop, self._settings.backoff_s)
            except Exception as error:
                log.exception("human_tasks.broke", error=type(error).__name__)
                await _pause(stop, self._settings.backoff_s)

    async def _take(self) -> None:
        settings = self._settings
        jobs = await self._engine.activate(
            JOB_TYPE, limit=settings.batch, lease_s=settings.first_lease_s, worker=settings.worker
        )
        await asyncio.gather(*map(self._bring, jobs))

    async def _bring(self, job: Job) -> None:
        """Bring one user task to its activity; when that cannot be now, the job goes back with its retries."""
        try:
            model = await self._model_of(job.definition_key)
            if self._settings.only_deployed and model is UNKNOWN:
                await self._hold(job, self._settings.foreign_lease_s)
                return
            task = await self._task(job, model)
            await self._engine.extend(job.key, self._settings.first_lease_s)
            activity_id = await self._activities.create_activity(task)
            log.info("activity.created", activity_id=str(activity_id), **_names_of(job))
            await self._hold(job, self._settings.lease_s)
        except EngineGone:
            log.info("activity.not_created", **_names_of(job), why="The job is gone.")
        except PermanentError as error:
            await self._refuse(job, error)
        except FleetError as error:
            await self._return(job, error)

    async def _task(self, job: Job, model: ProcessModel) -> UserTask:
        """Read a user task; of a case, the definition says what it shows, and its model stands for all of them."""
        task = user_task(job, model)
        if self._cases is None or (job.process_name, job.element_id) != (GENERIC_CASE, HUMAN_STEP):
            return task
        reference, step = CaseReference.of(job.variables.get(CASE_DEFINITION)), job.variables.get(CASE_STEP)
        if reference is None or not isinstance(step, Mapping):
            raise PermanentError(
                f"The variables {CASE_DEFINITION} and {CASE_STEP} name no step of a definition.",
                "Set them back to what the step before returned, and retry.",
            )
        work = (await self._cases.case(reference)).work(str(step.get("id", "")))
        shown = {name: value for name, value in task.variables.items() if name not in CASE_VARIABLES}
        return replace(task, name=work.name, form=work.form, actions=tuple(work.actions), variables=shown)

    async def _hold(self, job: Job, lease_s: float) -> None:
        """Lease for longer; if that fails the task is brought again, which changes nothing."""
        with suppress(EngineError):
            await self._engine.extend(job.key, lease_s)

    async def _refuse(self, job: Job, error: PermanentError) -> None:
        """Make an incident of a task that can never become an activity as it is: somebody must see it."""
        log.error("activity.refused", **_names_of(job), why=error.message)
        with suppress(EngineError):
            await self._engine.fail(job.key, Fail(str(error), retries=0))

    async def _return(self, job: Job, error: FleetError) -> None:
        log.warning("activity.not_created", **_names_of(job), why=error.message)
        backoff_ms = round(self._settings.backoff_s * 1000)
        with suppress(EngineError):
            await self._engine.hand_back(job, HandBack("No activity could be created.", backoff_ms))

    async def _probe(self) -> None:
        waiting = await self._activities.activities_to_probe(self._settings.probes)
        alive = [one.activity_id for one in waiting if await self._is_alive(one)]
        if alive:
            await self._activities.activity_seen(alive)

    async def _is_alive(self, activity: OpenActivity) -> bool:
        try:
            await self._engine.extend(activity.job_key, self._settings.lease_s)
        except EngineConflict:
            return True
        except EngineGone:
            await self._close(activity)
            return False
        return True

    async def _close(self, activity: OpenActivity) -> None:
        log.info("activity.closed", activity_id=str(activity.activity_id), job_type=JOB_TYPE, job_key=activity.job_key)
        await self._activities.close_activity(activity.activity_id, "The process no longer waits for this task.")


def user_task(job: Job, model: ProcessModel) -> UserTask:
    """Read a user task from its job; the model knows its name, its form and its priority.

    Source: the header names of `io.camunda.zeebe.protocol.Protocol`, 8.6.
    """
    modelled = model.human_tasks.get(job.element_id) or HumanTask(job.element_id, job.element_id)
    return UserTask(
        workflow_id=job.workflow_id,
        process_name=job.process_name,
        process_version=job.process_version,
        process_instance_key=job.process_instance_key,
        definition_key=job.definition_key,
        element_id=job.element_id,
        element_instance_key=job.element_instance_key,
        job_key=job.key,
        name=modelled.name,
        form=modelled.form,
        variables={name: value for name, value in job.variables.items() if name not in _HIDDEN},
        candidate_groups=_names(job.headers.get(_HEADER + "candidateGroups")),
        candidate_users=_names(job.headers.get(_HEADER + "candidateUsers")),
        assignee=job.headers.get(_HEADER + "assignee") or None,
        due_at=_moment(job.headers.get(_HEADER + "dueDate")),
        follow_up_at=_moment(job.headers.get(_HEADER + "followUpDate")),
        priority=priority_of(modelled.priority, job.variables),
    )


def _names_of(job: Job) -> dict[str, str | int]:
    """Return what a log line about a user task names; its variables are nobody's business."""
    return {
        "job_type": JOB_TYPE,
        "job_key": job.key,
        "workflow_id": str(job.workflow_id or ""),
        "process_instance_key": job.process_instance_key,
        "element_id": job.element_id,
    }


def _names(header: str | None) -> tuple[str, ...]:
    """Read a JSON list inside a string, as the engine writes what an expression gave."""
    try:
        return tuple(str(name) for name in json.loads(header or "[]"))
    except (ValueError, TypeError):
        return ()


def _moment(header: str | None) -> datetime | None:
    """Read ISO 8601; the engine adds the zone's name in brackets to what `now()` gave."""
    try:
        read = datetime.fromisoformat((header or "").partition("[")[0])
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


async def _unless(stop: asyncio.Event, round_: Awaitable[None]) -> None:
    """Wait for a round, but leave it when there is to be no more."""
    running, stopped = asyncio.ensure_future(round_), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        if not running.done():
            running.cancel()
            with suppress(asyncio.CancelledError, FleetError):
                await running
    if not running.cancelled():
        running.result()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    if seconds:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)

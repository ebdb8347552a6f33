"""One task, tried without an engine and, unless it writes business rows, without a database.

Everything between the task and its outcome is what a worker runs: the validation of variables, the retries of
outside calls, the limits, and the one place where an exception becomes the engine's verb.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import NullPool

from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.business import business_database
from zeebe_fleet.deploy.trial_services import ServicesUnderTest, opened
from zeebe_fleet.workers.context import Services
from zeebe_fleet.workers.contract.errors import DefinitionError, StaleError
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Answer, Engine, Ledger
from zeebe_fleet.workers.contract.records import Claim, UndoneStep
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.task import Task, task_of

_WORKFLOW = UUID("00000000-0000-4000-8000-000000000001")
_IDEMPOTENCY_KEY = UUID("00000000-0000-4000-8000-000000000002")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInfo:
    """What a step is told about itself; edit it with `dataclasses.replace` or give other values.

    Args:
        retries: left before this delivery; a failure costs one, and the last one becomes an incident.
        delivery: how often this step has been delivered, this time included; the backoff grows with it.
    """

    workflow_id: UUID = _WORKFLOW
    idempotency_key: UUID = _IDEMPOTENCY_KEY
    process_name: str = "trial"
    process_version: int = 1
    element_id: str = "task"
    retries: int = 3
    delivery: int = 1
    lease_s: float = 60.0
    headers: Mapping[str, str] = field(default_factory=dict)


async def run_task(
    action: Callable[..., Any] | Task,
    variables: Mapping[str, Any] | None = None,
    *,
    services: ServicesUnderTest | None = None,
    secrets: Mapping[str, str] | None = None,
    undone: Sequence[UndoneStep] = (),
    db: AsyncSession | str | None = None,
    data_models: Collection[str] = (),
    step: StepInfo = StepInfo(),
) -> Outcome | HandBack:
    """Run one delivery of a task and return what the engine would be told.

    Args:
        action: a function declared with `@task`.
        variables: process variables; models and dates become JSON first, as they are in the engine.
        services: who answers the task's outside calls.
        secrets: credentials by name.
        undone: for a compensation handler, the steps it takes back, newest first.
        db: what `ctx.db` gives: a session, or a `postgresql://` address. Committed when the task completes and
            rolled back otherwise; a session bound to a connection whose transaction you roll back, with
            `join_transaction_mode="create_savepoint"`, leaves nothing behind.
        data_models: what the workflow would declare.
        step: what the step is told about itself.

    Raises:
        DefinitionError: the function is no task, or the test leaves open what the task needs.

    Example:
        ```python
        async def test_clear_report_is_kept() -> None:
            routes = {"POST /kyc/reports": {"id": "r1", "status": "CLEAR", "risk_score": 7}}
            outcome = await run_task(fetch_report, {"applicant": ADA}, services={"kyc": routes})
            assert outcome == Complete({"kyc_report": {"id": "r1", "status": "CLEAR", "risk_score": 7}})
        ```
    """
    tried = _task(action)
    claim = _claim(tried, variables or {}, undone, step)
    trial = _Trial(tried.job_type)
    secrets = dict(secrets or {})
    async with _session(db) as trial.session_given, opened(services or {}, secrets, trial.complain) as outbound:
        runner = Runner(
            {tried.job_type: tried},
            cast("Ledger", trial),
            cast("Engine", _Listening(trial)),
            Services(outbound, secrets, {step.process_name: frozenset(data_models)}),
        )
        await runner.process(claim)
    return trial.result()


class _Trial:
    """A ledger of one step, which keeps the outcome instead of a record."""

    session_given: AsyncSession | None

    def __init__(self, job_type: str) -> None:
        self._job_type = job_type
        self._outcome: Outcome | HandBack | None = None
        self._complaints: list[DefinitionError] = []

    def session(self, _claim: Claim) -> AsyncSession:
        if self.session_given is None:
            raise self.complain(
                DefinitionError(
                    f"Task {self._job_type!r} uses ctx.db, and the test gives none.",
                    "Pass db=…, an AsyncSession or a postgresql:// address.",
                )
            )
        return self.session_given

    async def finish(self, _claim: Claim, outcome: Outcome, session: AsyncSession | None = None) -> None:
        if session is not None:
            with translated():
                await session.commit()
        self._outcome = outcome

    async def hand_back(self, _held: Claim | Job, outcome: HandBack) -> None:
        self._outcome = outcome

    async def intend(self, _claim: Claim) -> None:
        return

    async def settle(self, _claim: Claim, _outcome: Outcome, _answer: Answer) -> None:
        return

    def complain(self, complaint: DefinitionError) -> DefinitionError:
        self._complaints.append(complaint)
        return complaint

    def result(self) -> Outcome | HandBack:
        if self._complaints:
            raise self._complaints[0]
        if self._outcome is None:
            raise StaleError(f"Task {self._job_type!r} gave the step up.")
        return self._outcome


class _Listening:
    """An engine that agrees with everything it is told."""

    def __init__(self, trial: _Trial) -> None:
        # A job whose effect is in doubt goes back to the engine alone: its attempt stays open in the records.
        self.hand_back = trial.hand_back

    async def complete(self, *_: Any) -> None:
        return

    fail = throw_error = extend = complete


def _task(action: Callable[..., Any] | Task) -> Task:
    tried = action if isinstance(action, Task) else task_of(action)
    if tried is None:
        name = getattr(action, "__name__", repr(action))
        raise DefinitionError(f"{name} is no task.", "Declare it with @task.")
    return tried


def _claim(tried: Task, variables: Mapping[str, Any], undone: Sequence[UndoneStep], step: StepInfo) -> Claim:
    job = Job(
        key=JobKey(1),
        type=tried.job_type,
        process_name=step.process_name,
        process_version=step.process_version,
        definition_key=DefinitionKey(1),
        process_instance_key=ProcessInstanceKey(1),
        element_id=step.element_id,
        element_instance_key=ElementInstanceKey(1),
        retries=step.retries,
        lease_s=step.lease_s,
        variables=to_jsonable_python(dict(variables)),
        headers=step.headers,
    )
    return Claim(
        job,
        1,
        1,
        step.workflow_id,
        step.idempotency_key,
        step.delivery,
        tuple(undone),
        failures=step.delivery - 1,
    )


@asynccontextmanager
async def _session(db: AsyncSession | str | None) -> AsyncIterator[AsyncSession | None]:
    if not isinstance(db, str):
        yield db
        return
    database = business_database(db, poolclass=NullPool)
    try:
        yield AsyncSession(database, expire_on_commit=False)
    finally:
        await database.dispose()

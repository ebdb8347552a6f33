"""A role of the fleet that dies where it is told to: the real command line, with points to die at.

Runs as `python -m tests.chaos.actor ROLE`, with FLEET_… settings and:

    CHAOS_KILL     POINT:N, to die by SIGKILL when coming by that point for the Nth time
    CHAOS_FORGET   anything: deduplication is off, what a step did before is forgotten
    CHAOS_DRAIN_S  how long a stop may take
    CHAOS_RECEIVED file that notes each job as it is received: instance, element, job type, key
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters import outbound
from zeebe_fleet.adapters.postgres import activities
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy import bootstrap, cli
from zeebe_fleet.workers.contract.job import Job, JobKey
from zeebe_fleet.workers.contract.records import Claim, Verdict
from zeebe_fleet.workers.fleet import Fleet
from zeebe_fleet.workers.parent import end_with_parent

POINT, _, _NTH = os.environ.get("CHAOS_KILL", "").partition(":")
_left = int(_NTH or 1)
_RECEIVED = os.environ.get("CHAOS_RECEIVED", "")
_ours: set[int] = set()
"""Keys of jobs that have an effect; the fleet's own listeners have none."""


def die(point: str) -> None:
    """End this process the hard way, if its time has come."""
    global _left
    if point == POINT:
        _left -= 1
        if _left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger(PostgresLedger):
    """The real ledger, with points to die at."""

    async def claim(self, job: Job) -> Verdict:
        if not job.type.startswith("fleet-"):
            _ours.add(job.key)
            die("K0")
        if os.environ.get("CHAOS_FORGET"):
            await self._forget(job)
        verdict = await super().claim(job)
        if job.key in _ours:
            die("K1")
        return verdict

    async def intend(self, claim: Claim) -> None:
        await super().intend(claim)
        die("K7")

    async def settle(self, claim: Claim, *rest: Any) -> None:
        if claim.job.key in _ours:
            die("K6")
        await super().settle(claim, *rest)

    async def _commit(self, session: AsyncSession, claim: Claim) -> None:
        die("K2")
        commit = asyncio.create_task(super()._commit(session, claim))
        await asyncio.sleep(0)
        die("K3")
        await commit

    async def _finish_group(self, group: Sequence[Any]) -> list[Exception | None]:
        """Steps without `ctx.db` are committed in groups, which die with all that are in them."""
        is_ours = any(one.claim.job.key in _ours for one in group)
        if is_ours:
            die("K2")
        commit = asyncio.create_task(super()._finish_group(group))
        await asyncio.sleep(0)
        if is_ours:
            die("K3")
        return await commit

    async def _forget(self, job: Job) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM owed WHERE job_key = $1", job.key)
            await connection.execute(
                "UPDATE step SET state = 'FAILED', idempotency_key = gen_random_uuid() WHERE job_key = $1", job.key
            )


def note_received(jobs: Iterable[Job]) -> None:
    """Note jobs before anything else sees them, in a file that no kill takes back."""
    if not _RECEIVED:
        return
    with open(_RECEIVED, "a") as file:
        file.write("".join(f"{job.process_instance_key} {job.element_id} {job.type} {job.key}\n" for job in jobs))


class DyingEngine(ZeebeEngine):
    """The real engine adapter, with points to die at."""

    async def activate(self, job_type: str, **options: Any) -> list[Job]:
        jobs = await super().activate(job_type, **options)
        note_received(jobs)
        return jobs

    async def stream(self, job_type: str, **options: Any) -> AsyncGenerator[Job, None]:
        async for job in super().stream(job_type, **options):
            note_received([job])
            yield job

    async def complete(self, job_key: JobKey, *rest: Any) -> None:
        if job_key in _ours:
            die("K4")
        completed = asyncio.create_task(super().complete(job_key, *rest))
        if POINT == "K5" and job_key in _ours:
            await asyncio.wait({completed})
            die("K5")
        await completed


class DyingActivities(activities.PostgresActivities):
    """The real activities, with points to die at."""

    async def create(self, *arguments: Any) -> Any:
        created = await super().create(*arguments)
        die("K9")
        return created

    async def request_completion(self, *arguments: Any) -> Any:
        requested = await super().request_completion(*arguments)
        die("K10")
        return requested


class DyingServices(outbound.OutboundServices):
    """The real outside services, answering to the dead."""

    def service(self, name: str, idempotency_key: str) -> Any:
        return _Answering(super().service(name, idempotency_key))


class _Answering:
    def __init__(self, service: Any) -> None:
        self._service = service

    def __getattr__(self, verb: str) -> Any:
        async def call(*arguments: Any, **options: Any) -> Any:
            answer = await getattr(self._service, verb)(*arguments, **options)
            die("K8")
            return answer

        return call


def main() -> None:
    """Put the dying parts in the place of the living ones and run the command line."""
    end_with_parent()
    if os.getppid() != int(os.environ["CHAOS_PARENT"]):  # it died before this process had asked to die with it
        return
    patched = vars(bootstrap)
    patched["PostgresLedger"] = DyingLedger
    patched["ZeebeEngine"] = DyingEngine
    # The API takes these from their own modules, which it loads after this.
    vars(activities)["PostgresActivities"] = DyingActivities
    vars(outbound)["OutboundServices"] = DyingServices
    if "CHAOS_DRAIN_S" in os.environ:
        patched["Fleet"] = functools.partial(Fleet, drain_s=float(os.environ["CHAOS_DRAIN_S"]))
    cli.main()


if __name__ == "__main__":
    main()

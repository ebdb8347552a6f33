"""A client that loads an engine until that is killed, and remembers what it was told."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio

from tests.engine.model.writing import element, flows, started, work
from tests.engine.process.box import Box
from zeebe_fleet.adapters.zeebe.stubs import GatewayStub, pb

EAGER = Path(__file__).with_name("eager.py")
STARTS_WITHIN_S = 60.0
TASKS = ("one", "two", "three")
LEASE_MS = 600_000
_CHANNEL = (("grpc.initial_reconnect_backoff_ms", 20), ("grpc.max_reconnect_backoff_ms", 50))


def three_tasks(process_id: str = "row") -> bytes:
    """A model of three service tasks in a row."""
    parts = [*(work(name) for name in TASKS), element("endEvent", "end"), flows("start", *TASKS, "end")]
    return started(*parts).replace('id="p"', f'id="{process_id}"').encode()


@asynccontextmanager
async def eager_box(data: Path, records: int, *arguments: str) -> AsyncIterator[Box]:
    """Start an engine that takes a checkpoint after so many records; it is gone afterwards."""
    ports = ("--grpc-port", "0", "--rest-port", "0")
    command = (sys.executable, str(EAGER), str(records), "--data", str(data), *ports, *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN_S)).decode()
        assert line.startswith("READY "), f"{line!r} instead of READY"
        grpc_, rest = (part.partition("=")[2] for part in line.split()[1:])
        yield Box(process, grpc_, f"http://{rest}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def client_of(engine: Box) -> AsyncIterator[Any]:
    """A bare client."""
    async with grpc.aio.insecure_channel(engine.grpc, options=_CHANNEL) as channel:
        yield GatewayStub(channel)


@dataclass
class Told:
    """What clients were told by an engine, over all its lives.

    Attributes:
        created: keys of instances whose creation was acknowledged.
        jobs: instance and type of each job that was handed out.
        completed: keys of jobs whose completion was acknowledged.
        unsure: keys of jobs whose completion was asked for, and not answered.
        faults: what an engine must never do.
    """

    created: set[int] = field(default_factory=set)
    jobs: dict[int, tuple[int, str]] = field(default_factory=dict)
    completed: set[int] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def create(self, key: int) -> None:
        """An instance was created."""
        if key in self.created or key in self.jobs:
            self.faults.append(f"key {key} was used twice")
        self.created.add(key)

    def hand_out(self, job: Any) -> None:
        """A job was handed out; its lease is longer than the test, so this happens once."""
        if job.key in self.completed:
            self.faults.append(f"job {job.key} was handed out again after its completion")
        elif job.key in self.jobs:
            self.faults.append(f"job {job.key} was handed out twice within its lease")
        if job.key in self.created:
            self.faults.append(f"key {job.key} was used twice")
        self.jobs[job.key] = job.processInstanceKey, job.type

    def works_of(self) -> dict[int, list[str]]:
        """The types of the completed jobs of each instance."""
        found: dict[int, list[str]] = {}
        for key in self.completed:
            instance, job_type = self.jobs[key]
            found.setdefault(instance, []).append(job_type)
        return found


class Load:
    """Creates instances and works their jobs; ends when the engine is gone."""

    def __init__(self, stub: Any, told: Told, process_id: str = "row") -> None:
        self._stub = stub
        self._told = told
        self._process_id = process_id
        self.acknowledged = 0

    async def run(self) -> None:
        """Go on until the engine is gone."""
        makers = [self._create() for _ in range(4)]
        workers = [self._work(job_type) for job_type in TASKS]
        await asyncio.gather(*makers, *workers)

    async def _create(self) -> None:
        request = pb.CreateProcessInstanceRequest(bpmnProcessId=self._process_id, version=-1)
        try:
            while True:
                self._told.create((await self._stub.CreateProcessInstance(request)).processInstanceKey)
                self.acknowledged += 1
        except grpc.aio.AioRpcError:
            return

    async def _work(self, job_type: str) -> None:
        request = pb.ActivateJobsRequest(
            type=job_type, worker="w", timeout=LEASE_MS, maxJobsToActivate=16, requestTimeout=5_000
        )
        try:
            while True:
                async for answer in self._stub.ActivateJobs(request):
                    for job in answer.jobs:
                        self._told.hand_out(job)
                    await asyncio.gather(*(self._complete(job.key) for job in answer.jobs))
        except grpc.aio.AioRpcError:
            return

    async def _complete(self, key: int) -> None:
        self._told.unsure.add(key)
        try:
            await self._stub.CompleteJob(pb.CompleteJobRequest(jobKey=key))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                self._told.faults.append(f"job {key} is not known")
            raise
        self._told.unsure.discard(key)
        self._told.completed.add(key)
        self.acknowledged += 1


async def loaded_and_killed(engine: Box, told: Told, chance: random.Random) -> int:
    """Load an engine and kill it amid the work; returns how much was acknowledged meanwhile."""
    async with client_of(engine) as stub:
        load = Load(stub, told)
        working = asyncio.ensure_future(load.run())
        wanted = chance.randint(60, 300)
        while load.acknowledged < wanted and not working.done():
            await asyncio.sleep(0.002)
        engine.process.kill()
        await engine.process.wait()
        await working
    return load.acknowledged


async def complete_held(stub: Any, told: Told) -> None:
    """Complete what was handed out and not completed before the engine died, as a worker does that has gone on."""
    held = [key for key in told.jobs if key not in told.completed]
    await asyncio.gather(*(complete_surely(stub, told, key) for key in held))


async def complete_surely(stub: Any, told: Told, key: int) -> None:
    """Complete a job; one whose completion went unanswered may be gone."""
    try:
        await stub.CompleteJob(pb.CompleteJobRequest(jobKey=key))
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND:
            raise
        if key not in told.unsure:
            told.faults.append(f"job {key} is not known")
    told.unsure.discard(key)
    told.completed.add(key)


async def worked_off(stub: Any, told: Told) -> None:
    """Work until there is nothing left."""
    idle = 0
    while idle < 2:
        idle += 1
        for job_type in TASKS:
            request = pb.ActivateJobsRequest(
                type=job_type, worker="w", timeout=LEASE_MS, maxJobsToActivate=100, requestTimeout=200
            )
            jobs = [job async for answer in stub.ActivateJobs(request) for job in answer.jobs]
            for job in jobs:
                told.hand_out(job)
                idle = 0
            await asyncio.gather(*(complete_surely(stub, told, job.key) for job in jobs))

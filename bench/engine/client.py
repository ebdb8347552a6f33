"""The least client: begins instances, takes their jobs by polls or a stream, completes them, and knows nothing else."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

from bench.naming import job_type

_LEASE_MS = 60_000
_CALL_S = 60.0


@dataclass(frozen=True)
class Work:
    """What a client does.

    Args:
        mode: `poll`, `stream`, or nothing for a client that takes no jobs.
        jobs: of each instance.
        variables: of each instance, as JSON text.
        result: of each job, likewise.
        at_once: instances under way at a time. The engine keeps 32 unread jobs for a stream and leaves more to polls.
    """

    prefix: str
    mode: str = ""
    jobs: int = 5
    variables: str = '{"item":1}'
    result: str = "{}"
    at_once: int = 32


class Client:
    """A connected client; jobs have a connection of their own, as in every good worker."""

    def __init__(self, calls: Any, jobs: Any, work: Work, group: asyncio.TaskGroup) -> None:
        self._calls = calls
        self._jobs = jobs
        self._work = work
        self._group = group
        self._begin = pb.CreateProcessInstanceRequest(bpmnProcessId=work.prefix, version=-1, variables=work.variables)
        self._free = asyncio.Semaphore(work.at_once)
        self._done: Counter[int] = Counter()

    async def run(self, instances: int) -> float:
        """Begin so many instances and work them to their ends; returns how long that took, in seconds."""
        begun_s = time.perf_counter()
        for _ in range(instances):
            await self._free.acquire()
            self._group.create_task(self._create())
        for _ in range(self._work.at_once):
            await self._free.acquire()
        took_s = time.perf_counter() - begun_s
        for _ in range(self._work.at_once):
            self._free.release()
        return took_s

    async def create_with_result(self) -> float:
        """Begin one instance and wait for its end; returns how long that took, in milliseconds."""
        request = pb.CreateProcessInstanceWithResultRequest(request=self._begin, requestTimeout=30_000)
        await self._free.acquire()
        begun_s = time.perf_counter()
        await self._calls.CreateProcessInstanceWithResult(request, timeout=_CALL_S)
        return (time.perf_counter() - begun_s) * 1000

    async def deploy(self, name: str, bpmn: str) -> float:
        """Deploy a model; returns how long that took, in milliseconds."""
        request = pb.DeployResourceRequest(resources=[pb.Resource(name=f"{name}.bpmn", content=bpmn.encode())])
        begun_s = time.perf_counter()
        await self._calls.DeployResource(request, timeout=_CALL_S)
        return (time.perf_counter() - begun_s) * 1000

    async def take(self) -> None:
        """Take jobs until cancelled."""
        await (self._stream() if self._work.mode == "stream" else self._poll())

    async def _create(self) -> None:
        await self._calls.CreateProcessInstance(self._begin, timeout=_CALL_S)
        if not self._work.jobs:
            self._free.release()

    async def _stream(self) -> None:
        request = pb.StreamActivatedJobsRequest(
            type=job_type(self._work.prefix), worker="bare", timeout=_LEASE_MS, fetchVariable=["item"]
        )
        async for job in self._jobs.StreamActivatedJobs(request):
            self._group.create_task(self._complete(job))

    async def _poll(self) -> None:
        request = pb.ActivateJobsRequest(
            type=job_type(self._work.prefix),
            worker="bare",
            timeout=_LEASE_MS,
            maxJobsToActivate=self._work.at_once,
            fetchVariable=["item"],
            requestTimeout=10_000,
        )
        while True:
            async for answer in self._jobs.ActivateJobs(request, timeout=_CALL_S):
                for job in answer.jobs:
                    self._group.create_task(self._complete(job))

    async def _complete(self, job: Any) -> None:
        await self._calls.CompleteJob(pb.CompleteJobRequest(jobKey=job.key, variables=self._work.result))
        self._done[job.processInstanceKey] += 1
        if self._done[job.processInstanceKey] == self._work.jobs:
            del self._done[job.processInstanceKey]
            self._free.release()


@asynccontextmanager
async def client(address: str, work: Work) -> AsyncIterator[Client]:
    """Connect; what goes wrong in the client's tasks ends the block."""
    async with (
        grpc.aio.insecure_channel(address) as calls,
        grpc.aio.insecure_channel(address) as jobs,
        asyncio.TaskGroup() as group,
    ):
        connected = Client(GatewayStub(calls), GatewayStub(jobs), work, group)
        taking = group.create_task(connected.take()) if work.mode else None
        yield connected
        if taking is not None:
            taking.cancel()

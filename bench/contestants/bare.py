"""The least a Python client can do: a grpc.aio loop that activates and completes, and knows nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import grpc.aio
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

from bench.contestants.process import ADDRESS, PREFIX, SLOTS, ready, stopped
from bench.naming import job_type


class Loop:
    """Polls one job type, refilled at half."""

    def __init__(self, stub: Any, type_: str) -> None:
        self._stub = stub
        self._job_type = type_
        self._free = SLOTS
        self._freed = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take and complete jobs for ever."""
        while True:
            while self._free < SLOTS // 2:
                self._freed.clear()
                await self._freed.wait()
            request = pb.ActivateJobsRequest(
                type=self._job_type,
                worker="bare",
                timeout=30_000,
                maxJobsToActivate=self._free,
                fetchVariable=["item"],
                requestTimeout=10_000,
            )
            try:
                async for answer in self._stub.ActivateJobs(request, timeout=20):
                    self._start(answer.jobs)
            except grpc.aio.AioRpcError:  # the engine pushes back
                await asyncio.sleep(0.02)

    def _start(self, jobs: Sequence[Any]) -> None:
        self._free -= len(jobs)
        for job in jobs:
            task = asyncio.create_task(self._complete(job))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _complete(self, job: Any) -> None:
        json.loads(job.variables)
        await self._stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key, variables="{}"), timeout=10)
        self._free += 1
        self._freed.set()


async def main() -> None:
    """Work until SIGTERM."""
    async with grpc.aio.insecure_channel(ADDRESS) as channel:
        stub = GatewayStub(channel)
        loop = asyncio.create_task(Loop(stub, job_type(PREFIX)).run())
        stop = stopped()
        ready()
        await stop.wait()
        loop.cancel()


if __name__ == "__main__":
    asyncio.run(main())

"""Jobs as an engine hands them out that somebody else filled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayServicer

from tests.gateways import served
from zeebe_fleet.adapters.zeebe import EngineConnection, ZeebeEngine

UNREADABLE = (
    '{"a": ' + "[" * 20_000 + "]" * 20_000 + "}",
    "{",
    '{"a": ' + "9" * 10_000 + "}",
)


class Gateway(GatewayServicer):
    """Hands out one job that nobody can read, and one that is as usual behind it."""

    def __init__(self, variables: str) -> None:
        self.jobs = [pb.ActivatedJob(key=7, variables=variables), pb.ActivatedJob(key=8, variables='{"b": 1}')]
        self.failed: list[Any] = []

    async def ActivateJobs(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Give both."""
        yield pb.ActivateJobsResponse(jobs=self.jobs)

    async def StreamActivatedJobs(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Give both, one after the other."""
        for job in self.jobs:
            yield job

    async def FailJob(self, request: Any, context: Any) -> Any:
        """Note it."""
        self.failed.append(request)
        return pb.FailJobResponse()


@pytest.mark.parametrize("variables", UNREADABLE, ids=["deep", "broken", "long"])
@pytest.mark.parametrize("streams", [False, True])
async def test_job_that_nobody_can_read_is_an_incident(variables: str, streams: bool) -> None:
    """It neither ends the worker nor holds up the others."""
    gateway = Gateway(variables)  # type: ignore[abstract]
    async with served(gateway) as address:
        engine = ZeebeEngine(EngineConnection(address=address))
        try:
            if streams:
                jobs = [job async for job in engine.stream("t", lease_s=60, worker="w")]
            else:
                jobs = list(await engine.activate("t", limit=2, lease_s=60, worker="w"))
        finally:
            await engine.close()
    assert [(job.key, dict(job.variables)) for job in jobs] == [(8, {"b": 1})]
    assert [(one.jobKey, one.retries) for one in gateway.failed] == [(7, 0)]

"""An engine that keeps nothing, in this process, behind real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio

from tests.engine.model.writing import START, element, flows, model
from zeebe_fleet.adapters.zeebe.stubs import GatewayStub, pb
from zeebe_fleet.engine.pump import Pump, open_pump
from zeebe_fleet.engine.serving import Ports, running
from zeebe_fleet.engine.version import DEFAULT, Version

MODEL = model(
    START,
    element(
        "serviceTask",
        "work",
        '<zeebe:taskDefinition type="{name}" retries="3" />',
        '<zeebe:taskHeaders><zeebe:header key="colour" value="blue" /></zeebe:taskHeaders>',
    ),
    element("endEvent", "end"),
    flows("start", "work", "end"),
    attributes='id="{name}" isExecutable="true"',
)
"""One service task; its job type is the process's name."""


@asynccontextmanager
async def served(
    *, version: Version = DEFAULT, limit: int | None = None, clock_controlled: bool = False
) -> AsyncIterator[tuple[Ports, Pump]]:
    """Run an engine of one's own."""
    pump = open_pump(None)
    await pump.start()
    try:
        async with running(pump, version=version, limit=limit, clock_controlled=clock_controlled) as ports:
            yield ports, pump
    finally:
        await pump.stop()


@asynccontextmanager
async def client(of: Ports | str) -> AsyncIterator[Any]:
    """A bare client of the gateway at an address."""
    async with grpc.aio.insecure_channel(of if isinstance(of, str) else f"{of.host}:{of.grpc}") as channel:
        yield GatewayStub(channel)


async def deploy(stub: Any, name: str) -> Any:
    """Deploy the model under a name."""
    resource = pb.Resource(name=f"{name}.bpmn", content=MODEL.format(name=name).encode())
    return await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))


async def start(stub: Any, name: str, variables: str = "{}") -> int:
    """Start an instance; returns its key."""
    request = pb.CreateProcessInstanceRequest(bpmnProcessId=name, version=-1, variables=variables)
    key: int = (await stub.CreateProcessInstance(request)).processInstanceKey
    return key


def asked(job_type: str, limit: int = 100, **more: Any) -> Any:
    """A poll that does not wait, unless told."""
    fields = {"worker": "tests", "timeout": 60_000, "requestTimeout": -1} | more
    return pb.ActivateJobsRequest(type=job_type, maxJobsToActivate=limit, **fields)


async def polled(stub: Any, job_type: str, limit: int = 100, **more: Any) -> list[Any]:
    """The jobs of one poll."""
    return [job async for answer in stub.ActivateJobs(asked(job_type, limit, **more)) for job in answer.jobs]

"""An engine that keeps nothing, in this process, behind real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio

from zeebe_fleet.adapters.zeebe.stubs import GatewayStub, pb
from zeebe_fleet.engine.pump import Pump, open_pump
from zeebe_fleet.engine.serving import Ports, running
from zeebe_fleet.engine.version import DEFAULT, Version

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="of-{name}" targetNamespace="http://example.com">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to-work" sourceRef="start" targetRef="work" />
    <bpmn:serviceTask id="work">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="{name}" retries="3" />
        <zeebe:taskHeaders><zeebe:header key="colour" value="blue" /></zeebe:taskHeaders>
      </bpmn:extensionElements>
    </bpmn:serviceTask>
    <bpmn:sequenceFlow id="to-end" sourceRef="work" targetRef="end" />
    <bpmn:endEvent id="end" />
  </bpmn:process>
</bpmn:definitions>
"""
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

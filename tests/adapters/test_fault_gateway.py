"""The fault gateway on the wire: transparent until a fault is injected, and then exactly that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import grpc
import pytest

from zeebe_fleet.adapters.fault_gateway import FaultGateway
from zeebe_fleet.adapters.zeebe import EngineConnection, ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.workers.contract.errors import (
    EngineBusy,
    EngineDenied,
    EngineError,
    EngineGone,
    EngineRejected,
    EngineUnavailable,
)
from zeebe_fleet.workers.contract.job import Job, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete
from zeebe_fleet.workers.contract.ports import DeployedProcess, Resource

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="test">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to_work" sourceRef="start" targetRef="work" />
    <bpmn:serviceTask id="work">
      <bpmn:extensionElements><zeebe:taskDefinition type="{name}" retries="3" /></bpmn:extensionElements>
    </bpmn:serviceTask>
  </bpmn:process>
</bpmn:definitions>
"""
NOWHERE = JobKey(2**51 + 2**40)


@pytest.fixture
async def gateway(addresses: Addresses) -> AsyncIterator[FaultGateway]:
    """A gateway before the session's engine."""
    async with FaultGateway(addresses.engine_grpc) as gateway:
        yield gateway


@pytest.fixture
async def faulty(gateway: FaultGateway) -> AsyncIterator[ZeebeEngine]:
    """The engine, as it is through the gateway."""
    async with ZeebeEngine(EngineConnection(address=gateway.address, timeout_s=5.0)) as engine:
        yield engine


@pytest.fixture
async def process(engine: ZeebeEngine) -> DeployedProcess:
    """A process with one task, of this test alone."""
    name = f"faulty-{uuid4().hex[:12]}"
    (deployed,) = await engine.deploy([Resource(f"{name}.bpmn", MODEL.format(name=name).encode())])
    return deployed


async def taken(engine: ZeebeEngine, process: DeployedProcess, lease_s: float = 30.0) -> list[Job]:
    """Lease the jobs there are."""
    return await engine.activate(process.process_name, limit=5, lease_s=lease_s, worker="test", poll_s=5.0)


async def job_of(engine: ZeebeEngine, process: DeployedProcess) -> Job:
    """Start an instance and lease its job."""
    await engine.start(process_name=process.process_name, variables={"amount": 3})
    (job,) = await taken(engine, process)
    return job


async def test_gateway_forwards_what_it_is_not_told_to_spoil(
    gateway: FaultGateway, faulty: ZeebeEngine, process: DeployedProcess
) -> None:
    """Calls, answers and refusals are the engine's own."""
    job = await job_of(faulty, process)
    await faulty.complete(job.key, Complete({"done": True}))

    assert job.variables == {"amount": 3}
    with pytest.raises(EngineGone, match="NOT_FOUND"):
        await faulty.complete(job.key, Complete())
    assert gateway.calls == {"CreateProcessInstance": 1, "ActivateJobs": 1, "CompleteJob": 2}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, EngineBusy),
        (grpc.StatusCode.UNAUTHENTICATED, EngineDenied),
        (grpc.StatusCode.INTERNAL, EngineUnavailable),
        (grpc.StatusCode.INVALID_ARGUMENT, EngineRejected),
    ],
)
async def test_status_is_answered_without_the_engine(
    gateway: FaultGateway,
    faulty: ZeebeEngine,
    process: DeployedProcess,
    status: grpc.StatusCode,
    error: type[Exception],
) -> None:
    """The engine hears nothing of it; afterwards all is well."""
    job = await job_of(faulty, process)
    with gateway.inject("CompleteJob", status=status, details="so I say"), pytest.raises(error, match="so I say"):
        await faulty.complete(job.key, Complete())

    await faulty.complete(job.key, Complete())


async def test_fault_of_every_method_strikes_polls_too(gateway: FaultGateway, faulty: ZeebeEngine) -> None:
    """An engine without credentials for us denies everything."""
    with gateway.inject(status=grpc.StatusCode.UNAUTHENTICATED) as fault:
        with pytest.raises(EngineDenied):
            await faulty.capabilities()
        with pytest.raises(EngineDenied):
            await faulty.activate("nothing", limit=1, lease_s=1, worker="test", poll_s=0.1)

    assert fault.hits == 2


async def test_lost_reply_leaves_the_engine_changed(
    gateway: FaultGateway, faulty: ZeebeEngine, process: DeployedProcess
) -> None:
    """Whoever asks again learns that it happened."""
    job = await job_of(faulty, process)
    gateway.inject("CompleteJob", after=True, times=1)

    with pytest.raises(EngineUnavailable):
        await faulty.complete(job.key, Complete())
    with pytest.raises(EngineGone):
        await faulty.complete(job.key, Complete())


async def test_share_of_calls_goes_wrong_the_same_in_every_run(addresses: Addresses) -> None:
    """The seed decides which."""

    async def struck(seed: int) -> list[bool]:
        async with (
            FaultGateway(addresses.engine_grpc, seed=seed) as gateway,
            ZeebeEngine(EngineConnection(address=gateway.address)) as engine,
        ):
            gateway.inject("CompleteJob", status=grpc.StatusCode.RESOURCE_EXHAUSTED, share=0.5)
            answers: list[bool] = []
            for _ in range(40):
                with pytest.raises(EngineError) as raised:
                    await engine.complete(NOWHERE, Complete())
                answers.append(isinstance(raised.value, EngineBusy))
            return answers

    assert await struck(1) == await struck(1) != await struck(2)
    assert 8 < sum(await struck(1)) < 32


async def test_delay_is_bounded_by_the_deadline_of_the_caller(
    gateway: FaultGateway, process: DeployedProcess, engine: ZeebeEngine
) -> None:
    """The client gives up; what it asked for happens nonetheless when the reply alone is late."""
    job = await job_of(engine, process)
    gateway.inject("CompleteJob", delay_s=30, after=True)
    async with ZeebeEngine(EngineConnection(address=gateway.address, timeout_s=0.5)) as hasty:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable, match="DEADLINE_EXCEEDED"):
            await hasty.complete(job.key, Complete())

    assert time.monotonic() - began < 5
    with pytest.raises(EngineGone):
        await engine.complete(job.key, Complete())


async def test_poll_hands_out_every_job_twice(
    gateway: FaultGateway, faulty: ZeebeEngine, process: DeployedProcess
) -> None:
    """As an engine does whose lease has run out, only at once."""
    gateway.inject("ActivateJobs", duplicate=True)
    await faulty.start(process_name=process.process_name)

    first, second = await taken(faulty, process)

    assert first.key == second.key


async def test_lost_answer_of_a_poll_leaves_its_jobs_leased_to_nobody(
    gateway: FaultGateway, faulty: ZeebeEngine, process: DeployedProcess
) -> None:
    """They come back when the lease has run out, with their retries."""
    await faulty.start(process_name=process.process_name)
    gateway.inject("ActivateJobs", after=True, times=1)

    with pytest.raises(EngineUnavailable):
        await taken(faulty, process, lease_s=0.2)
    (job,) = await taken(faulty, process)

    assert job.retries == 3


async def test_command_sent_twice_reaches_the_engine_twice(
    gateway: FaultGateway, faulty: ZeebeEngine, process: DeployedProcess
) -> None:
    """As when a network in between repeats it; the first answer is returned."""
    gateway.inject("CreateProcessInstance", duplicate=True, times=1)

    await faulty.start(process_name=process.process_name)

    assert len(await taken(faulty, process)) == 2


async def test_stream_hands_out_every_job_twice(
    gateway: FaultGateway, faulty: ZeebeEngine, process: DeployedProcess
) -> None:
    """Streams are spoilt like polls."""
    gateway.inject("StreamActivatedJobs", duplicate=True)

    assert len(await streamed(faulty, process, count=2)) == 1


async def test_open_polls_and_streams_are_broken_off(gateway: FaultGateway, faulty: ZeebeEngine) -> None:
    """Those that are opened later are not."""
    calls = [
        asyncio.ensure_future(anext(faulty.stream("nothing", lease_s=1, worker="test"))),
        asyncio.ensure_future(faulty.activate("nothing", limit=1, lease_s=1, worker="test", poll_s=60)),
    ]
    dropped = 0
    while dropped < len(calls):
        dropped += gateway.drop_streams(status=grpc.StatusCode.ABORTED)
        await asyncio.sleep(0.01)

    for error in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(error, EngineUnavailable)
        assert "ABORTED" in error.message
    assert await faulty.activate("nothing", limit=1, lease_s=1, worker="test", poll_s=0.1) == []


async def streamed(engine: ZeebeEngine, process: DeployedProcess, *, count: int) -> set[JobKey]:
    """Open a stream, start an instance, and return the keys of so many jobs that come."""
    seen: list[JobKey] = []

    async def start() -> None:
        while not seen:
            await engine.start(process_name=process.process_name)
            await asyncio.sleep(0.5)

    starting = asyncio.create_task(start())
    try:
        async for job in engine.stream(process.process_name, lease_s=30, worker="test"):
            seen.append(job.key)
            if len(seen) == count:
                break
    finally:
        starting.cancel()
    return set(seen)

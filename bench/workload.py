"""The work: a process of five sequential tasks, and as many of its instances as a heat needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import uuid4

import grpc.aio
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

from bench.naming import job_type

TASKS = 5
_XMLNS = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'targetNamespace="http://zeebe-fleet/bench"'
)
_LISTENERS = (
    "<extensionElements><zeebe:executionListeners>"
    '<zeebe:executionListener eventType="start" type="fleet-adopt" />'
    '<zeebe:executionListener eventType="end" type="fleet-ended" />'
    "</zeebe:executionListeners></extensionElements>"
)
_PARALLEL = 32


def fresh_prefix() -> str:
    """Name a heat's own process: no job of another heat is ever seen in it."""
    return f"bench-{uuid4().hex[:8]}"


def five_tasks(prefix: str, *, listeners: bool = False) -> str:
    """Model five service tasks in a row."""
    flow = "".join(
        f'<sequenceFlow id="to-{n}" sourceRef="{"start" if n == 1 else f"task-{n - 1}"}" targetRef="task-{n}" />'
        for n in range(1, TASKS + 1)
    )
    tasks = "".join(service_task(f"task-{n}", job_type(prefix)) for n in range(1, TASKS + 1))
    end = f'<sequenceFlow id="to-end" sourceRef="task-{TASKS}" targetRef="end" /><endEvent id="end" />'
    return process(prefix, f'{_LISTENERS if listeners else ""}<startEvent id="start" />{flow}{tasks}{end}')


def many_waiting(prefix: str, jobs_each: int) -> str:
    """Model one task of which `jobs_each` instances wait at once."""
    loop = (
        '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="'
        f'=for n in 1..{jobs_each} return n" inputElement="item" /></extensionElements>'
        "</multiInstanceLoopCharacteristics>"
    )
    task = service_task("task-1", job_type(prefix), loop)
    flow = (
        '<sequenceFlow id="in" sourceRef="start" targetRef="task-1" />'
        '<sequenceFlow id="out" sourceRef="task-1" targetRef="end" />'
    )
    return process(prefix, f'<startEvent id="start" />{flow}{task}<endEvent id="end" />')


class Load:
    """Makes instances, through the gateway's own stubs: no client under test is involved."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address)
        self.stub: Any = GatewayStub(self._channel)

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()

    async def deploy(self, prefix: str, bpmn: str) -> Any:
        """Deploy one model; returns what the engine calls it."""
        resource = pb.Resource(name=f"{prefix}.bpmn", content=bpmn.encode())
        answer = await self.stub.DeployResource(pb.DeployResourceRequest(resources=[resource]), timeout=30)
        return answer.deployments[0].process

    async def create(self, prefix: str, count: int) -> list[int]:
        """Create instances, as often as it takes when the engine pushes back; returns their keys."""

        async def one(number: int) -> int:
            request = pb.CreateProcessInstanceRequest(bpmnProcessId=prefix, version=-1, variables=_variables(number))
            answer = await _insisting(lambda: self.stub.CreateProcessInstance(request, timeout=20))
            return int(answer.processInstanceKey)

        return await _gathered(one, range(count))

    async def create_with_result(self, prefix: str, number: int) -> None:
        """Create one instance and wait for its end."""
        request = pb.CreateProcessInstanceWithResultRequest(
            request=pb.CreateProcessInstanceRequest(bpmnProcessId=prefix, version=-1, variables=_variables(number)),
            requestTimeout=30_000,
        )
        await self.stub.CreateProcessInstanceWithResult(request, timeout=40)

    async def cancel(self, instance_keys: Iterable[int]) -> None:
        """Cancel what is left of a heat."""

        async def one(key: int) -> None:
            request = pb.CancelProcessInstanceRequest(processInstanceKey=key)
            try:
                await _insisting(lambda: self.stub.CancelProcessInstance(request, timeout=20))
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise

        await _gathered(one, instance_keys)


_AGAIN = (
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.UNAVAILABLE,
)


def _variables(number: int) -> str:
    return json.dumps({"item": number})


async def _gathered(work: Callable[[int], Awaitable[Any]], numbers: Iterable[int]) -> list[Any]:
    results: list[Any] = []
    left = iter(numbers)

    async def lane() -> None:
        for number in left:
            results.append(await work(number))

    await asyncio.gather(*(lane() for _ in range(_PARALLEL)))
    return results


async def _insisting(call: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await call()
        except grpc.aio.AioRpcError as error:
            if error.code() not in _AGAIN:
                raise
            await asyncio.sleep(0.02)


def service_task(element_id: str, type_: str, more: str = "", extensions: str = "") -> str:
    """Write one task; `extensions` stand beside its job type, `more` behind them."""
    definition = f'<extensionElements><zeebe:taskDefinition type="{type_}" />{extensions}</extensionElements>'
    return f'<serviceTask id="{element_id}">{definition}{more}</serviceTask>'


def process(prefix: str, content: str) -> str:
    """Write the file of one process."""
    process = f'<process id="{prefix}" isExecutable="true">{content}</process>'
    return f'<?xml version="1.0" encoding="UTF-8"?><definitions {_XMLNS}>{process}</definitions>'

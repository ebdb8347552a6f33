"""The real Operate behind a local stack: what it shows, what it can be asked for, and that nobody waits for it.

One stack for all of it; left out where there is no memory for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from zeebe_fleet.adapters.zeebe import EngineConnection, OperateAccess, ZeebeEngine
from zeebe_fleet.deploy.local.behind import Behind, hindrance
from zeebe_fleet.deploy.local.operate import OPERATE_LOGIN
from zeebe_fleet.deploy.local.report import LineReport
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack
from zeebe_fleet.workers.contract.errors import EngineDenied
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import OpenIncident, Resource

# The first run on a machine downloads and trains.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
STUCK = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <bpmn:process id="stuck" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>in</bpmn:outgoing></bpmn:startEvent>
    <bpmn:exclusiveGateway id="fork">
      <bpmn:incoming>in</bpmn:incoming><bpmn:outgoing>out</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:endEvent id="end"><bpmn:incoming>out</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="in" sourceRef="start" targetRef="fork"/>
    <bpmn:sequenceFlow id="out" sourceRef="fork" targetRef="end">
      <bpmn:conditionExpression>= ready</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
  </bpmn:process>
</bpmn:definitions>"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """An engine with Operate behind it."""
    if reason := hindrance():
        pytest.skip(reason)
    stack = LocalStack(tmp_path_factory.mktemp("operate") / ".fleet", parts=["engine"], operate=True)
    try:
        stack.up()
        with Behind(stack, LineReport()):
            yield stack
    finally:
        stack.wipe()


@pytest.fixture(scope="module")
def addresses(stack: LocalStack) -> Addresses:
    """Where its parts answer, now or later."""
    return stack.addresses()


@pytest.fixture(scope="module")
async def instance(addresses: Addresses) -> AsyncIterator[ProcessInstanceKey]:
    """An instance with an incident, begun as soon as the engine was there."""
    async with ZeebeEngine(EngineConnection(address=addresses.engine_grpc)) as engine:
        await engine.deploy([Resource("stuck.bpmn", STUCK)])
        started = await engine.start(process_name="stuck")
        yield started.process_instance_key


def access(addresses: Addresses, password: str = OPERATE_LOGIN[1]) -> OperateAccess:
    """The way to its API, which lies beside its page."""
    return OperateAccess(
        url=addresses.operate_url.removesuffix("/operate"), username=OPERATE_LOGIN[0], password=password
    )


async def up(stack: LocalStack) -> None:
    """Wait until Operate serves."""
    async with asyncio.timeout(300):
        while {part.name: part.state for part in stack.status()}.get("operate") != "running":
            await asyncio.sleep(0.1)


async def test_operate_is_waited_for_by_nobody(stack: LocalStack, instance: ProcessInstanceKey) -> None:
    """The engine takes work while Operate is still on its way, and is the same process when it is there."""
    engine = {part.name: part.pid for part in stack.status()}["engine"]
    await up(stack)
    assert {part.name: part.pid for part in stack.status()}["engine"] == engine
    assert [part.state for part in stack.status()] == ["running"] * 3


async def test_operate_serves_the_page_of_an_instance(
    stack: LocalStack, addresses: Addresses, instance: ProcessInstanceKey
) -> None:
    """The link that the API gives out leads to Operate's page."""
    await up(stack)
    async with httpx.AsyncClient() as http:
        page = await http.get(f"{addresses.operate_url}/processes/{instance}", follow_redirects=True)
    assert page.is_success
    assert "Operate" in page.text


async def test_operate_tells_the_incidents_of_an_engine_without_search(
    stack: LocalStack, addresses: Addresses, instance: ProcessInstanceKey
) -> None:
    """An incident is found by Operate, and resolved by the key that it gave."""
    await up(stack)
    async with ZeebeEngine(EngineConnection(address=addresses.engine_grpc, operate=access(addresses))) as engine:
        assert (await engine.capabilities()).incident_search
        [incident] = await appears(engine, instance)
        assert "ready" in incident.message
        assert incident in await engine.newest_incidents(100)
        await engine.set_variables(instance, {"ready": True})
        await engine.resolve_incident(incident)


async def test_operate_refuses_a_wrong_password(
    stack: LocalStack, addresses: Addresses, instance: ProcessInstanceKey
) -> None:
    """That is said as what it is, not as an engine that is away."""
    await up(stack)
    wrong = EngineConnection(address=addresses.engine_grpc, operate=access(addresses, "wrong"))
    async with ZeebeEngine(wrong) as engine:
        with pytest.raises(EngineDenied, match="Operate answered 401"):
            await engine.find_incidents(instance)


async def appears(engine: ZeebeEngine, instance: ProcessInstanceKey) -> list[OpenIncident]:
    """Wait until Operate has imported the incident."""
    end_s = time.monotonic() + 60
    while not (found := await engine.find_incidents(instance)) and time.monotonic() < end_s:
        await asyncio.sleep(0.2)
    return found

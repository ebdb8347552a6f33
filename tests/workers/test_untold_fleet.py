"""A business error that the engine does not take is shown within seconds, and the way out leads on: all is real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest

from tests.crash.scene import until
from tests.workers.test_fleet_faults import working
from zeebe_fleet.adapters.fault_gateway import FaultGateway
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers import relay
from zeebe_fleet.workers.contract.errors import BusinessError
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.task import Task

LISTENER = """
<bpmn:serviceTask id="first">
  <bpmn:extensionElements>
    <zeebe:taskDefinition type="PREFIX.second" retries="3" />
    <zeebe:executionListeners>
      <zeebe:executionListener eventType="start" type="PREFIX.first" retries="3" />
    </zeebe:executionListeners>
  </bpmn:extensionElements>
</bpmn:serviceTask>
"""


class Told:
    """A task that raises a business error until it is mended."""

    def __init__(self) -> None:
        self.is_mended = False

    async def first(self) -> None:
        if not self.is_mended:
            raise BusinessError("REFUSED", "The customer said no.")

    async def second(self) -> None: ...


@pytest.fixture
async def gateway(addresses: Addresses) -> AsyncIterator[FaultGateway]:
    """A gateway before the session's engine."""
    async with FaultGateway(addresses.engine_grpc) as gateway:
        yield gateway


async def test_result_that_breaks_the_engine_is_shown_until_it_is_told(
    engine: ZeebeEngine, database_url: str, gateway: FaultGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried on all the while: when the engine takes it, nobody has to do anything."""
    monkeypatch.setattr(relay, "_MANY", 2)
    gateway.inject("CompleteJob", status=grpc.StatusCode.INTERNAL)
    shown = await comes_out(engine, database_url, gateway, by_listener=False, is_mended=True)
    assert "INTERNAL" in shown
    assert "tried again and again" in shown


async def comes_out(
    engine: ZeebeEngine, database_url: str, gateway: FaultGateway, *, by_listener: bool, is_mended: bool = False
) -> str:
    """Run a process whose outcome is not taken, see its incident, mend and resolve it; returns what was shown."""
    name = f"untold-{uuid4().hex[:8]}"
    model = Path(__file__).with_name("faults.bpmn").read_text()
    if by_listener:
        begin, end = model.index('<bpmn:serviceTask id="first"'), model.index('<bpmn:sequenceFlow id="f2"')
        model = model[:begin] + LISTENER + model[end:]
    await engine.deploy([Resource(f"{name}.bpmn", model.replace("PREFIX", name).encode())])
    told = Told()
    told.is_mended = is_mended
    tasks = {f"{name}.{one.__name__}": Task(f"{name}.{one.__name__}", one) for one in (told.first, told.second)}
    settings = Settings(database_url=database_url, zeebe=ZeebeSettings(address=gateway.address, timeout_s=5.0))
    records = await asyncpg.connect(database_url)
    ours = "SELECT workflow_id, state, incident FROM workflow WHERE process_name = $1"
    try:
        async with working(settings, tasks):
            started = await engine.start(process_name=name)
            shown = await until(lambda: records.fetchrow(ours, name), lambda row: row and row["incident"], timeout_s=60)
            gateway.clear()
            if not is_mended:
                found = await until(lambda: engine.find_incidents(started.process_instance_key), bool, timeout_s=30)
                told.is_mended = True
                await engine.resolve_incident(found[0])
            over = await until(
                lambda: records.fetchrow(ours, name), lambda row: row and row["state"] == "COMPLETED", timeout_s=60
            )
            assert over is not None
            assert shown is not None
            assert over["incident"] is None
            assert isinstance(shown["workflow_id"], UUID)
    finally:
        await records.close()
    return str(shown["incident"] if shown else "")


async def test_error_of_a_listener_is_shown_and_comes_out(
    engine: ZeebeEngine, database_url: str, gateway: FaultGateway
) -> None:
    """An execution listener takes part in nothing that a boundary event could catch."""
    shown = await comes_out(engine, database_url, gateway, by_listener=True)
    assert "'REFUSED'" in shown
    assert "execution listener" in shown
    assert "then resolve this incident" in shown


async def test_error_of_a_message_throw_event_is_shown_and_comes_out(
    engine: ZeebeEngine, database_url: str, gateway: FaultGateway
) -> None:
    """Zeebe answers it as this gateway does; the engine in the box has no such events."""
    gateway.inject("ThrowError", status=grpc.StatusCode.FAILED_PRECONDITION)
    shown = await comes_out(engine, database_url, gateway, by_listener=False)
    assert "'REFUSED'" in shown
    assert "then resolve this incident" in shown

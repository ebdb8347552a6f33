"""An engine killed with everything in flight: each thing goes on where it was, at its own time."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from tests.engine.durability.killed import client_of
from tests.engine.gateway.served import polled, start
from tests.engine.model.writing import (
    association,
    boundary,
    definition,
    element,
    flow,
    flows,
    message,
    started,
    work,
)
from tests.engine.process.box import Box, box
from zeebe_fleet.adapters.zeebe.stubs import pb

ENOUGH_MS = 20_000
SOON_MS = 3_000
END = element("endEvent", "end")


def _after(wait: str, name: str) -> str:
    """A model that waits, then has a job."""
    return started(wait, work(name), END, flows("start", "wait", name, "end"))


EACH = """<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:extensionElements>
<zeebe:loopCharacteristics inputCollection="=items" inputElement="item" outputCollection="found"
outputElement="=item * 10" /></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"""
TIMER = definition("timer", "", f"<bpmn:timeDuration>PT{SOON_MS // 1000}S</bpmn:timeDuration>")
MODELS = {
    "leased": started(work("leased"), END, flows("start", "leased", "end")),
    "overdue": started(work("overdue"), END, flows("start", "overdue", "end")),
    "backoff": started(work("backoff"), END, flows("start", "backoff", "end")),
    "incident": started(work("incident"), END, flows("start", "incident", "end")),
    "timer": _after(element("intermediateCatchEvent", "wait", TIMER), "timer"),
    "message": _after(
        element("intermediateCatchEvent", "wait", definition("message", messageRef="m")), "message"
    ).replace("</bpmn:definitions>", message("m") + "</bpmn:definitions>"),
    "each": started(work("each", EACH), work("each-end"), END, flows("start", "each", "each-end", "end")),
    "undo": started(
        work("undo"),
        boundary("undoing", "undo", definition("compensate", "undoing-it")),
        work("handler", attributes='isForCompensation="true"'),
        element("intermediateThrowEvent", "thrown", definition("compensate", "throwing-it")),
        work("undo-end"),
        END,
        flows("start", "undo", "thrown", "undo-end", "end"),
        association("undoing", "handler"),
    ),
    "loop": started(
        element("exclusiveGateway", "top"),
        element("exclusiveGateway", "bottom", attributes='default="bottom-end"'),
        END,
        flows("start", "top", "bottom", "end"),
        flow("bottom", "top", "=again = true"),
    ),
}


@dataclass
class Life:
    """An engine, its clients, and what was noted in its first life."""

    engine: Box
    stub: Any
    http: httpx.AsyncClient
    noted: dict[str, Any] = field(default_factory=dict)

    async def one(self, job_type: str, wait_ms: int = ENOUGH_MS, lease_ms: int = 600_000) -> Any:
        """The one job of a type, once it is there."""
        (job,) = await polled(self.stub, job_type, 1, requestTimeout=wait_ms, timeout=lease_ms)
        return job

    async def complete(self, key: int) -> None:
        """Complete a job."""
        await self.stub.CompleteJob(pb.CompleteJobRequest(jobKey=key))


Act = Callable[[Life], Awaitable[Any]]
CASES: dict[str, tuple[Act, Act]] = {}


def _case(name: str) -> Callable[[type], type]:
    def kept(case: Any) -> Any:
        CASES[name] = case.before, case.after
        return case

    return kept


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@_case("lease")
class _Lease:
    """A job is its worker's until the deadline."""

    @staticmethod
    async def before(life: Life) -> Any:
        await start(life.stub, "of-leased")
        return (await life.one("leased")).key

    @staticmethod
    async def after(life: Life) -> None:
        assert await polled(life.stub, "leased") == []
        await life.complete(life.noted["lease"])


@_case("lease that ends")
class _LeaseThatEnds:
    """It is handed out again, at its deadline and not before."""

    @staticmethod
    async def before(life: Life) -> Any:
        await start(life.stub, "of-overdue")
        job = await life.one("overdue", lease_ms=SOON_MS)
        return job.key, job.deadline

    @staticmethod
    async def after(life: Life) -> None:
        key, deadline_ms = life.noted["lease that ends"]
        assert (await life.one("overdue")).key == key
        assert _now_ms() >= deadline_ms


@_case("backoff")
class _Backoff:
    """A failed job comes when its backoff is over, with the retries it has left."""

    @staticmethod
    async def before(life: Life) -> Any:
        await start(life.stub, "of-backoff")
        job = await life.one("backoff")
        begun_ms = _now_ms()
        await life.stub.FailJob(pb.FailJobRequest(jobKey=job.key, retries=2, retryBackOff=SOON_MS))
        return job.key, begun_ms + SOON_MS

    @staticmethod
    async def after(life: Life) -> None:
        key, due_ms = life.noted["backoff"]
        job = await life.one("backoff")
        assert (job.key, job.retries) == (key, 2)
        assert _now_ms() >= due_ms


@_case("incident")
class _Incident:
    """It stands, and is resolved by its key."""

    @staticmethod
    async def before(life: Life) -> Any:
        await start(life.stub, "of-incident")
        job = await life.one("incident")
        await life.stub.FailJob(pb.FailJobRequest(jobKey=job.key, retries=0, errorMessage="no"))
        return job.key, await _incident_key(life)

    @staticmethod
    async def after(life: Life) -> None:
        job_key, incident_key = life.noted["incident"]
        assert await _incident_key(life) == incident_key
        assert await polled(life.stub, "incident") == []
        await life.stub.UpdateJobRetries(pb.UpdateJobRetriesRequest(jobKey=job_key, retries=1))
        await life.stub.ResolveIncident(pb.ResolveIncidentRequest(incidentKey=incident_key))
        assert (await life.one("incident")).key == job_key


async def _incident_key(life: Life) -> int:
    answer = await life.http.post(f"{life.engine.rest}/v2/incidents/search", json={"filter": {"state": "ACTIVE"}})
    (item,) = answer.json()["items"]
    return int(item["incidentKey"])


@_case("timer")
class _Timer:
    """It fires when it was to, not anew and not before."""

    @staticmethod
    async def before(life: Life) -> Any:
        begun_ms = _now_ms()
        await start(life.stub, "of-timer")
        return begun_ms + SOON_MS

    @staticmethod
    async def after(life: Life) -> None:
        await life.one("timer")
        assert _now_ms() >= life.noted["timer"]


@_case("message")
class _Message:
    """One that is kept is had by who comes later; its id is not taken again meanwhile."""

    REQUEST = pb.PublishMessageRequest(
        name="m", correlationKey="k", timeToLive=600_000, messageId="once", variables='{"got": 1}'
    )

    @staticmethod
    async def before(life: Life) -> Any:
        await life.stub.PublishMessage(_Message.REQUEST)

    @staticmethod
    async def after(life: Life) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await life.stub.PublishMessage(_Message.REQUEST)
        assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
        await start(life.stub, "of-message", '{"key": "k"}')
        assert json.loads((await life.one("message")).variables)["got"] == 1


@_case("multi-instance")
class _Each:
    """It goes on with its next item and keeps what it has."""

    @staticmethod
    async def before(life: Life) -> Any:
        await start(life.stub, "of-each", '{"items": [1, 2, 3]}')
        await life.complete((await life.one("each")).key)

    @staticmethod
    async def after(life: Life) -> None:
        for item in (2, 3):
            job = await life.one("each")
            assert json.loads(job.variables)["item"] == item
            await life.complete(job.key)
        assert json.loads((await life.one("each-end")).variables)["found"] == [10, 20, 30]


@_case("compensation")
class _Undo:
    """Whoever threw it goes on after the last handler."""

    @staticmethod
    async def before(life: Life) -> Any:
        await start(life.stub, "of-undo")
        await life.complete((await life.one("undo")).key)
        return (await life.one("handler")).key

    @staticmethod
    async def after(life: Life) -> None:
        assert await polled(life.stub, "undo-end") == []
        await life.complete(life.noted["compensation"])
        await life.one("undo-end")


@_case("loop without a wait")
class _Loop:
    """It goes round for ever, beside everybody else, until it is cancelled."""

    @staticmethod
    async def before(life: Life) -> Any:
        return await start(life.stub, "of-loop", '{"again": true}')

    @staticmethod
    async def after(life: Life) -> None:
        key = life.noted["loop without a wait"]
        await life.stub.CancelProcessInstance(pb.CancelProcessInstanceRequest(processInstanceKey=key))


@pytest.fixture(scope="module")
async def second_life(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Life]:
    """The engine after its death, with what was noted before."""
    data = tmp_path_factory.mktemp("restart")
    noted = {}
    async with (
        box("--data", str(data)) as engine,
        client_of(engine) as stub,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        for name, text in MODELS.items():
            content = text.replace('<bpmn:process id="p"', f'<bpmn:process id="of-{name}"').encode()
            resource = pb.Resource(name=f"{name}.bpmn", content=content)
            await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
        life = Life(engine, stub, http)
        for name, (before, _) in CASES.items():
            noted[name] = await before(life)
        await engine.told(signal.SIGKILL)
    async with (
        box("--data", str(data)) as engine,
        client_of(engine) as stub,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        yield Life(engine, stub, http, noted)


@pytest.mark.parametrize("name", list(CASES))
async def test_restarted_engine_goes_on_with(name: str, second_life: Life) -> None:
    """As the case says."""
    _, after = CASES[name]
    await after(second_life)


async def test_restarted_engine_keeps_a_clock_that_is_held(tmp_path: Path) -> None:
    """Time stands where it was held."""
    held_ms = 2_000_000_000_000
    arguments = ("--data", str(tmp_path), "--clock-controlled")
    async with box(*arguments) as engine, httpx.AsyncClient(trust_env=False) as http:
        (await http.put(f"{engine.rest}/v2/clock", json={"timestamp": held_ms})).raise_for_status()
        await engine.told(signal.SIGKILL)
    async with box(*arguments) as engine, client_of(engine) as stub:
        resource = pb.Resource(name="leased.bpmn", content=MODELS["leased"].encode())
        await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
        await start(stub, "p")
        (job,) = await polled(stub, "leased", 1, timeout=5_000)
    assert job.deadline == held_ms + 5_000

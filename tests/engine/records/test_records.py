"""The records of a running engine: to a callback, to a file, to whoever follows."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engine.gateway.served import client, deploy, polled, served, start
from tests.engine.process.box import Box, box, refused
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.engine.version import VERSIONS

ENOUGH_S = 45.0
FLEET = Path(sys.executable).with_name("fleet")
RACE = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="of-race" targetNamespace="http://example.com">
  <bpmn:process id="race" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="waiting" />
    <bpmn:intermediateCatchEvent id="waiting"><bpmn:messageEventDefinition messageRef="paid" />
    </bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="waiting" targetRef="work" />
    <bpmn:serviceTask id="work"><bpmn:extensionElements><zeebe:taskDefinition type="race" />
    </bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:boundaryEvent id="late" attachedToRef="work">
      <bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
  </bpmn:process>
  <bpmn:message id="paid" name="paid">
    <bpmn:extensionElements><zeebe:subscription correlationKey="=order" /></bpmn:extensionElements>
  </bpmn:message>
</bpmn:definitions>
"""


def told(records: list[Any], value_type: str) -> list[tuple[str, Any]]:
    """Intents and values of one value type, in order."""
    return [(one["intent"], one["value"]) for one in records if one["valueType"] == value_type]


async def work(stub: Any, name: str) -> int:
    """Run one instance to its end; returns its key."""
    await deploy(stub, name)
    key = await start(stub, name, '{"a":1}')
    (job,) = await polled(stub, name)
    await stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key, variables='{"a":"\\u00fc","b":3}'))
    return key


@asynccontextmanager
async def followed(engine: Box, **asked: Any) -> AsyncIterator[AsyncIterator[str]]:
    """Follow an engine's records; entered when they are followed."""
    params = {"follow": "true", **asked}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=ENOUGH_S) as http,
        http.stream("GET", f"{engine.rest}/engine/records", params=params) as answer,
    ):
        assert answer.status_code == 200
        yield answer.aiter_lines()


async def until(lines: AsyncIterator[str], intent: str, value_type: str) -> list[Any]:
    """Read records up to one of a kind."""
    read = []
    async with asyncio.timeout(ENOUGH_S):
        async for line in lines:
            read.append(json.loads(line))
            if (read[-1]["valueType"], read[-1]["intent"]) == (value_type, intent):
                return read
    raise AssertionError(f"no {value_type} {intent}")


async def test_callback_is_told_of_an_instance_from_beginning_to_end() -> None:
    """With Camunda's names, positions that rise, and what the event itself does not say."""
    records: list[Any] = []
    async with served(version=VERSIONS["8.7"]) as (ports, pump), client(ports) as stub:
        end = pump.records(records.extend)
        key = await work(stub, "p")
        end()
        await start(stub, "p")
    assert {one["brokerVersion"] for one in records} == {"8.7.0"}
    assert [one["position"] for one in records] == sorted({one["position"] for one in records})
    elements = [
        (intent, value["bpmnElementType"], value["elementId"])
        for intent, value in told(records, "PROCESS_INSTANCE")
        if intent in ("ELEMENT_COMPLETED", "SEQUENCE_FLOW_TAKEN")
    ]
    assert elements == [
        ("SEQUENCE_FLOW_TAKEN", "SEQUENCE_FLOW", "start-work"),
        ("ELEMENT_COMPLETED", "START_EVENT", "start"),
        ("SEQUENCE_FLOW_TAKEN", "SEQUENCE_FLOW", "work-end"),
        ("ELEMENT_COMPLETED", "SERVICE_TASK", "work"),
        ("ELEMENT_COMPLETED", "END_EVENT", "end"),
        ("ELEMENT_COMPLETED", "PROCESS", "p"),
    ]
    assert {value["processInstanceKey"] for _, value in told(records, "PROCESS_INSTANCE")} == {key}
    assert [(intent, value["name"], value["value"]) for intent, value in told(records, "VARIABLE")] == [
        ("CREATED", "a", "1"),
        ("UPDATED", "a", '"\\u00fc"'),
        ("CREATED", "b", "3"),
    ]
    ((_, created), (_, completed)) = told(records, "JOB")
    assert (created["retries"], created["elementId"], created["customHeaders"]) == (3, "work", {"colour": "blue"})
    assert completed["worker"] == "tests"


async def test_callback_that_breaks_holds_nobody_up(capsys: pytest.CaptureFixture[str]) -> None:
    """The engine says so and goes on, and so do the others."""
    records: list[Any] = []

    def broken(_: Any) -> None:
        raise RuntimeError("watching is hard")

    async with served() as (ports, pump), client(ports) as stub:
        pump.records(broken)
        pump.records(records.extend)
        await deploy(stub, "p")
    assert "watching is hard" in capsys.readouterr().out
    assert told(records, "DEPLOYMENT")


async def test_records_tell_incidents_with_what_went_wrong() -> None:
    """Of a job without retries, to its repair."""
    records: list[Any] = []
    async with served() as (ports, pump), client(ports) as stub:
        pump.records(records.extend)
        await deploy(stub, "p")
        await start(stub, "p")
        (job,) = await polled(stub, "p")
        await stub.FailJob(pb.FailJobRequest(jobKey=job.key, retries=0, errorMessage="no account"))
        await stub.UpdateJobRetries(pb.UpdateJobRetriesRequest(jobKey=job.key, retries=1))
        (incident,) = [one["key"] for one in records if one["valueType"] == "INCIDENT"]
        await stub.ResolveIncident(pb.ResolveIncidentRequest(incidentKey=incident))
    assert [intent for intent, _ in told(records, "JOB")] == ["CREATED", "FAILED", "RETRIES_UPDATED"]
    ((opened, value), (closed, _)) = told(records, "INCIDENT")
    assert (opened, closed) == ("CREATED", "RESOLVED")
    assert (value["errorType"], value["errorMessage"], value["jobKey"]) == ("JOB_NO_RETRIES", "no account", job.key)


async def test_records_tell_what_is_waited_for_and_what_came() -> None:
    """A message that correlates is not deleted besides, and a timer that did not fire is canceled."""
    records: list[Any] = []
    async with served() as (ports, pump), client(ports) as stub:
        pump.records(records.extend)
        resource = pb.Resource(name="race.bpmn", content=RACE.encode())
        await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
        await start(stub, "race", '{"order":"o-1"}')
        message = await stub.PublishMessage(pb.PublishMessageRequest(name="paid", correlationKey="o-1"))
        (job,) = await polled(stub, "race")
        await stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key))
    subscription = told(records, "PROCESS_MESSAGE_SUBSCRIPTION")
    assert [intent for intent, _ in subscription] == ["CREATED", "CORRELATED"]
    assert (subscription[0][1]["correlationKey"], subscription[1][1]["messageKey"]) == ("o-1", message.key)
    assert [intent for intent, _ in told(records, "MESSAGE")] == ["PUBLISHED", "EXPIRED"]
    timer = told(records, "TIMER")
    assert [(intent, value["targetElementId"]) for intent, value in timer] == [
        ("CREATED", "late"),
        ("CANCELED", "late"),
    ]


async def test_process_writes_records_to_a_file_and_goes_on_after_a_kill(tmp_path: Path) -> None:
    """Positions rise over the restart."""
    path = tmp_path / "records"
    arguments = ("--data", str(tmp_path / "data"), "--records", str(path))
    for name in ("p", "q"):
        async with box(*arguments) as engine, client(engine.grpc) as stub:
            async with followed(engine) as lines:
                key = await work(stub, name)
                await until(lines, "ELEMENT_COMPLETED", "PROCESS_INSTANCE")
            await engine.told(signal.SIGKILL)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert {value["bpmnProcessId"] for _, value in told(records, "PROCESS_INSTANCE")} == {"p", "q"}
    assert [one["position"] for one in records] == sorted({one["position"] for one in records})
    assert key in {one["key"] for one in records}


async def test_process_refuses_a_file_for_records_that_it_cannot_write(tmp_path: Path) -> None:
    """One sentence, and exit status 2."""
    status, said = await refused("--memory", "--records", str(tmp_path), "--grpc-port", "0", "--rest-port", "0")
    assert (status, len(said.splitlines()), str(tmp_path) in said) == (2, 1, True)


async def test_rest_lets_records_be_followed_and_taken_up_again() -> None:
    """Behind a position, by type and by process; who asks for nonsense is told."""
    async with box("--memory") as engine, client(engine.grpc) as stub:
        async with followed(engine) as lines:
            await work(stub, "p")
            read = await until(lines, "COMPLETED", "JOB")
        await work(stub, "q")
        async with followed(engine, after=read[0]["position"], type="JOB", process="q") as lines:
            again = await until(lines, "COMPLETED", "JOB")
        assert [one["intent"] for one in again] == ["CREATED", "COMPLETED"]
        assert {one["value"]["bpmnProcessId"] for one in again} == {"q"}
        async with httpx.AsyncClient(trust_env=False, base_url=engine.rest) as http:
            held = (await http.get("/engine/records")).text.splitlines()
            assert json.loads(held[0]) == read[0]
            assert (await http.get("/engine/records?after=-1")).status_code == 400
            assert (await http.get("/engine/records?follow=perhaps")).status_code == 400


async def test_process_ends_soon_while_its_records_are_followed() -> None:
    """Who follows is told the end of it, and no traceback is."""
    async with box("--memory") as engine, followed(engine) as lines:
        assert await engine.told(signal.SIGTERM) == 0
        assert [line async for line in lines] == []
        assert await engine.sentences() == ""


async def test_slow_reader_never_holds_the_engine() -> None:
    """One that reads nothing at all is cut off; work goes on, and the others see all of it."""
    large = json.dumps({"text": "x" * 400_000})
    async with box("--memory") as engine, client(engine.grpc) as stub:
        await deploy(stub, "p")
        async with followed(engine) as slow, followed(engine) as quick:
            for _ in range(60):
                key = await start(stub, "p", large)
                seen = await until(quick, "CREATED", "JOB")
                assert seen[-1]["value"]["processInstanceKey"] == key
            lines = [json.loads(line) async for line in slow]
        assert "cutOff" in lines[-1]


@asynccontextmanager
async def typed(*arguments: str, cwd: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Type `fleet engine records`; it is gone afterwards."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        FLEET, "engine", "records", *arguments, cwd=cwd, stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def following(engine: Box) -> None:
    """Wait until somebody follows: only then are records held."""
    async with httpx.AsyncClient(trust_env=False, base_url=engine.rest) as http, asyncio.timeout(ENOUGH_S):
        while "engine_record_followers 1" not in (await http.get("/actuator/prometheus")).text:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("by", ["--data", "--rest-port"])
async def test_command_shows_a_line_a_record_until_it_is_stopped(by: str, tmp_path: Path) -> None:
    """It finds the engine by its data or its port; what a terminal would obey is shown as text."""
    data = tmp_path / "data"
    async with box("--data", str(data)) as engine, client(engine.grpc) as stub:
        where = str(data) if by == "--data" else engine.rest.rpartition(":")[2]
        async with typed("--follow", "--type", "VARIABLE", by, where, cwd=tmp_path) as shown:
            await following(engine)
            await deploy(stub, "p")
            await start(stub, "p", json.dumps({"a": "\x1b[31m", "b": 2}))
            assert shown.stdout is not None
            lines = [(await asyncio.wait_for(shown.stdout.readline(), ENOUGH_S)).decode() for _ in range(2)]
            shown.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(shown.wait(), ENOUGH_S) == 0
    assert "VARIABLE" in lines[0]
    assert "CREATED" in lines[0]
    assert "\x1b" not in lines[0]
    assert "value=2 (p 22517998136852" in lines[1]


async def test_command_tells_json_and_the_end_of_the_engine(tmp_path: Path) -> None:
    """Each line as the engine wrote it; an engine that is killed is a sentence, no traceback."""
    async with box("--memory") as engine, client(engine.grpc) as stub:
        port = engine.rest.rpartition(":")[2]
        async with typed("--follow", "--json", "--rest-port", port, cwd=tmp_path) as shown:
            await following(engine)
            await deploy(stub, "p")
            assert shown.stdout is not None
            line = await asyncio.wait_for(shown.stdout.readline(), ENOUGH_S)
            assert json.loads(line)["valueType"] == "PROCESS"
            await engine.told(signal.SIGKILL)
            _, said = await asyncio.wait_for(shown.communicate(), ENOUGH_S)
            assert (shown.returncode, said.decode()) == (1, "The engine has ended, and the records with it.\n")


async def test_command_names_an_engine_that_is_not_there(tmp_path: Path, unused_tcp_port: int) -> None:
    """Whether it was looked for by data or by port."""
    for arguments, named in (
        (("--rest-port", str(unused_tcp_port)), str(unused_tcp_port)),
        (("--data", str(tmp_path)), str(tmp_path)),
    ):
        async with typed(*arguments, cwd=tmp_path) as shown:
            _, said = await asyncio.wait_for(shown.communicate(), ENOUGH_S)
        assert shown.returncode == 1
        assert named in said.decode()
        assert "Traceback" not in said.decode()

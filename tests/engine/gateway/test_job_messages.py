"""What jobs say over gRPC since 8.8, which pyzeebe's messages lack: their kind, the user task, a result."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.engine.gateway.served import asked, client, served, start
from tests.engine.model.writing import START, element, flows, model
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.engine.core.commands import CompleteUserTask
from zeebe_fleet.engine.gateway import newer
from zeebe_fleet.engine.gateway.newer import MESSAGES
from zeebe_fleet.engine.gateway.stubs import SERVICE
from zeebe_fleet.engine.pump import Pump
from zeebe_fleet.engine.version import VERSIONS

LISTENED = '<zeebe:taskListeners><zeebe:taskListener eventType="completing" type="{0}" /></zeebe:taskListeners>'


def asking(name: str) -> bytes:
    """A process of one task, whose completion is listened to."""
    return model(
        START,
        element("userTask", "ask", "<zeebe:userTask />", LISTENED.format(name)),
        element("endEvent", "end"),
        flows("start", "ask", "end"),
        attributes=f'id="{name}" isExecutable="true"',
    ).encode()


async def completing(stub: Any, pump: Pump, name: str) -> tuple[int, asyncio.Task[Any]]:
    """Have a task wait for the listener to its completion; returns its key, and who waits."""
    resource = pb.Resource(name=f"{name}.bpmn", content=asking(name))
    await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
    await start(stub, name)
    (key,) = pump.state.user_tasks
    return key, asyncio.create_task(pump.run(CompleteUserTask(key, '{"x":1}')))


@asynccontextmanager
async def playing(version: str = "8.9") -> AsyncIterator[tuple[Pump, Any, Any]]:
    """An engine, a client of it, and a bare channel to it."""
    async with (
        served(version=VERSIONS[version]) as (ports, pump),
        client(ports) as stub,
        grpc.aio.insecure_channel(f"{ports.host}:{ports.grpc}") as channel,
    ):
        yield pump, stub, channel


def calls(channel: Any) -> tuple[Any, Any, Any]:
    """Poll, stream and complete with the newer messages."""
    path = f"/{SERVICE.full_name}/"
    poll = channel.unary_stream(
        f"{path}ActivateJobs",
        request_serializer=pb.ActivateJobsRequest.SerializeToString,
        response_deserializer=MESSAGES["ActivateJobsResponse"].FromString,
    )
    stream = channel.unary_stream(
        f"{path}StreamActivatedJobs",
        request_serializer=pb.StreamActivatedJobsRequest.SerializeToString,
        response_deserializer=MESSAGES["ActivatedJob"].FromString,
    )
    complete = channel.unary_unary(
        f"{path}CompleteJob",
        request_serializer=MESSAGES["CompleteJobRequest"].SerializeToString,
        response_deserializer=pb.CompleteJobResponse.FromString,
    )
    return poll, stream, complete


@pytest.mark.parametrize("by", ["poll", "stream"])
async def test_listener_is_told_of_its_task_and_denies_it(by: str) -> None:
    """B42, B43: its kind, its event and the task as they are on the wire; a denial with its reason."""
    name = f"l-{uuid.uuid4().hex[:8]}"
    async with playing() as (pump, stub, channel):
        poll, stream, complete = calls(channel)
        if by == "stream":
            wanted = pb.StreamActivatedJobsRequest(type=name, worker="w", timeout=60_000)
            streaming = stream(wanted)
            await streaming.initial_metadata()
            key, waiting = await completing(stub, pump, name)
            job = await streaming.read()
            streaming.cancel()
        else:
            key, waiting = await completing(stub, pump, name)
            (answer,) = [one async for one in poll(asked(name, requestTimeout=10_000))]
            (job,) = answer.jobs
        assert (job.kind, job.listenerEventType) == (2, 2)
        assert (job.userTask.userTaskKey, job.userTask.action, job.userTask.priority) == (key, "complete", 50)
        assert not job.userTask.HasField("assignee")
        request = MESSAGES["CompleteJobRequest"](jobKey=job.key)
        request.result.denied, request.result.deniedReason = True, "too early"
        await complete(request)
        with pytest.raises(Exception, match="Reason to deny: 'too early'"):
            await waiting
        assert pump.state.user_tasks[key].attributes == {}


async def test_corrections_keep_what_they_do_not_name() -> None:
    """B43: absent keeps, empty clears; a list is there even if it is empty."""
    name = f"l-{uuid.uuid4().hex[:8]}"
    async with playing() as (pump, stub, channel):
        poll, _, complete = calls(channel)
        key, waiting = await completing(stub, pump, name)
        (answer,) = [one async for one in poll(asked(name, requestTimeout=10_000))]
        request = MESSAGES["CompleteJobRequest"](jobKey=answer.jobs[0].key)
        request.result.corrections.priority = 500
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await complete(request)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        request.result.type = "adHocSubProcess"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await complete(request)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
        pump.state.user_tasks[key].attributes.update(candidateGroupsList=["a"], candidateUsersList=["u"])
        request = MESSAGES["CompleteJobRequest"](jobKey=answer.jobs[0].key)
        request.result.corrections.assignee = "al"
        request.result.corrections.candidateUsers.SetInParent()
        told: list[dict[str, Any]] = []
        pump.records(lambda records: told.extend(one["value"] for one in records if one["intent"] == "COMPLETED"))
        await complete(request)
        await waiting
        (task,) = [one for one in told if "userTaskKey" in one]
        assert (task["assignee"], task["candidateUsersList"]) == ("al", [])
        assert task["candidateGroupsList"] == ["a"]


async def test_person_whose_name_is_no_text_is_told_all_the_same() -> None:
    """B42: what JSON can write and a message cannot hold up nobody."""
    name = f"l-{uuid.uuid4().hex[:8]}"
    async with playing() as (pump, stub, channel):
        key, waiting = await completing(stub, pump, name)
        pump.state.user_tasks[key].attributes.update(assignee="jo\ud800", candidateGroupsList=["\udfff"])
        poll, _, complete = calls(channel)
        (answer,) = [one async for one in poll(asked(name, requestTimeout=10_000))]
        (job,) = answer.jobs
        assert (job.userTask.assignee, list(job.userTask.candidateGroups)) == ("jo?", ["?"])
        await complete(MESSAGES["CompleteJobRequest"](jobKey=job.key))
        await waiting


@pytest.mark.parametrize(("version", "kind"), [("8.7", 0), ("8.8", 6)])
async def test_job_says_its_kind_since_it_has_one(version: str, kind: int) -> None:
    """B42: no listener of any other job; older versions send nothing of it, and have no task listeners."""
    name = f"l-{uuid.uuid4().hex[:8]}"
    work = model(
        START,
        element("serviceTask", "work", f'<zeebe:taskDefinition type="{name}" />'),
        flows("start", "work"),
        attributes=f'id="{name}" isExecutable="true"',
    )
    async with playing(version) as (_, stub, channel):
        resource = pb.Resource(name="work.bpmn", content=work.encode())
        await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
        await start(stub, name)
        (answer,) = [one async for one in calls(channel)[0](asked(name))]
        (job,) = answer.jobs
        assert (job.kind, job.listenerEventType, job.HasField("userTask")) == (0, kind, False)


def test_messages_are_as_their_file_has_them() -> None:
    """Each field of the file is in its message under its number, and the old ones are pyzeebe's."""
    text = Path(newer.__file__).with_name("jobs.proto").read_text("utf-8")
    written = set(re.findall(r"^  (?:optional |repeated )?\w+ (\w+) = (\d+);$", text, re.MULTILINE))
    found = {(one.name, str(one.number)) for message in MESSAGES.values() for one in message.DESCRIPTOR.fields}
    assert found == written
    for name in ("ActivatedJob", "CompleteJobRequest", "ActivateJobsResponse"):
        ours = {one.name: (one.number, one.type) for one in MESSAGES[name].DESCRIPTOR.fields}
        theirs = {one.name: (one.number, one.type) for one in pb.DESCRIPTOR.message_types_by_name[name].fields}
        assert theirs.items() <= ours.items()

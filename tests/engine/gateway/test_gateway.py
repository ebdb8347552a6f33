"""Each method of the gateway: what it answers, and the status of what it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.engine.dmn.deciding import decision, definitions, table
from tests.engine.gateway.served import asked, client, deploy, polled, served, start
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.engine import handout
from zeebe_fleet.engine.gateway.methods import METHODS
from zeebe_fleet.engine.gateway.status import MAX_DETAILS_BYTES, fitting
from zeebe_fleet.engine.gateway.stubs import SERVICE
from zeebe_fleet.engine.version import VERSIONS

NOBODY = 2251799813999999
MANY = 120
"""Jobs of 100 kB: more than a stream holds that nobody reads."""
OWN = {"ActivateJobs", "CreateProcessInstanceWithResult", "StreamActivatedJobs", "Topology"}
OK = grpc.StatusCode.OK


async def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    """The status and details of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details() or ""


def test_gateway_knows_every_method_of_the_protocol() -> None:
    """Whatever is missing is missing by name."""
    assert {one.name for one in SERVICE.methods} - set(METHODS) - OWN == set()


@pytest.mark.parametrize("name", list(VERSIONS))
async def test_topology_is_one_broker_with_one_partition(name: str) -> None:
    """As a cluster of one says it, in the version that is played."""
    async with served(version=VERSIONS[name]) as (ports, _), client(ports) as stub:
        told = await stub.Topology(pb.TopologyRequest())
    assert (told.clusterSize, told.partitionsCount, told.replicationFactor) == (1, 1, 1)
    assert told.gatewayVersion == told.brokers[0].version == f"{name}.0"
    partition = told.brokers[0].partitions[0]
    assert (partition.partitionId, partition.role, partition.health) == (1, pb.Partition.LEADER, pb.Partition.HEALTHY)
    assert told.brokers[0].port == ports.grpc


async def test_a_job_carries_all_that_its_worker_needs(stub: Any, name: str) -> None:
    """Every field of the message is set."""
    key = await start(stub, name, '{"n": 7}')
    (job,) = await polled(stub, name)
    assert (job.type, job.bpmnProcessId, job.processInstanceKey, job.elementId) == (name, name, key, "work")
    assert (job.processDefinitionVersion, job.retries, job.worker, job.tenantId) == (1, 3, "tests", "<default>")
    assert (json.loads(job.variables), json.loads(job.customHeaders)) == ({"n": 7}, {"colour": "blue"})
    assert min(job.key, job.elementInstanceKey, job.processDefinitionKey, job.deadline) > 0


async def test_a_deployment_tells_its_processes(stub: Any) -> None:
    """Once more the same bytes: the same key and version."""
    first, second = [(await deploy(stub, "twice")).deployments[0].process for _ in range(2)]
    assert (first.bpmnProcessId, first.version, first.resourceName) == ("twice", 1, "twice.bpmn")
    assert first.processDefinitionKey == second.processDefinitionKey > 0


async def test_the_deprecated_deployment_still_works(stub: Any) -> None:
    """DeployProcess answers in its own message."""
    from tests.engine.gateway.served import MODEL

    process = pb.ProcessRequestObject(name="old.bpmn", definition=MODEL.format(name="old").encode())
    told = await stub.DeployProcess(pb.DeployProcessRequest(processes=[process]))
    assert (told.processes[0].bpmnProcessId, told.key > 0) == ("old", True)


@pytest.mark.parametrize(
    ("method", "request_", "intent"),
    [
        ("CompleteJob", pb.CompleteJobRequest(jobKey=NOBODY), "COMPLETE"),
        ("FailJob", pb.FailJobRequest(jobKey=NOBODY), "FAIL"),
        ("ThrowError", pb.ThrowErrorRequest(jobKey=NOBODY, errorCode="E"), "THROW_ERROR"),
        ("UpdateJobRetries", pb.UpdateJobRetriesRequest(jobKey=NOBODY, retries=1), "UPDATE_RETRIES"),
        ("UpdateJobTimeout", pb.UpdateJobTimeoutRequest(jobKey=NOBODY, timeout=1), "UPDATE_TIMEOUT"),
        ("CancelProcessInstance", pb.CancelProcessInstanceRequest(processInstanceKey=NOBODY), "CANCEL"),
        ("ResolveIncident", pb.ResolveIncidentRequest(incidentKey=NOBODY), "RESOLVE"),
        ("SetVariables", pb.SetVariablesRequest(elementInstanceKey=NOBODY, variables="{}"), "UPDATE"),
        ("DeleteResource", pb.DeleteResourceRequest(resourceKey=NOBODY), ""),
        ("ModifyProcessInstance", pb.ModifyProcessInstanceRequest(processInstanceKey=NOBODY), ""),
        ("MigrateProcessInstance", pb.MigrateProcessInstanceRequest(processInstanceKey=NOBODY), ""),
        ("CreateProcessInstance", pb.CreateProcessInstanceRequest(processDefinitionKey=NOBODY), "CREATE"),
    ],
)
async def test_a_key_that_is_nobodys_is_not_found(stub: Any, method: str, request_: Any, intent: str) -> None:
    """Point 5: the code and the key stand in the text."""
    code, details = await refusal(getattr(stub, method)(request_))
    assert (code, str(NOBODY) in details) == (grpc.StatusCode.NOT_FOUND, True)
    assert details.startswith(f"Command '{intent}" if intent else "Command '")


@pytest.mark.parametrize(
    "wrong", [{"type_": " "}, {"worker": ""}, {"timeout": 0}, {"limit": 0}, {"tenantIds": ["acme"]}]
)
async def test_a_poll_that_makes_no_sense_is_refused(stub: Any, wrong: dict[str, Any]) -> None:
    """Point 12; point 50 names the tenant."""
    job_type, limit = wrong.pop("type_", "t"), wrong.pop("limit", 1)
    code, details = await refusal(polled(stub, job_type, limit, **wrong))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert ("acme" in details) == ("tenantIds" in wrong)


async def test_a_stream_that_makes_no_sense_is_refused(stub: Any) -> None:
    """As a poll is."""
    call = stub.StreamActivatedJobs(pb.StreamActivatedJobsRequest(type="", worker="w", timeout=1))
    code, details = await refusal(call.read())
    assert (code, "type" in details) == (grpc.StatusCode.INVALID_ARGUMENT, True)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("CreateProcessInstance", pb.CreateProcessInstanceRequest(bpmnProcessId="p", tenantId="acme")),
        ("DeployResource", pb.DeployResourceRequest(tenantId="acme")),
        ("PublishMessage", pb.PublishMessageRequest(name="m", tenantId="acme")),
        ("BroadcastSignal", pb.BroadcastSignalRequest(signalName="s", tenantId="acme")),
    ],
)
async def test_another_tenant_is_refused_by_its_name(stub: Any, method: str, request_: Any) -> None:
    """Point 50: there is the default one alone."""
    code, details = await refusal(getattr(stub, method)(request_))
    assert (code, "'acme'" in details) == (grpc.StatusCode.INVALID_ARGUMENT, True)


@pytest.mark.parametrize("variables", ["[1]", "7", "nonsense", '{"a": NaN}'])
async def test_variables_that_are_no_object_are_refused(stub: Any, name: str, variables: str) -> None:
    """Point 20: nothing of them is quoted."""
    code, details = await refusal(start(stub, name, variables))
    assert (code, variables in details) == (grpc.StatusCode.INVALID_ARGUMENT, False)


async def test_a_poll_whose_time_is_over_ends_well_and_empty(stub: Any) -> None:
    """Point 12+: no message, status OK."""
    call = stub.ActivateJobs(asked("nothing", requestTimeout=30))
    assert [one async for one in call] == []
    assert await call.code() == OK


async def test_a_poll_wakes_at_once(stub: Any, name: str) -> None:
    """A job that comes while it waits ends the wait."""
    poll = asyncio.ensure_future(polled(stub, name, requestTimeout=60_000))
    key = await start(stub, name)
    (job,) = await asyncio.wait_for(poll, 5)
    assert job.processInstanceKey == key


async def test_a_poll_that_was_given_up_takes_no_job(stub: Any, name: str) -> None:
    """Clients cancel at any moment; the next gets the job."""
    call = stub.ActivateJobs(asked(name, requestTimeout=60_000))
    reading = asyncio.ensure_future(call.read())
    await stub.Topology(pb.TopologyRequest())
    call.cancel()
    await asyncio.wait((reading,))
    key = await start(stub, name)
    (job,) = await polled(stub, name, requestTimeout=5_000)
    assert job.processInstanceKey == key


async def test_one_answer_of_a_poll_stays_below_four_megabytes(stub: Any, name: str) -> None:
    """Point 15+: a client with gRPC's defaults gets all of them, in several answers or polls."""
    text = "ä" * 300_000
    for _ in range(20):
        await start(stub, name, json.dumps({"text": text}, ensure_ascii=False))
    found = set()
    for _ in range(20):
        found |= {job.key for job in await polled(stub, name, 20)}
    assert len(found) == 20


async def test_a_stream_gets_what_becomes_available_and_no_backlog(stub: Any, name: str) -> None:
    """Point 14: what waited before stays for polls."""
    before = await start(stub, name)
    stream = stub.StreamActivatedJobs(pb.StreamActivatedJobsRequest(type=name, worker="s", timeout=60_000))
    await stream.initial_metadata()
    after = await start(stub, name)
    job = await asyncio.wait_for(stream.read(), 5)
    assert (job.processInstanceKey, job.worker) == (after, "s")
    stream.cancel()
    assert [one.processInstanceKey for one in await polled(stub, name)] == [before]


async def test_a_stream_that_nobody_reads_leaves_the_rest_to_others() -> None:
    """Point 14+: it holds what its window holds; when it goes, what was not written comes back at once."""
    async with served() as (ports, _), client(ports) as stub, client(ports) as other:
        await deploy(stub, "unread")
        stream = stub.StreamActivatedJobs(pb.StreamActivatedJobsRequest(type="unread", worker="s", timeout=60_000))
        await stream.initial_metadata()
        big = json.dumps({"text": "x" * 100_000})
        for _ in range(MANY):
            await start(other, "unread", big)
        left = [job async for job in drained(other, "unread")]
        assert MANY > len(left) > 0
        stream.cancel()
        back = await polled(other, "unread", requestTimeout=5_000)
        back += [job async for job in drained(other, "unread")]
        assert {job.worker for job in back} == {"tests"}
        assert not {job.key for job in left} & {job.key for job in back}


async def test_streams_over_a_limit_are_refused(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """RESOURCE_EXHAUSTED; one that ends makes room for another."""
    monkeypatch.setattr(handout, "MAX_STREAMS", 2)
    request = pb.StreamActivatedJobsRequest(type="many", worker="s", timeout=1_000)
    held = [stub.StreamActivatedJobs(request) for _ in range(2)]
    for one in held:
        await one.initial_metadata()
    code, _ = await refusal(stub.StreamActivatedJobs(request).read())
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    for one in held:
        one.cancel()
    await stub.Topology(pb.TopologyRequest())
    again = stub.StreamActivatedJobs(request)
    await again.initial_metadata()
    again.cancel()


async def test_a_model_beyond_all_measure_is_refused(stub: Any) -> None:
    """50 MB are not read at all."""
    resource = pb.Resource(name="big.bpmn", content=b"x" * 50_000_000)
    code, _ = await refusal(stub.DeployResource(pb.DeployResourceRequest(resources=[resource])))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED


async def drained(stub: Any, job_type: str) -> AsyncIterator[Any]:
    """All that polls get, until one gets nothing."""
    while jobs := await polled(stub, job_type):
        for job in jobs:
            yield job


async def test_a_result_is_the_instances_last_variables(stub: Any, name: str) -> None:
    """Point 57: `fetchVariables` limits them."""
    for fetched, expected in (([], {"a": 1, "b": 2}), (["b"], {"b": 2})):
        request = pb.CreateProcessInstanceWithResultRequest(
            request=pb.CreateProcessInstanceRequest(bpmnProcessId=name, version=-1, variables='{"a": 1}'),
            fetchVariables=fetched,
        )
        waiting = asyncio.ensure_future(stub.CreateProcessInstanceWithResult(request))
        (job,) = await polled(stub, name, requestTimeout=5_000)
        await stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key, variables='{"b": 2}'))
        told = await waiting
        assert (json.loads(told.variables), told.bpmnProcessId, told.version) == (expected, name, 1)
        assert told.processInstanceKey == job.processInstanceKey


async def test_a_result_that_takes_too_long_leaves_the_instance_alive(stub: Any, name: str) -> None:
    """Point 57: DEADLINE_EXCEEDED, and its job is there."""
    request = pb.CreateProcessInstanceWithResultRequest(
        request=pb.CreateProcessInstanceRequest(bpmnProcessId=name, version=-1), requestTimeout=30
    )
    code, _ = await refusal(stub.CreateProcessInstanceWithResult(request))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED
    assert len(await polled(stub, name)) == 1


async def test_a_decision_is_deployed_and_evaluated(stub: Any) -> None:
    """Point 55: with the rules that matched, and NOT_FOUND for one that is not there."""
    logic = table(["n"], ["size"], [["< 10", '"small"'], [">= 10", '"large"']])
    resource = pb.Resource(name="size.dmn", content=definitions(decision(logic, "size")))
    told = await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
    deployed = told.deployments[0].decision
    assert (deployed.dmnDecisionId, deployed.version, told.deployments[1].decisionRequirements.resourceName) == (
        "size",
        1,
        "size.dmn",
    )
    answer = await stub.EvaluateDecision(pb.EvaluateDecisionRequest(decisionId="size", variables='{"n": 12}'))
    assert (answer.decisionOutput, answer.decisionKey, answer.failureMessage) == ('"large"', deployed.decisionKey, "")
    (one,) = answer.evaluatedDecisions
    assert (one.decisionType, one.evaluatedInputs[0].inputValue) == ("DECISION_TABLE", "12")
    assert (one.matchedRules[0].ruleIndex, one.matchedRules[0].evaluatedOutputs[0].outputValue) == (2, '"large"')
    code, _ = await refusal(stub.EvaluateDecision(pb.EvaluateDecisionRequest(decisionId="nobody")))
    assert code == grpc.StatusCode.NOT_FOUND


async def test_a_message_with_a_live_twin_is_refused(stub: Any) -> None:
    """Point 45: ALREADY_EXISTS."""
    request = pb.PublishMessageRequest(name="m", correlationKey="k", messageId="1", timeToLive=60_000)
    assert (await stub.PublishMessage(request)).key > 0
    code, _ = await refusal(stub.PublishMessage(request))
    assert code == grpc.StatusCode.ALREADY_EXISTS


async def test_a_signal_is_told_its_key(stub: Any) -> None:
    """Nobody waits for it; that is no error."""
    assert (await stub.BroadcastSignal(pb.BroadcastSignalRequest(signalName="s"))).key > 0


async def test_variables_too_large_have_the_statuses_that_workers_know(stub: Any, name: str) -> None:
    """Point 15: 1.5 MB works, 2.5 MB is UNKNOWN by name, 5 MB is refused by gRPC itself."""
    await start(stub, name)
    (job,) = await polled(stub, name)

    def completion(megabytes: float) -> Any:
        text = json.dumps({"text": "x" * int(megabytes * 1_000_000)})
        return stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key, variables=text))

    code, details = await refusal(completion(2.5))
    assert (code, "EXCEEDED_BATCH_RECORD_SIZE" in details) == (grpc.StatusCode.UNKNOWN, True)
    assert (await refusal(completion(5)))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
    await completion(1.5)


async def test_long_details_reach_the_client(stub: Any) -> None:
    """Uncut they would not fit into a header, and the client would see another error."""
    code, details = await refusal(start(stub, "€" * 20_000))
    assert (code, details.endswith("...")) == (grpc.StatusCode.NOT_FOUND, True)
    assert details.startswith("Command 'CREATE' rejected")


@pytest.mark.parametrize("character", ["a", "%", "\0", "ä", "€", "😀", "\n"])
def test_details_are_cut_by_what_they_weigh_in_a_header(character: str) -> None:
    """Percent-encoded, below the limit, and hardly shorter than they must be."""
    from urllib.parse import quote

    cut = fitting(character * 20_000)
    weight = len(quote(cut.removesuffix("..."), safe=" "))
    assert MAX_DETAILS_BYTES - 12 <= weight <= MAX_DETAILS_BYTES
    assert fitting(character) == character

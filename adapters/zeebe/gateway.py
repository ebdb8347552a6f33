"""The `Engine` port on Zeebe's gRPC gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import grpc.aio

from zeebe_fleet.adapters.zeebe.capabilities import capabilities_of
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.definitions import definitions, model
from zeebe_fleet.adapters.zeebe.deployment import explain
from zeebe_fleet.adapters.zeebe.incidents import Incidents
from zeebe_fleet.adapters.zeebe.instance_view import instance_view
from zeebe_fleet.adapters.zeebe.messages import document, job_of, message, milliseconds
from zeebe_fleet.adapters.zeebe.status import engine_error
from zeebe_fleet.adapters.zeebe.stubs import GatewayStub, pb
from zeebe_fleet.adapters.zeebe.token import TokenSource
from zeebe_fleet.workers.contract.engine_view import InstanceView
from zeebe_fleet.workers.contract.errors import EngineConflict, EngineDenied, EngineError, EngineRejected
from zeebe_fleet.workers.contract.job import DefinitionKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, ThrowError
from zeebe_fleet.workers.contract.ports import (
    Capabilities,
    DeployedProcess,
    EngineDefinition,
    OpenIncident,
    Resource,
    StartedInstance,
)

LATEST = -1
DEPLOY_TIMEOUT_S = 30.0
_IN_TIME_S = 0.5
"""How long before the end of its lease a job is handed back, however long its backoff."""
_UNREADABLE = "The job's variables or headers cannot be read: they are no JSON, or nested too deep. Set them anew."

Unary = Callable[..., Awaitable[Any]]


class ZeebeEngine:
    """Speaks to one engine over one channel; create it where an event loop runs, and close it.

    Cancelling a call cancels it at the gateway; whether the engine has acted is then unknown.
    """

    def __init__(self, connection: EngineConnection) -> None:
        self._connection = connection
        self._tenant_id = connection.tenant_id
        self._timeout_s = connection.timeout_s
        self._channel = connection.channel()
        # The stub makes its callables once; making one for each call costs as much as the call.
        self._stub: Any = GatewayStub(self._channel)
        self._stream_channel: grpc.aio.Channel | None = None
        self._stream_stub: Any = None
        self._tokens = (
            TokenSource(connection.oauth, ca_file=connection.ca_file, timeout_s=connection.timeout_s)
            if connection.oauth
            else None
        )
        self._incidents = Incidents(connection, self._tokens)
        self._capabilities: Capabilities | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel; calls in flight are cancelled."""
        await self._channel.close()
        if self._stream_channel is not None:
            await self._stream_channel.close()

    async def capabilities(self) -> Capabilities:
        """Read version and abilities; cached after the first answer."""
        if self._capabilities is None:
            topology = await self._call(self._stub.Topology, pb.TopologyRequest(), "tell its version")
            self._capabilities = capabilities_of(
                topology,
                rest=bool(self._connection.rest_address),
                operate=self._connection.operate is not None,
            )
        return self._capabilities

    async def deploy(self, resources: Sequence[Resource]) -> list[DeployedProcess]:
        """Deploy atomically; the message of a rejection names file, element and line."""
        request = pb.DeployResourceRequest(
            resources=[pb.Resource(name=one.name, content=one.content) for one in resources],
            tenantId=self._tenant_id,
        )
        names = ", ".join(one.name for one in resources)
        try:
            answer = await self._call(self._stub.DeployResource, request, f"deploy {names}", DEPLOY_TIMEOUT_S)
        except EngineRejected as rejection:
            raise explain(rejection, resources) from rejection
        return [
            DeployedProcess(
                process_name=one.process.bpmnProcessId,
                version=one.process.version,
                definition_key=DefinitionKey(one.process.processDefinitionKey),
                resource_name=one.process.resourceName,
            )
            for one in answer.deployments
            if one.HasField("process")
        ]

    async def start(
        self,
        *,
        process_name: str = "",
        definition_key: DefinitionKey | None = None,
        variables: Mapping[str, Any] | None = None,
        tenant_id: str = "",
    ) -> StartedInstance:
        """Create an instance of the latest version by name, or of one version by its key."""
        request = pb.CreateProcessInstanceRequest(
            processDefinitionKey=definition_key or 0,
            bpmnProcessId="" if definition_key else process_name,
            version=0 if definition_key else LATEST,
            variables=document(variables or {}),
            tenantId=tenant_id or self._tenant_id,
        )
        doing = f"start process {process_name or definition_key}"
        answer = await self._call(self._stub.CreateProcessInstance, request, doing)
        return StartedInstance(
            process_instance_key=ProcessInstanceKey(answer.processInstanceKey),
            process_name=answer.bpmnProcessId,
            version=answer.version,
            definition_key=DefinitionKey(answer.processDefinitionKey),
        )

    async def cancel(self, process_instance_key: ProcessInstanceKey) -> None:
        """Cancel an instance; `EngineGone` when there is none."""
        request = pb.CancelProcessInstanceRequest(processInstanceKey=process_instance_key)
        await self._call(self._stub.CancelProcessInstance, request, f"cancel instance {process_instance_key}")

    async def publish_message(
        self, name: str, correlation_key: str, *, message_id: str, variables: Mapping[str, Any], ttl_s: float
    ) -> None:
        """Publish a message; a repeated `message_id` within its time to live is a success and does nothing."""
        request = pb.PublishMessageRequest(
            name=name,
            correlationKey=correlation_key,
            timeToLive=milliseconds(ttl_s),
            messageId=message_id,
            variables=document(variables),
            tenantId=self._tenant_id,
        )
        try:
            await self._call(self._stub.PublishMessage, request, f"publish message {name!r}")
        except EngineConflict:
            return

    async def broadcast_signal(self, name: str, variables: Mapping[str, Any]) -> None:
        """Broadcast a signal to every instance waiting for it."""
        request = pb.BroadcastSignalRequest(signalName=name, variables=document(variables), tenantId=self._tenant_id)
        await self._call(self._stub.BroadcastSignal, request, f"broadcast signal {name!r}")

    async def set_variables(
        self, element_instance_key: int, variables: Mapping[str, Any], *, local: bool = True
    ) -> None:
        """Set variables in a scope; with none given it is a harmless probe (`EngineGone`: the scope is gone)."""
        request = pb.SetVariablesRequest(
            elementInstanceKey=element_instance_key, variables=document(variables), local=local
        )
        await self._call(self._stub.SetVariables, request, f"set variables of element instance {element_instance_key}")

    async def find_incidents(self, process_instance_key: ProcessInstanceKey) -> list[OpenIncident]:
        """Return the open incidents of an instance, where this engine can say them."""
        return await self._incidents.find(process_instance_key, await self.capabilities())

    async def newest_incidents(self, limit: int) -> list[OpenIncident]:
        """Return open incidents of all instances, where this engine can say them."""
        return await self._incidents.newest(limit, await self.capabilities())

    async def instance_view(self, process_instance_key: ProcessInstanceKey) -> InstanceView:
        """Return an instance as the engine has it, where this engine can say it."""
        return await instance_view(self._connection, self._tokens, await self.capabilities(), process_instance_key)

    async def definitions(self, process_name: str) -> list[EngineDefinition]:
        """Return the engine's versions of a process, where this engine can say it."""
        return await definitions(self._connection, self._tokens, await self.capabilities(), process_name)

    async def model(self, definition_key: DefinitionKey) -> bytes:
        """Return a model as it was deployed, where this engine can say it."""
        return await model(self._connection, self._tokens, await self.capabilities(), definition_key)

    async def resolve_incident(self, incident: OpenIncident, *, retries: int = 3) -> None:
        """Give the job its retries back and resolve the incident."""
        if incident.job_key is not None:
            raised = pb.UpdateJobRetriesRequest(jobKey=incident.job_key, retries=retries)
            await self._call(self._stub.UpdateJobRetries, raised, f"give job {incident.job_key} its retries back")
        request = pb.ResolveIncidentRequest(incidentKey=incident.incident_key)
        await self._call(self._stub.ResolveIncident, request, f"resolve incident {incident.incident_key}")

    async def activate(
        self,
        job_type: str,
        *,
        limit: int,
        lease_s: float,
        worker: str,
        variables: Sequence[str] = (),
        poll_s: float = 10.0,
    ) -> list[Job]:
        """Wait up to `poll_s` for jobs and lease at most `limit` of them; empty when there were none.

        Without names in `variables`, all variables come with a job. With a `poll_s` of 0 it doesn't wait.
        """
        request = pb.ActivateJobsRequest(
            type=job_type,
            worker=worker,
            timeout=milliseconds(lease_s),
            maxJobsToActivate=limit,
            fetchVariable=variables,
            requestTimeout=milliseconds(poll_s) or -1,
            tenantIds=(self._tenant_id,),
        )
        jobs: list[Job] = []
        try:
            answers = self._stub.ActivateJobs(
                request, timeout=poll_s + self._timeout_s, metadata=await self._metadata()
            )
            async for answer in answers:
                jobs.extend([job for one in answer.jobs if (job := await self._read(one, lease_s))])
        except grpc.aio.AioRpcError as error:
            # Jobs received before the stream broke are leased to us: dropping them would idle them for a lease.
            if not jobs:
                raise self._translated(error, f"activate jobs of type {job_type!r}") from error
        return jobs

    async def stream(
        self, job_type: str, *, lease_s: float, worker: str, variables: Sequence[str] = ()
    ) -> AsyncGenerator[Job, None]:
        """Yield jobs as they become activatable, over a channel that nothing else delays.

        A job that is not read stays in a small window; when that is full, the gateway gives jobs to others.
        """
        request = pb.StreamActivatedJobsRequest(
            type=job_type,
            worker=worker,
            timeout=milliseconds(lease_s),
            fetchVariable=variables,
            tenantIds=(self._tenant_id,),
        )
        if self._stream_channel is None:
            self._stream_channel = self._connection.channel()
            self._stream_stub = GatewayStub(self._stream_channel)
        call = self._stream_stub.StreamActivatedJobs(request, metadata=await self._metadata())
        try:
            async for one in call:
                if job := await self._read(one, lease_s):
                    yield job
        except grpc.aio.AioRpcError as error:
            raise self._translated(error, f"stream jobs of type {job_type!r}") from error
        finally:
            call.cancel()

    async def _read(self, activated: Any, lease_s: float) -> Job | None:
        """Read a job; one whose variables nobody can read becomes an incident, and the others go on."""
        try:
            return job_of(activated, lease_s)
        except (ValueError, RecursionError):
            with suppress(EngineError):  # it comes again when its lease is over
                await self.fail(JobKey(activated.key), Fail(_UNREADABLE, retries=0))
            return None

    async def complete(self, job_key: JobKey, outcome: Complete) -> None:
        """Complete a job; `EngineGone` when it was completed, cancelled or interrupted."""
        request = pb.CompleteJobRequest(jobKey=job_key, variables=document(outcome.variables))
        await self._call(self._stub.CompleteJob, request, f"complete job {job_key}")

    async def fail(self, job_key: JobKey, outcome: Fail) -> None:
        """Fail a job at once; with no retries left the engine raises an incident.

        No backoff is sent: the engine can forget a job that has one (ADR 0015). Whoever fails a job waits first.
        """
        request = pb.FailJobRequest(
            jobKey=job_key,
            retries=outcome.retries,
            errorMessage=message(outcome.message),
        )
        await self._call(self._stub.FailJob, request, f"fail job {job_key}")

    async def throw_error(self, job_key: JobKey, outcome: ThrowError) -> None:
        """Throw a BPMN error from a job; `EngineConflict` when it was already thrown or failed."""
        request = pb.ThrowErrorRequest(
            jobKey=job_key,
            errorCode=outcome.code,
            errorMessage=message(outcome.message),
            variables=document(outcome.variables),
        )
        await self._call(self._stub.ThrowError, request, f"throw {outcome.code} from job {job_key}")

    async def hand_back(self, job: Job, outcome: HandBack) -> None:
        """Make a job available again with its retries unchanged, after its backoff, or when its lease is nearly over.

        FailJob does it in a thirtieth of the time that UpdateJobTimeout to zero takes; the backoff is waited out here,
        for the engine can forget a job that has one (ADR 0015).
        """
        await asyncio.sleep(min(outcome.backoff_ms / 1000, max(job.lease_left_s() - _IN_TIME_S, 0.0)))
        request = pb.FailJobRequest(
            jobKey=job.key,
            retries=job.retries,
            errorMessage=message(outcome.reason),
        )
        await self._call(self._stub.FailJob, request, f"hand back job {job.key}")

    async def extend(self, job_key: JobKey, lease_s: float) -> None:
        """Lease a job for `lease_s` from now; `EngineConflict` when it is alive but leased to nobody."""
        request = pb.UpdateJobTimeoutRequest(jobKey=job_key, timeout=milliseconds(lease_s))
        await self._call(self._stub.UpdateJobTimeout, request, f"extend the lease of job {job_key}")

    async def _call(self, rpc: Unary, request: Any, doing: str, timeout_s: float | None = None) -> Any:
        metadata = await self._metadata() if self._tokens else None
        try:
            return await rpc(request, timeout=timeout_s or self._timeout_s, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise self._translated(error, doing) from error

    async def _metadata(self) -> tuple[tuple[str, str], ...] | None:
        if self._tokens is None:
            return None
        return (("authorization", f"Bearer {await self._tokens.token()}"),)

    def _translated(self, error: grpc.aio.AioRpcError, doing: str) -> EngineError:
        translated = engine_error(error, doing)
        if self._tokens is not None and isinstance(translated, EngineDenied):
            self._tokens.forget()
        return translated

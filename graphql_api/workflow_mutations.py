"""Mutations of workflows: start, cancel, retry, and what is sent to running ones."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from zeebe_fleet.graphql_api.answers import (
    MessagePublished,
    SignalBroadcast,
    WorkflowCancelling,
    WorkflowRerunning,
    WorkflowRetried,
    WorkflowStarted,
)
from zeebe_fleet.graphql_api.arguments import (
    read_key,
    read_seconds,
    read_start,
    read_text,
    read_variables,
    read_version,
)
from zeebe_fleet.graphql_api.context import Context, Info
from zeebe_fleet.graphql_api.errors import (
    ArtifactRefused,
    ArtifactStoreAway,
    EngineRefused,
    IdempotencyConflict,
    InvalidVariables,
    NoOpenIncident,
    NotAllowed,
    UnknownProcess,
    UnknownProcessVersion,
    VersionNotDeployed,
    WorkflowEnded,
    WorkflowNotFound,
    WorkflowNotRerunnable,
    answered,
)
from zeebe_fleet.graphql_api.parents import check_parent
from zeebe_fleet.graphql_api.repetition import message_id_of, send_once
from zeebe_fleet.graphql_api.types import Workflow
from zeebe_fleet.graphql_api.versions import by_version, know
from zeebe_fleet.workers.contract import refusals
from zeebe_fleet.workers.contract.api_ports import RerunRequest
from zeebe_fleet.workers.contract.api_records import WorkflowRecord
from zeebe_fleet.workers.contract.errors import EngineError, EngineGone
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.principal import OPERATOR_ROLE, SERVICE_ROLE
from zeebe_fleet.workers.contract.records import WorkflowState
from zeebe_fleet.workers.contract.versions import VersionRange

StartWorkflowResult = Annotated[
    WorkflowStarted
    | UnknownProcess
    | UnknownProcessVersion
    | VersionNotDeployed
    | ArtifactRefused
    | ArtifactStoreAway
    | InvalidVariables
    | IdempotencyConflict
    | EngineRefused,
    strawberry.union("StartWorkflowResult"),
]
CancelWorkflowResult = Annotated[
    WorkflowCancelling | WorkflowNotFound | WorkflowEnded | NotAllowed, strawberry.union("CancelWorkflowResult")
]
RetryWorkflowResult = Annotated[
    WorkflowRetried | WorkflowNotFound | NoOpenIncident | NotAllowed | EngineRefused,
    strawberry.union("RetryWorkflowResult"),
]
RerunWorkflowResult = Annotated[
    WorkflowRerunning
    | WorkflowNotFound
    | WorkflowNotRerunnable
    | UnknownProcess
    | UnknownProcessVersion
    | VersionNotDeployed
    | ArtifactRefused
    | ArtifactStoreAway
    | InvalidVariables
    | IdempotencyConflict
    | EngineRefused
    | NotAllowed,
    strawberry.union("RerunWorkflowResult"),
]
PublishMessageResult = Annotated[
    MessagePublished | InvalidVariables | IdempotencyConflict | NotAllowed | EngineRefused,
    strawberry.union("PublishMessageResult"),
]
BroadcastSignalResult = Annotated[
    SignalBroadcast | InvalidVariables | IdempotencyConflict | NotAllowed | EngineRefused,
    strawberry.union("BroadcastSignalResult"),
]

_TOLD_WITHIN_S = 15.0
_ASK_EVERY_S = 0.25


@strawberry.type
class WorkflowMutations:
    """Mutations of workflows."""

    @answered
    async def start_workflow(
        self,
        info: Info,
        process_name: str,
        process_version: str | None = None,
        business_key: str | None = None,
        variables: JSON | None = None,
        idempotency_key: str | None = None,
    ) -> StartWorkflowResult:
        """Start a workflow: of the latest version of a process or case, of a published one, or of `engine:<number>`.

        A published version is `1.2.0`, or the newest of `1.2.x`, `1.x` or `^1.2`; which one it became is recorded. The
        same idempotency key with the same arguments gives the same workflow.
        """
        context = info.context
        request = read_start(
            str(read_text("processName", process_name)),
            read_version(process_version),
            read_text("businessKey", business_key),
            read_variables(variables, context.settings.limits.variables_bytes),
            read_key(idempotency_key),
        )
        await know(context, request.process_name, request.version)
        context.policy.check_start(request.process_name)
        await check_parent(context, request.variables)
        named = request.process_name, _exact(request.version)
        send = partial(context.services.workflows.request_start, context.principal)
        requested = await by_version(context, *named, request, send)
        await context.services.delivery.deliver(requested.owed_ids)
        record = await _read(context, requested.record_id)
        if record.state is WorkflowState.CANCELLED and record.process_instance_key is None:
            await _refused_start(context, record)
        return WorkflowStarted(workflow=Workflow.of(record, context))

    @answered
    async def cancel_workflow(self, info: Info, workflow_id: UUID) -> CancelWorkflowResult:
        """Cancel a running workflow; for operators and whoever started it."""
        context = info.context
        context.policy.check_change(await _read(context, workflow_id))
        requested = await context.services.workflows.request_cancel(context.principal, workflow_id)
        await context.services.delivery.deliver(requested.owed_ids)
        return WorkflowCancelling(workflow=Workflow.of(await _read(context, workflow_id), context))

    @answered
    async def retry_workflow(self, info: Info, workflow_id: UUID) -> RetryWorkflowResult:
        """Resolve the open incidents of a workflow and those it called; for operators and its starter.

        Of one that was given up: let what failed to take something back try again.
        """
        context = info.context
        record = await _read(context, workflow_id)
        context.policy.check_change(record)
        resolved = await context.services.workflows.undo_again(workflow_id)
        if not resolved:
            resolved = await _resolve_told(context, workflow_id)
        if not resolved:
            raise refusals.NoOpenIncident(
                "The engine knows no open incident of this workflow.", "Ask the workflow for its steps."
            )
        await context.services.workflows.note(context.principal, workflow_id, "RETRY", {"resolved": resolved})
        return WorkflowRetried(
            workflow=Workflow.of(await _read(context, workflow_id), context), resolved_incidents=resolved
        )

    @answered
    async def rerun_workflow(
        self, info: Info, workflow_id: UUID, process_version: str | None = None, idempotency_key: str | None = None
    ) -> RerunWorkflowResult:
        """Run a workflow that failed for good again, as a new one; for operators and its starter.

        It is started with the same variables, by the version it had unless another one is named. What was finished
        returns its recorded output without running; what was taken back is done again. One that is stuck is cancelled
        first.
        """
        context = info.context
        record = await _read(context, workflow_id)
        context.policy.check_change(record)
        context.policy.check_start(record.definition_name)
        engine_version, version = read_version(process_version)
        request = RerunRequest(workflow_id, engine_version, read_key(idempotency_key), version)
        kept = "" if process_version else record.artifact_version or ""
        send = partial(context.services.workflows.request_rerun, context.principal)
        requested = await by_version(context, record.definition_name, kept or _exact(version), request, send)
        for owed_id in requested.owed_ids:
            await context.services.delivery.deliver([owed_id])
        return WorkflowRerunning(workflow=Workflow.of(await _read(context, requested.record_id), context))

    @answered
    async def publish_message(
        self,
        info: Info,
        name: str,
        correlation_key: str = "",
        variables: JSON | None = None,
        time_to_live_s: float = 60.0,
        idempotency_key: str | None = None,
    ) -> PublishMessageResult:
        """Publish a message; for operators and services."""
        context = info.context
        context.policy.check_roles(OPERATOR_ROLE, SERVICE_ROLE)
        checked = read_variables(variables, context.settings.limits.variables_bytes)
        ttl_s = read_seconds("timeToLiveS", max(0.0, time_to_live_s))
        read_text("name", name)
        read_text("correlationKey", correlation_key)
        body = {"publishMessage": name, "correlation_key": correlation_key, "variables": checked, "ttl_s": ttl_s}
        key = read_key(idempotency_key)
        message_id = message_id_of(context.principal, key)
        await send_once(
            context,
            key,
            body,
            lambda: context.services.engine.publish_message(
                name, correlation_key, message_id=message_id, variables=checked, ttl_s=ttl_s
            ),
        )
        return MessagePublished(name=name)

    @answered
    async def broadcast_signal(
        self, info: Info, name: str, variables: JSON | None = None, idempotency_key: str | None = None
    ) -> BroadcastSignalResult:
        """Broadcast a signal; for operators and services."""
        context = info.context
        context.policy.check_roles(OPERATOR_ROLE, SERVICE_ROLE)
        checked = read_variables(variables, context.settings.limits.variables_bytes)
        read_text("name", name)
        body = {"broadcastSignal": name, "variables": checked}
        engine = context.services.engine
        await send_once(context, idempotency_key, body, lambda: engine.broadcast_signal(name, checked))
        return SignalBroadcast(name=name)


def _exact(version: VersionRange | None) -> str:
    return version.text if version and version.is_exact else ""


async def _read(context: Context, workflow_id: UUID) -> WorkflowRecord:
    found = await context.services.workflows.by_id([workflow_id])
    return context.policy.check_seen(found.get(workflow_id))


async def _refused_start(context: Context, record: WorkflowRecord) -> None:
    """Say why the engine did not start a workflow: by its words, which the records keep."""
    said = record.incident or f"The engine did not start {record.process_name!r}."
    if await context.services.workflows.knows(record.process_name):
        raise refusals.EngineRefused(said, "Correct the request and send it with a new idempotency key.")
    raise refusals.UnknownProcess(record.process_name, said)


async def _resolve_told(context: Context, workflow_id: UUID) -> int:
    """Resolve the open incidents; the records may know of one some seconds before the engine tells of it."""
    told_by = time.monotonic() + _TOLD_WITHIN_S
    while not (resolved := await _resolve_incidents(context, workflow_id)):
        if not (await _read(context, workflow_id)).incident:
            break
        if time.monotonic() > told_by:
            raise refusals.NoOpenIncident(
                "The engine has not told of this incident yet.",
                "Try again in a moment. While Operate starts for the first time, it takes until then.",
            )
        await asyncio.sleep(_ASK_EVERY_S)
    return resolved


async def _resolve_incidents(context: Context, workflow_id: UUID) -> int:
    engine, resolved = context.services.engine, {}
    try:
        for found_id, instance_key in await context.services.workflows.live_instances(workflow_id):
            for incident in await engine.find_incidents(ProcessInstanceKey(instance_key)):
                with suppress(EngineGone):  # resolved by somebody else meanwhile
                    await engine.resolve_incident(incident)
                resolved[incident.incident_key] = found_id
    except EngineError as error:
        raise refusals.EngineRefused(error.message, error.suggestion) from error
    if resolved:
        await context.services.workflows.clear_incidents(resolved)
    return len(resolved)

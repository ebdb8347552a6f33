"""The gateway's plain methods: how a request is read into a command, and how its answer is written.

A method is two functions in one table; calling them, and turning refusals into statuses, is `server`'s.

Source: https://docs.camunda.io/docs/apis-tools/zeebe-api/gateway-service/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.engine.core.commands import (
    Activate,
    BroadcastSignal,
    CancelInstance,
    CompleteJob,
    CreateInstance,
    DeleteResource,
    Deploy,
    EvaluateDecision,
    FailJob,
    JobResult,
    MigrateInstance,
    ModifyInstance,
    PublishMessage,
    ResolveIncident,
    SetVariables,
    ThrowError,
    UpdateJobRetries,
    UpdateJobTimeout,
)
from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.gateway import deployed
from zeebe_fleet.engine.gateway.status import Unserved
from zeebe_fleet.engine.gateway.stubs import pb

NO_VARIABLES = "{}"


@dataclass(frozen=True, slots=True)
class Method:
    """How one method is served.

    Args:
        read: makes the command of a request; raises `Rejected` for one that makes none.
        write: makes the response of the command's answer.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _empty(response: Any) -> Callable[[Any], Any]:
    """Answer with a response that says nothing; one serves for all."""
    return lambda _: response


def _keyed(response: Any) -> Callable[[Any], Any]:
    return lambda key: response(key=key, tenantId=DEFAULT_TENANT)


def creation(request: Any) -> CreateInstance:
    """Read what both methods that create an instance are asked."""
    return CreateInstance(
        bpmn_process_id=request.bpmnProcessId,
        version=request.version,
        process_definition_key=request.processDefinitionKey,
        variables=request.variables or NO_VARIABLES,
        start_elements=tuple(one.elementId for one in request.startInstructions),
        tenant=request.tenantId,
    )


def _created(answer: Any) -> Any:
    return pb.CreateProcessInstanceResponse(
        processDefinitionKey=answer.process_definition_key,
        bpmnProcessId=answer.bpmn_process_id,
        version=answer.version,
        processInstanceKey=answer.process_instance_key,
        tenantId=DEFAULT_TENANT,
    )


def _deployment(request: Any) -> Deploy:
    return Deploy(tuple((one.name, one.content) for one in request.resources), request.tenantId)


def _deployed(answer: Any) -> Any:
    deployments = [pb.Deployment(process=one) for one in _processes(answer)]
    deployments += [pb.Deployment(decision=deployed.decision(one)) for one in answer.decisions]
    deployments += [pb.Deployment(decisionRequirements=deployed.graph(one)) for one in answer.graphs]
    deployments += [pb.Deployment(form=deployed.form(one)) for one in answer.forms]
    return pb.DeployResourceResponse(key=answer.key, deployments=deployments, tenantId=DEFAULT_TENANT)


def _processes(answer: Any) -> list[Any]:
    return [
        pb.ProcessMetadata(
            bpmnProcessId=one.bpmn_process_id,
            version=one.version,
            processDefinitionKey=one.process_definition_key,
            resourceName=one.resource_name,
            tenantId=DEFAULT_TENANT,
        )
        for one in answer.processes
    ]


def _publication(request: Any) -> PublishMessage:
    return PublishMessage(
        name=request.name,
        correlation_key=request.correlationKey,
        ttl_ms=request.timeToLive,
        message_id=request.messageId,
        variables=request.variables or NO_VARIABLES,
        tenant=request.tenantId,
    )


def _signal(request: Any) -> BroadcastSignal:
    return BroadcastSignal(request.signalName, request.variables or NO_VARIABLES, request.tenantId)


def _modification(request: Any) -> ModifyInstance:
    return ModifyInstance(
        process_instance_key=request.processInstanceKey,
        activate=tuple(
            Activate(
                element_id=one.elementId,
                ancestor_key=one.ancestorElementInstanceKey,
                variables=tuple((each.scopeId, each.variables or NO_VARIABLES) for each in one.variableInstructions),
            )
            for one in request.activateInstructions
        ),
        terminate=tuple(one.elementInstanceKey for one in request.terminateInstructions),
    )


def _migration(request: Any) -> MigrateInstance:
    plan = request.migrationPlan
    return MigrateInstance(
        process_instance_key=request.processInstanceKey,
        target_definition_key=plan.targetProcessDefinitionKey,
        mappings=tuple((one.sourceElementId, one.targetElementId) for one in plan.mappingInstructions),
    )


def _completion(request: Any) -> CompleteJob:
    result = _result(request.result) if request.HasField("result") else None
    return CompleteJob(request.jobKey, request.variables or NO_VARIABLES, result)


def _result(sent: Any) -> JobResult:
    if sent.type not in ("", "userTask"):
        raise Unserved("The engine in the box serves no job's result but that of a user task.")
    corrected = sent.corrections
    found: list[tuple[str, Any]] = [
        (name, getattr(corrected, name))
        for name in ("assignee", "dueDate", "followUpDate", "priority")
        if corrected.HasField(name)
    ]
    for name in ("candidateGroups", "candidateUsers"):
        if corrected.HasField(name):
            found.append((f"{name}List", list(getattr(corrected, name).values)))
    return JobResult(sent.denied, sent.deniedReason, tuple(found))


METHODS: Mapping[str, Method] = {
    "BroadcastSignal": Method(_signal, _keyed(pb.BroadcastSignalResponse)),
    "CancelProcessInstance": Method(
        lambda request: CancelInstance(request.processInstanceKey), _empty(pb.CancelProcessInstanceResponse())
    ),
    "CompleteJob": Method(
        _completion,
        _empty(pb.CompleteJobResponse()),
    ),
    "CreateProcessInstance": Method(creation, _created),
    "DeleteResource": Method(lambda request: DeleteResource(request.resourceKey), _empty(pb.DeleteResourceResponse())),
    "DeployProcess": Method(
        lambda request: Deploy(tuple((one.name, one.definition) for one in request.processes)),
        lambda answer: pb.DeployProcessResponse(key=answer.key, processes=_processes(answer)),
    ),
    "DeployResource": Method(_deployment, _deployed),
    "EvaluateDecision": Method(
        lambda request: EvaluateDecision(
            request.decisionId, request.decisionKey, request.variables or NO_VARIABLES, request.tenantId
        ),
        deployed.evaluation,
    ),
    "FailJob": Method(
        lambda request: FailJob(
            request.jobKey,
            request.retries,
            request.errorMessage,
            request.retryBackOff,
            request.variables or NO_VARIABLES,
        ),
        _empty(pb.FailJobResponse()),
    ),
    "MigrateProcessInstance": Method(_migration, _empty(pb.MigrateProcessInstanceResponse())),
    "ModifyProcessInstance": Method(_modification, _empty(pb.ModifyProcessInstanceResponse())),
    "PublishMessage": Method(_publication, _keyed(pb.PublishMessageResponse)),
    "ResolveIncident": Method(
        lambda request: ResolveIncident(request.incidentKey), _empty(pb.ResolveIncidentResponse())
    ),
    "SetVariables": Method(
        lambda request: SetVariables(
            request.elementInstanceKey, request.variables or NO_VARIABLES, local=request.local
        ),
        lambda key: pb.SetVariablesResponse(key=key),
    ),
    "ThrowError": Method(
        lambda request: ThrowError(
            request.jobKey, request.errorCode, request.errorMessage, request.variables or NO_VARIABLES
        ),
        _empty(pb.ThrowErrorResponse()),
    ),
    "UpdateJobRetries": Method(
        lambda request: UpdateJobRetries(request.jobKey, request.retries), _empty(pb.UpdateJobRetriesResponse())
    ),
    "UpdateJobTimeout": Method(
        lambda request: UpdateJobTimeout(request.jobKey, request.timeout), _empty(pb.UpdateJobTimeoutResponse())
    ),
}

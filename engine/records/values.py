"""What a record says of an element instance, a job, an incident …: its `value`, with Camunda's field names."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import people
from zeebe_fleet.engine.core.jobs import KINDS, LISTENER_EVENTS
from zeebe_fleet.engine.core.state import DEFAULT_TENANT

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.people import UserTask
    from zeebe_fleet.engine.core.state import Catch, ElementInstance, Incident, Job, Message, State
    from zeebe_fleet.engine.model.elements import Element

Value = dict[str, Any]

NOTHING = -1
"""A key of nothing, as Camunda writes it."""
_EVENTS = frozenset({"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"})


def of_instance(state: State, instance: ElementInstance) -> Value:
    """What `PROCESS_INSTANCE` says of an element instance."""
    caller = state.instances.get(instance.caller_key) if instance.caller_key else None
    return {
        **_of_definition(instance.definition),
        "processInstanceKey": instance.process_instance_key,
        "elementId": instance.element.id,
        "flowScopeKey": instance.scope.key if instance.scope is not None else NOTHING,
        "bpmnElementType": "MULTI_INSTANCE_BODY" if instance.body else element_type(instance.element),
        "bpmnEventType": event_type(instance.element),
        "parentProcessInstanceKey": caller.process_instance_key if caller is not None else NOTHING,
        "parentElementInstanceKey": instance.caller_key or NOTHING,
        "tenantId": DEFAULT_TENANT,
    }


def of_flow(scope: ElementInstance, flow_id: str) -> Value:
    """What `PROCESS_INSTANCE` says of a token on a sequence flow."""
    return {
        **_of_definition(scope.definition),
        "processInstanceKey": scope.process_instance_key,
        "elementId": flow_id,
        "flowScopeKey": scope.key,
        "bpmnElementType": "SEQUENCE_FLOW",
        "bpmnEventType": "UNSPECIFIED",
        "parentProcessInstanceKey": NOTHING,
        "parentElementInstanceKey": NOTHING,
        "tenantId": DEFAULT_TENANT,
    }


def of_job(job: Job) -> Value:
    """What `JOB` says, and each of the jobs of a `JOB_BATCH`."""
    instance = job.instance
    return {
        "type": job.type,
        "worker": job.worker,
        "deadline": job.deadline_ms or NOTHING,
        "retries": job.retries,
        "customHeaders": json.loads(job.headers),
        "errorMessage": job.error_message,
        "errorCode": job.error_code,
        "elementId": instance.element.id,
        "elementInstanceKey": instance.key,
        "processInstanceKey": instance.process_instance_key,
        "bpmnProcessId": instance.definition.bpmn_process_id,
        "processDefinitionKey": instance.definition.key,
        "processDefinitionVersion": instance.definition.version,
        "jobKind": KINDS[job.kind],
        "jobListenerEventType": LISTENER_EVENTS[job.kind],
        "tenantId": DEFAULT_TENANT,
    }


def of_user_task(task: UserTask) -> Value:
    """What `USER_TASK` says; attributes are as they are to be once its transition is through."""
    instance, said = task.instance, people.properties(task)
    return {
        "userTaskKey": task.key,
        "assignee": said.assignee,
        "candidateGroupsList": list(said.candidate_groups),
        "candidateUsersList": list(said.candidate_users),
        "dueDate": said.due_date,
        "followUpDate": said.follow_up_date,
        "formKey": task.form_key or NOTHING,
        "externalFormReference": task.external_reference,
        "priority": said.priority,
        "action": task.action,
        "changedAttributes": list(said.changed_attributes),
        "deniedReason": "",
        "variables": json.loads(task.given),
        "customHeaders": dict(instance.element.headers),
        "creationTimestamp": task.created_ms,
        "elementId": instance.element.id,
        "elementInstanceKey": instance.key,
        "processInstanceKey": instance.process_instance_key,
        "bpmnProcessId": instance.definition.bpmn_process_id,
        "processDefinitionKey": instance.definition.key,
        "processDefinitionVersion": instance.definition.version,
        "tenantId": DEFAULT_TENANT,
    }


def of_incident(incident: Incident) -> Value:
    """What `INCIDENT` says."""
    instance = incident.instance
    return {
        "errorType": incident.type,
        "errorMessage": incident.message,
        "bpmnProcessId": instance.definition.bpmn_process_id,
        "processDefinitionKey": instance.definition.key,
        "processInstanceKey": instance.process_instance_key,
        "elementId": instance.element.id,
        "elementInstanceKey": instance.key,
        "jobKey": incident.job_key or NOTHING,
        "variableScopeKey": instance.key,
        "tenantId": DEFAULT_TENANT,
    }


def of_variable(scope: ElementInstance, name: str, text: str) -> Value:
    """What `VARIABLE` says; the value is JSON text, as in Camunda."""
    return {
        "name": name,
        "value": text,
        "scopeKey": scope.key,
        "processInstanceKey": scope.process_instance_key,
        "processDefinitionKey": scope.definition.key,
        "bpmnProcessId": scope.definition.bpmn_process_id,
        "tenantId": DEFAULT_TENANT,
    }


def of_timer(catch: Catch) -> Value:
    """What `TIMER` says."""
    return {
        **_of_catch(catch),
        "elementInstanceKey": catch.instance.key,
        "targetElementId": catch.element_id,
        "dueDate": catch.due_ms,
        "repetitions": catch.repetitions,
    }


def of_subscription(catch: Catch, message_key: int = NOTHING) -> Value:
    """What `PROCESS_MESSAGE_SUBSCRIPTION` says."""
    return {
        **_of_catch(catch),
        "elementInstanceKey": catch.instance.key,
        "elementId": catch.element_id,
        "messageKey": message_key,
        "messageName": catch.name,
        "correlationKey": catch.correlation_key,
        "interrupting": catch.instance.definition.process.elements[catch.element_id].interrupting,
    }


def of_signal(catch: Catch) -> Value:
    """What `SIGNAL_SUBSCRIPTION` says."""
    return {
        **_of_catch(catch),
        "signalName": catch.name,
        "catchEventId": catch.element_id,
        "catchEventInstanceKey": catch.instance.key,
    }


def of_process_event(instance: ElementInstance, element_id: str, variables: str = "{}") -> Value:
    """What `PROCESS_EVENT` says."""
    return {
        "scopeKey": instance.key,
        "targetElementId": element_id,
        "variables": json.loads(variables),
        "bpmnProcessId": instance.definition.bpmn_process_id,
        "processDefinitionKey": instance.definition.key,
        "processInstanceKey": instance.process_instance_key,
        "tenantId": DEFAULT_TENANT,
    }


def of_message(message: Message) -> Value:
    """What `MESSAGE` says."""
    return {
        "name": message.name,
        "correlationKey": message.correlation_key,
        "messageId": message.message_id,
        "deadline": message.due_ms,
        "variables": json.loads(message.variables),
        "tenantId": DEFAULT_TENANT,
    }


def of_process(definition: Definition) -> Value:
    """What `PROCESS` says, and the processes of a `DEPLOYMENT`; its file is left out."""
    return {
        **_of_definition(definition),
        "versionTag": definition.version_tag,
        "resourceName": definition.resource_name,
        "deploymentKey": definition.deployment_key,
        "tenantId": DEFAULT_TENANT,
    }


def of_undo(scope: ElementInstance, activity_id: str, handler_id: str, thrower_key: int) -> Value:
    """What `COMPENSATION_SUBSCRIPTION` says."""
    return {
        "compensableActivityId": activity_id,
        "compensableActivityScopeKey": scope.key,
        "compensationHandlerId": handler_id,
        "throwEventInstanceKey": thrower_key or NOTHING,
        "bpmnProcessId": scope.definition.bpmn_process_id,
        "processDefinitionKey": scope.definition.key,
        "processInstanceKey": scope.process_instance_key,
        "tenantId": DEFAULT_TENANT,
    }


def element_type(element: Element) -> str:
    """Return Camunda's name for an element: `SERVICE_TASK`."""
    return "EVENT_SUB_PROCESS" if element.triggered_by_event else _upper(element.tag)


def event_type(element: Element) -> str:
    """Return Camunda's name for what an event is of: `TIMER`; `UNSPECIFIED` for what is no event."""
    return (element.event_name.upper() or "NONE") if element.tag in _EVENTS else "UNSPECIFIED"


@cache
def _upper(tag: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", tag).upper()


def _of_definition(definition: Definition) -> Value:
    return {
        "bpmnProcessId": definition.bpmn_process_id,
        "version": definition.version,
        "processDefinitionKey": definition.key,
    }


def _of_catch(catch: Catch) -> Value:
    return {
        "bpmnProcessId": catch.instance.definition.bpmn_process_id,
        "processDefinitionKey": catch.instance.definition.key,
        "processInstanceKey": catch.instance.process_instance_key,
        "tenantId": DEFAULT_TENANT,
    }

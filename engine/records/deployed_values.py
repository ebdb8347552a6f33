"""What a record says of decisions and forms: its `value`, with Camunda's field names; their files are left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.records.values import NOTHING, Value

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.decisions import DecisionDefinition, DecisionGraph
    from zeebe_fleet.engine.core.forms import FormDefinition
    from zeebe_fleet.engine.core.state import Start, State


def of_graph(graph: DecisionGraph) -> Value:
    """What `DECISION_REQUIREMENTS` says."""
    return {
        "decisionRequirementsId": graph.identity,
        "decisionRequirementsName": graph.name,
        "decisionRequirementsVersion": graph.version,
        "decisionRequirementsKey": graph.key,
        "namespace": graph.requirements.namespace,
        "resourceName": graph.resource_name,
        "tenantId": DEFAULT_TENANT,
    }


def of_decision(one: DecisionDefinition) -> Value:
    """What `DECISION` says."""
    return {
        "decisionId": one.identity,
        "decisionName": one.name,
        "version": one.version,
        "versionTag": one.version_tag,
        "decisionKey": one.key,
        "decisionRequirementsId": one.graph.identity,
        "decisionRequirementsKey": one.graph.key,
        "deploymentKey": one.deployment_key,
        "tenantId": DEFAULT_TENANT,
    }


def of_form(form: FormDefinition) -> Value:
    """What `FORM` says."""
    return {
        "formId": form.identity,
        "version": form.version,
        "versionTag": form.version_tag,
        "formKey": form.key,
        "resourceName": form.resource_name,
        "deploymentKey": form.deployment_key,
        "tenantId": DEFAULT_TENANT,
    }


def of_start(start: Start) -> tuple[str, Value]:
    """What the record of a waiting start event is, and says."""
    definition = start.definition
    value = {
        "bpmnProcessId": definition.bpmn_process_id,
        "processDefinitionKey": definition.key,
        "tenantId": DEFAULT_TENANT,
    }
    if start.kind == "timer":
        due = {"dueDate": start.due_ms, "repetitions": start.repetitions, "targetElementId": start.element_id}
        return "TIMER", {**value, **due, "elementInstanceKey": NOTHING, "processInstanceKey": NOTHING}
    if start.kind == "message":
        return "MESSAGE_START_EVENT_SUBSCRIPTION", {
            **value,
            "messageName": start.name,
            "startEventId": start.element_id,
        }
    caught = {"signalName": start.name, "catchEventId": start.element_id, "catchEventInstanceKey": NOTHING}
    return "SIGNAL_SUBSCRIPTION", {**value, **caught}


def of_evaluation(
    state: State,
    decision_key: int,
    instance_key: int,
    output: str,
    evaluated: list[list[Any]],
    failed_decision_id: str,
    failure: str,
) -> Value:
    """What `DECISION_EVALUATION` says."""
    definition = state.decisions.definitions.by_key[decision_key]
    instance = state.instances.get(instance_key)
    by_id = {one.identity: one for one in definition.graph.decisions}
    return {
        "decisionId": definition.identity,
        "decisionName": definition.name,
        "decisionVersion": definition.version,
        "decisionKey": definition.key,
        "decisionRequirementsId": definition.graph.identity,
        "decisionRequirementsKey": definition.graph.key,
        "decisionOutput": json.loads(output),
        "evaluationFailureMessage": failure,
        "failedDecisionId": failed_decision_id,
        "evaluatedDecisions": [_of_one(by_id[one[0]], *one[1:]) for one in evaluated],
        "processInstanceKey": NOTHING if instance is None else instance.process_instance_key,
        "processDefinitionKey": NOTHING if instance is None else instance.definition.key,
        "bpmnProcessId": "" if instance is None else instance.definition.bpmn_process_id,
        "elementId": "" if instance is None else instance.element.id,
        "elementInstanceKey": NOTHING if instance is None else instance.key,
        "tenantId": DEFAULT_TENANT,
    }


def _of_one(
    one: DecisionDefinition, kind: str, output: str, inputs: list[list[Any]], matched: list[list[Any]]
) -> Value:
    return {
        "decisionId": one.identity,
        "decisionName": one.name,
        "decisionVersion": one.version,
        "decisionKey": one.key,
        "decisionType": kind,
        "decisionOutput": json.loads(output),
        "evaluatedInputs": [
            {"inputId": identity, "inputName": name, "inputValue": json.loads(value)}
            for identity, name, value in inputs
        ],
        "matchedRules": [
            {
                "ruleId": rule_id,
                "ruleIndex": index,
                "evaluatedOutputs": [
                    {"outputId": identity, "outputName": name, "outputValue": json.loads(value)}
                    for identity, name, value in outputs
                ],
            }
            for rule_id, index, outputs in matched
        ],
        "tenantId": DEFAULT_TENANT,
    }

"""Decisions: evaluated, and told of in the answer to a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.commands import EvaluateDecision
from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.rest.answers import json_answer
from zeebe_fleet.engine.rest.body import Body
from zeebe_fleet.engine.rest.house import House
from zeebe_fleet.engine.rest.problems import invalid
from zeebe_fleet.engine.version import Version

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.commands.decisions import Evaluated
    from zeebe_fleet.engine.core.decisions import DecisionDefinition, DecisionGraph
    from zeebe_fleet.engine.core.forms import FormDefinition


async def evaluate(request: Request, house: House) -> Response:
    """`POST /v2/decision-definitions/evaluation`."""
    body = await Body.of(request)
    key, name = body.key("decisionDefinitionKey", 0), body.text("decisionDefinitionId", "")
    if bool(key) == bool(name):
        raise invalid("Exactly one of [decisionDefinitionId, decisionDefinitionKey] is required.")
    command = EvaluateDecision(name, key, body.document(), body.text("tenantId", ""))
    return json_answer(_evaluated(await house.admission.run(command), house.version))


def decision(one: DecisionDefinition) -> dict[str, Any]:
    """Tell of a decision."""
    return {
        "decisionDefinitionId": one.identity,
        "version": one.version,
        "name": one.name,
        "tenantId": DEFAULT_TENANT,
        "decisionRequirementsId": one.graph.identity,
        "decisionDefinitionKey": str(one.key),
        "decisionRequirementsKey": str(one.graph.key),
    }


def graph(one: DecisionGraph) -> dict[str, Any]:
    """Tell of a file of decisions."""
    return {
        "decisionRequirementsId": one.identity,
        "decisionRequirementsName": one.name,
        "version": one.version,
        "resourceName": one.resource_name,
        "tenantId": DEFAULT_TENANT,
        "decisionRequirementsKey": str(one.key),
    }


def form(one: FormDefinition) -> dict[str, Any]:
    """Tell of a form."""
    return {**form_head(one), "resourceName": one.resource_name}


def form_head(one: FormDefinition) -> dict[str, Any]:
    """Tell of a form without where it came from."""
    return {
        "formId": one.identity,
        "version": one.version,
        "tenantId": DEFAULT_TENANT,
        "formKey": str(one.key),
    }


def _evaluated(answer: Evaluated, version: Version) -> dict[str, Any]:
    definition, decided = answer.definition, answer.decided
    nothing = None if version.nulls else ""
    by_id = {one.identity: one for one in definition.graph.decisions}
    return {
        "decisionDefinitionId": definition.identity,
        "decisionDefinitionName": definition.name,
        "decisionDefinitionVersion": definition.version,
        "decisionRequirementsId": definition.graph.identity,
        "output": decided.output,
        "failedDecisionDefinitionId": decided.failed_decision_id or nothing,
        "failureMessage": decided.failure or nothing,
        "tenantId": DEFAULT_TENANT,
        "decisionDefinitionKey": str(definition.key),
        "decisionRequirementsKey": str(definition.graph.key),
        "decisionInstanceKey": str(decided.key),
        "decisionEvaluationKey": str(decided.key),
        "evaluatedDecisions": [
            _one(by_id[name], f"{decided.key}-{number}", kind, output) | trace(inputs, matched, version)
            for number, (name, kind, output, inputs, matched) in enumerate(decided.evaluated, 1)
        ],
    }


def _one(one: DecisionDefinition, key: str, kind: str, output: str) -> dict[str, Any]:
    return {
        "decisionDefinitionId": one.identity,
        "decisionDefinitionName": one.name,
        "decisionDefinitionVersion": one.version,
        "decisionDefinitionType": kind,
        "output": output,
        "tenantId": DEFAULT_TENANT,
        "decisionDefinitionKey": str(one.key),
        "decisionEvaluationInstanceKey": key,
    }


def trace(inputs: list[list[Any]], matched: list[list[Any]], version: Version) -> dict[str, Any]:
    """Tell what the inputs of a decision were, and which rules matched."""
    return {
        "evaluatedInputs": [
            {"inputId": identity, "inputName": name, "inputValue": value} for identity, name, value in inputs
        ],
        "matchedRules": [_rule(*rule, version=version) for rule in matched],
    }


def _rule(rule_id: str, index: int, outputs: list[list[Any]], *, version: Version) -> dict[str, Any]:
    """Tell of a rule that matched; from 8.9 on, each of its outputs names it too."""
    rule: dict[str, Any] = {"ruleId": rule_id, "ruleIndex": index}
    again = rule if version.has((8, 9)) else {}
    told = [{"outputId": key, "outputName": name, "outputValue": value, **again} for key, name, value in outputs]
    return {**rule, "evaluatedOutputs": told}

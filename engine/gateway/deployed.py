"""What the gateway says of decisions and forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.gateway.stubs import pb

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.commands.decisions import Evaluated
    from zeebe_fleet.engine.core.decisions import DecisionDefinition, DecisionGraph
    from zeebe_fleet.engine.core.forms import FormDefinition


def graph(one: DecisionGraph) -> Any:
    """Tell of a file of decisions."""
    return pb.DecisionRequirementsMetadata(
        dmnDecisionRequirementsId=one.identity,
        dmnDecisionRequirementsName=one.name,
        version=one.version,
        decisionRequirementsKey=one.key,
        resourceName=one.resource_name,
        tenantId=DEFAULT_TENANT,
    )


def decision(one: DecisionDefinition) -> Any:
    """Tell of a decision."""
    return pb.DecisionMetadata(
        dmnDecisionId=one.identity,
        dmnDecisionName=one.name,
        version=one.version,
        decisionKey=one.key,
        dmnDecisionRequirementsId=one.graph.identity,
        decisionRequirementsKey=one.graph.key,
        tenantId=DEFAULT_TENANT,
    )


def form(one: FormDefinition) -> Any:
    """Tell of a form."""
    return pb.FormMetadata(
        formId=one.identity,
        version=one.version,
        formKey=one.key,
        resourceName=one.resource_name,
        tenantId=DEFAULT_TENANT,
    )


def evaluation(answer: Evaluated) -> Any:
    """Tell what came of a decision, and how."""
    definition, decided = answer.definition, answer.decided
    by_id = {one.identity: one for one in definition.graph.decisions}
    return pb.EvaluateDecisionResponse(
        decisionKey=definition.key,
        decisionId=definition.identity,
        decisionName=definition.name,
        decisionVersion=definition.version,
        decisionRequirementsId=definition.graph.identity,
        decisionRequirementsKey=definition.graph.key,
        decisionOutput=decided.output,
        evaluatedDecisions=[_evaluated(by_id[one[0]], *one[1:]) for one in decided.evaluated],
        failedDecisionId=decided.failed_decision_id,
        failureMessage=decided.failure,
        tenantId=DEFAULT_TENANT,
        decisionInstanceKey=decided.key,
    )


def _evaluated(
    one: DecisionDefinition, kind: str, output: str, inputs: list[list[Any]], matched: list[list[Any]]
) -> Any:
    return pb.EvaluatedDecision(
        decisionKey=one.key,
        decisionId=one.identity,
        decisionName=one.name,
        decisionVersion=one.version,
        decisionType=kind,
        decisionOutput=output,
        matchedRules=[_matched(*rule) for rule in matched],
        evaluatedInputs=[
            pb.EvaluatedDecisionInput(inputId=identity, inputName=name, inputValue=value)
            for identity, name, value in inputs
        ],
        tenantId=DEFAULT_TENANT,
    )


def _matched(rule_id: str, index: int, outputs: list[list[str]]) -> Any:
    return pb.MatchedDecisionRule(
        ruleId=rule_id,
        ruleIndex=index,
        evaluatedOutputs=[
            pb.EvaluatedDecisionOutput(outputId=identity, outputName=name, outputValue=value)
            for identity, name, value in outputs
        ],
    )

"""What can be searched of decisions: their definitions, their files, and what came of each.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (each search's page, 8.8 and 8.9)
"""

from __future__ import annotations

from zeebe_fleet.engine.search.entities import ROOT, TENANT, Entity, Field, Kind

_REQUIREMENTS = (
    Field("decisionRequirementsId", Kind.TEXT, "g.identity"),
    Field("decisionRequirementsKey", Kind.KEY, "g.key"),
    Field("decisionRequirementsName", Kind.TEXT, "g.name"),
)

DECISION_DEFINITIONS = Entity(
    "Decision Definition",
    "decision c JOIN decision_requirements g ON g.key = c.requirements_key",
    ("c.key",),
    "decisionDefinitionKey",
    (
        Field("decisionDefinitionId", Kind.TEXT, "c.identity"),
        Field("decisionDefinitionKey", Kind.KEY, "c.key"),
        Field("name", Kind.TEXT, "c.name"),
        Field("version", Kind.NUMBER, "c.version"),
        *_REQUIREMENTS,
        Field("decisionRequirementsVersion", Kind.NUMBER, "g.version"),
        Field(
            "isLatestVersion",
            Kind.FLAG,
            "NOT EXISTS (SELECT 1 FROM decision o JOIN decision_requirements q ON q.key = o.requirements_key"
            " WHERE o.identity = c.identity AND o.version > c.version AND NOT q.deleted)",
            shown=False,
        ),
        TENANT,
    ),
    only="NOT g.deleted",
)

DECISION_REQUIREMENTS = Entity(
    "Decision Requirements",
    "decision_requirements g",
    ("g.key",),
    "decisionRequirementsKey",
    (
        *_REQUIREMENTS,
        Field("version", Kind.NUMBER, "g.version"),
        Field("resourceName", Kind.TEXT, "g.resource_name"),
        TENANT,
    ),
    only="NOT g.deleted",
)

DECISION_INSTANCES = Entity(
    "Decision Instance",
    "decision_instance x JOIN decision r ON r.key = x.root_key"
    " JOIN decision c ON c.requirements_key = r.requirements_key AND c.identity = x.decision_id"
    " LEFT JOIN element_instance e ON e.key = x.instance_key"
    " LEFT JOIN process_instance p ON p.key = x.process_instance_key",
    ("x.evaluation_key", "x.number"),
    "decisionEvaluationInstanceKey",
    (
        Field("decisionEvaluationInstanceKey", Kind.TEXT, "(x.evaluation_key || '-' || x.number)"),
        Field("decisionEvaluationKey", Kind.KEY, "x.evaluation_key"),
        Field("state", Kind.STATE, "x.state"),
        Field("evaluationDate", Kind.TIME, "x.evaluated_ms"),
        Field("evaluationFailure", Kind.TEXT, "x.failure"),
        Field("decisionDefinitionId", Kind.TEXT, "c.identity"),
        Field("decisionDefinitionKey", Kind.KEY, "c.key"),
        Field("decisionDefinitionName", Kind.TEXT, "c.name"),
        Field("decisionDefinitionVersion", Kind.NUMBER, "c.version"),
        Field(
            "decisionDefinitionType",
            Kind.STATE,
            "CASE WHEN x.kind IN ('DECISION_TABLE', 'LITERAL_EXPRESSION') THEN x.kind ELSE 'UNKNOWN' END",
        ),
        Field("decisionRequirementsKey", Kind.KEY, "r.requirements_key", shown=False),
        Field("rootDecisionDefinitionKey", Kind.KEY, "r.key"),
        Field("processDefinitionKey", Kind.KEY, "coalesce(e.definition_key, p.definition_key)"),
        Field("processInstanceKey", Kind.KEY, "nullif(x.process_instance_key, 0)"),
        Field("elementInstanceKey", Kind.KEY, "nullif(x.instance_key, 0)"),
        Field("result", Kind.TEXT, "x.output", found=False),
        ROOT,
        TENANT,
    ),
)

"""For each field of the schema, who may read it or call it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from graphql import GraphQLObjectType, GraphQLSchema


class Rule(Enum):
    """Which decision a field takes."""

    GIVEN = "whoever was given its object"
    DATA = "operators, services, and whoever started the workflow; nothing for others"
    OVERVIEW = "operators, and whom the manifest lets see all workflows of the process; an empty list for others"
    COUNTED = "operators, and whom the manifest lets see all workflows of the definition; nothing for others"
    OPERATORS = "operators; an error for others"
    HIDDEN = "operators; WorkflowNotFound for others"
    OPERATORS_AND_SERVICES = "operators and services; NotAllowed for others"
    SERVICES = "services; NotAllowed for others, administrators too"
    ANYBODY = "whoever is signed in"
    SEEN = "what it returns is what the principal may see; null or left out for others"
    STARTERS = "operators, and whom the manifest lets start the process; UnknownProcess for others"
    OWNERS = "operators and whoever started the workflow; NotAllowed for who sees it, WorkflowNotFound for others"
    CANDIDATES = "who sees the activity and is its candidate; ActivityNotFound for others"


_ERROR = "message suggestion"

RULES: Mapping[str, Mapping[Rule, str]] = {
    "Query": {
        Rule.ANYBODY: "me outages definitionStore",
        Rule.SEEN: "workflow workflows activity activities processDefinitions publishedVersions publishedVersion "
        "publishedContents",
        Rule.SERVICES: "activitiesToProbe",
    },
    "Mutation": {
        Rule.STARTERS: "startWorkflow",
        Rule.OWNERS: "cancelWorkflow retryWorkflow rerunWorkflow",
        Rule.HIDDEN: "setVariables giveUpWorkflow",
        Rule.OPERATORS_AND_SERVICES: "publishMessage broadcastSignal",
        Rule.CANDIDATES: "claimActivity releaseActivity completeActivity",
        Rule.SERVICES: "createActivity activitySeen closeActivity",
        Rule.ANYBODY: "causeOutage",
    },
    "Subscription": {Rule.SEEN: "activityChanged workflowChanged"},
    "Workflow": {
        Rule.GIVEN: "workflowId processName processVersion artifactName artifactVersion artifactSha256 definitionKey "
        "processInstanceKey parentWorkflowId callPath "
        "loopCounter businessKey state origin startedBy incident createdAt startedAt endedAt erasedAt "
        "givenUpAt takenBackAt steps definition operateUrl effects events case",
        Rule.DATA: "input output",
        Rule.SEEN: "activities parent rerunOf reruns children",
        Rule.OPERATORS: "engineView incidents giveUpPlan",
    },
    "Step": {
        Rule.GIVEN: "stepId jobKey jobType kind elementId callPath loopCounter preceding round delivery state error "
        "compensatedBy rerunOf recalled claimedAt finishedAt attempts",
        Rule.DATA: "input result",
    },
    "Activity": {
        Rule.GIVEN: "activityId workflowId elementId elementInstanceKey jobKey name form actions input result "
        "candidateGroups "
        "candidateUsers assignee dueAt followUpAt priority state version createdAt endedAt events",
        Rule.SEEN: "workflow",
    },
    "ProcessDefinition": {
        Rule.GIVEN: "definitionKey processName processVersion versionTag resourceName deployedAt bpmn inputSchema "
        "mayStart",
        Rule.OVERVIEW: "load",
    },
    "PublishedVersion": {
        Rule.GIVEN: "processName processVersion kind description sha256 publishedBy publishedAt refusal isLatest "
        "definitionKey engineVersion isCurrent mayStart",
        Rule.COUNTED: "running",
    },
    "PublishedContents": {Rule.GIVEN: "sha256 manifest case inputSchema files requires"},
    "PublishedFile": {Rule.GIVEN: "name sha256 text"},
    "PublishedRequirement": {Rule.GIVEN: "processName processVersion sha256"},
    "DefinitionStore": {Rule.GIVEN: "address readAt trouble repositoryUrl"},
    "PublishedVersionConnection": {Rule.GIVEN: "edges pageInfo"},
    "PublishedVersionEdge": {Rule.GIVEN: "cursor node"},
    "ActivityAction": {Rule.GIVEN: "id label data"},
    "CaseProgress": {Rule.GIVEN: "name version sha256 status atStep steps transitions moves"},
    "CaseStep": {Rule.GIVEN: "caseStepId name kind status"},
    "CaseTransition": {Rule.GIVEN: "source on label target"},
    "CaseMove": {Rule.GIVEN: "source on target stepId at"},
    "StepAttempt": {Rule.GIVEN: "fence round worker startedAt endedAt outcome error"},
    "Effect": {Rule.GIVEN: "stepId elementId jobType idempotencyKey state takenBackBy rerunOf at"},
    "ElementLoad": {Rule.GIVEN: "elementId active incidents"},
    "WorkflowIncident": {
        Rule.GIVEN: "workflowId key errorType message elementId elementInstanceKey jobKey jobType createdAt unasked "
        "stepId attempts"
    },
    "GiveUpPlan": {Rule.GIVEN: "planId steps"},
    "GiveUpStep": {Rule.GIVEN: "fate why elementId workflowId stepId loopCounter handlerElementId handlerJobType at"},
    "WorkflowEvent": {Rule.GIVEN: "kind subject data at"},
    "ActivityEvent": {Rule.GIVEN: "kind subject data at"},
    "ActivityToProbe": {Rule.GIVEN: "activityId jobKey"},
    "Me": {Rule.GIVEN: "subject groups roles"},
    "Outage": {Rule.GIVEN: "service until"},
    "PageInfo": {Rule.GIVEN: "hasNextPage hasPreviousPage startCursor endCursor"},
    "WorkflowConnection": {Rule.GIVEN: "edges pageInfo"},
    "WorkflowEdge": {Rule.GIVEN: "cursor node"},
    "ActivityConnection": {Rule.GIVEN: "edges pageInfo"},
    "ActivityEdge": {Rule.GIVEN: "cursor node"},
    "ProcessDefinitionConnection": {Rule.GIVEN: "edges pageInfo"},
    "ProcessDefinitionEdge": {Rule.GIVEN: "cursor node"},
    "EngineView": {Rule.GIVEN: "processInstanceKey state elements variables jobs incidents calledInstances whole"},
    "EngineElement": {Rule.GIVEN: "key elementId name kind state hasIncident startedAt endedAt"},
    "EngineVariable": {Rule.GIVEN: "name value scopeKey isCut"},
    "EngineJob": {Rule.GIVEN: "key kind jobType elementId state retries worker deadline errorMessage"},
    "EngineIncident": {Rule.GIVEN: "key errorType message elementId jobKey state createdAt"},
    "CalledInstance": {Rule.GIVEN: "processInstanceKey processName version state hasIncident startedAt endedAt"},
    "WorkflowStarted": {Rule.GIVEN: "workflow"},
    "WorkflowCancelling": {Rule.GIVEN: "workflow"},
    "WorkflowRetried": {Rule.GIVEN: "workflow resolvedIncidents"},
    "WorkflowRerunning": {Rule.GIVEN: "workflow"},
    "WorkflowGivenUp": {Rule.GIVEN: "workflow"},
    "VariablesSet": {Rule.GIVEN: "workflow names"},
    "MessagePublished": {Rule.GIVEN: "name"},
    "SignalBroadcast": {Rule.GIVEN: "name"},
    "ActivityClaimed": {Rule.GIVEN: "activity"},
    "ActivityReleased": {Rule.GIVEN: "activity"},
    "ActivityCompleted": {Rule.GIVEN: "activity"},
    "ActivityCreated": {Rule.GIVEN: "activity"},
    "ActivityCancelled": {Rule.GIVEN: "activity"},
    "ActivitiesSeen": {Rule.GIVEN: "activityIds"},
    "OutageCaused": {Rule.GIVEN: "outage"},
    "FieldError": {Rule.GIVEN: "field message"},
    "ActivityAlreadyClaimed": {Rule.GIVEN: f"{_ERROR} assignee"},
    "ActivityClosed": {Rule.GIVEN: f"{_ERROR} state closedBy closedAt"},
    "ActivityNotClaimed": {Rule.GIVEN: _ERROR},
    "ActivityNotFound": {Rule.GIVEN: _ERROR},
    "CannotGiveUp": {Rule.GIVEN: f"{_ERROR} state instead"},
    "GiveUpPlanChanged": {Rule.GIVEN: _ERROR},
    "ElementInstanceNotFound": {Rule.GIVEN: _ERROR},
    "EngineRefused": {Rule.GIVEN: _ERROR},
    "IdempotencyConflict": {Rule.GIVEN: _ERROR},
    "InvalidForm": {Rule.GIVEN: f"{_ERROR} fields"},
    "ActionNotOffered": {Rule.GIVEN: f"{_ERROR} offered"},
    "InvalidVariables": {Rule.GIVEN: f"{_ERROR} errors"},
    "VariableError": {Rule.GIVEN: "path rule message"},
    "NoOpenIncident": {Rule.GIVEN: _ERROR},
    "NotAllowed": {Rule.GIVEN: _ERROR},
    "UnknownProcess": {Rule.GIVEN: f"{_ERROR} processName"},
    "UnknownProcessVersion": {Rule.GIVEN: _ERROR},
    "VersionNotDeployed": {Rule.GIVEN: f"{_ERROR} version command"},
    "ArtifactRefused": {Rule.GIVEN: _ERROR},
    "ArtifactStoreAway": {Rule.GIVEN: _ERROR},
    "VersionConflict": {Rule.GIVEN: f"{_ERROR} currentVersion"},
    "WorkflowEnded": {Rule.GIVEN: f"{_ERROR} state endedAt"},
    "WorkflowNotFound": {Rule.GIVEN: _ERROR},
    "WorkflowNotRerunnable": {Rule.GIVEN: f"{_ERROR} state instead"},
}


def rule_of(type_name: str, field_name: str) -> Rule | None:
    """Return the rule of a field; nothing where nobody has written one."""
    return next((rule for rule, names in RULES.get(type_name, {}).items() if field_name in names.split()), None)


def fields_of(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Yield type and name of every field of an object, but those of introspection."""
    for type_name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not type_name.startswith("__"):
            yield from ((type_name, field_name) for field_name in kind.fields)

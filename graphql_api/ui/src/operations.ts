// Made by codegen.mjs; do not edit.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Which activities, among those you may see; `search` looks at names and business keys. */
export type ActivityFilterInput = {
  state?: Array<ActivityState> | null | undefined;
  mine?: boolean;
  myGroups?: boolean;
  processName?: string | null | undefined;
  search?: string | null | undefined;
  overdue?: boolean;
};

/** In which order activities are read. */
export type ActivityOrder =
  | 'NEWEST_FIRST'
  | 'OLDEST_FIRST'
  | 'DUE_FIRST'
  | 'FOLLOW_UP_FIRST'
  | 'PRIORITY_FIRST';

export type ActivityState =
  | 'OPEN'
  | 'CLAIMED'
  | 'COMPLETING'
  | 'COMPLETED'
  | 'CANCELLED'
  | 'TOO_LATE';

/** What a definition is run by. */
export type DefinitionKind =
  | 'PROCESS'
  | 'CASE';

/** What becomes of something when a workflow is given up. */
export type Fate =
  | 'TAKEN_BACK'
  | 'UNDER_WAY'
  | 'STUCK'
  | 'STAYS'
  | 'UNCLEAR'
  | 'BEFORE'
  | 'NOT_DONE';

/** In which order a list is read. */
export type Order =
  | 'NEWEST_FIRST'
  | 'OLDEST_FIRST';

export type Origin =
  | 'API'
  | 'EXTERNAL'
  | 'CHILD';

export type StepKind =
  | 'ACTION'
  | 'COMPENSATION'
  | 'LISTENER';

export type StepState =
  | 'CLAIMED'
  | 'HANDED_BACK'
  | 'FAILED'
  | 'INCIDENT'
  | 'THROWN'
  | 'COMPLETED'
  | 'UNCERTAIN'
  | 'ORPHANED'
  | 'KEPT';

/** Which workflows; what is left out does not restrict. */
export type WorkflowFilterInput = {
  processName?: string | null | undefined;
  state?: Array<WorkflowState> | null | undefined;
  businessKey?: string | null | undefined;
  origin?: Origin | null | undefined;
  hasIncident?: boolean | null | undefined;
};

export type WorkflowState =
  | 'REQUESTED'
  | 'STARTING'
  | 'RUNNING'
  | 'COMPLETED'
  | 'COMPENSATED'
  | 'CANCELLED'
  | 'ENDED_UNKNOWN';

export type ActivityRowFragment = { activityId: string, workflowId: string, name: string, elementId: string, state: ActivityState, version: number, assignee: string | null, candidateGroups: Array<string>, dueAt: string | null, followUpAt: string | null, priority: number, createdAt: string, endedAt: string | null, workflow: { processName: string, artifactName: string | null, businessKey: string | null } | null };

export type DefinitionFragment = { definitionKey: string, processName: string, processVersion: string, deployedAt: string, bpmn: string };

export type WorkflowRowFragment = { workflowId: string, processName: string, processVersion: string | null, artifactName: string | null, artifactVersion: string | null, businessKey: string | null, state: WorkflowState, origin: Origin, startedBy: string, incident: string | null, createdAt: string, startedAt: string | null, endedAt: string | null };

export type CaseFragment = { name: string, version: string, status: string | null, atStep: string, steps: Array<{ caseStepId: string, name: string, kind: string }>, transitions: Array<{ source: string, on: string, label: string, target: string }>, moves: Array<{ source: string | null, on: string, target: string, stepId: string }> };

export type PublishedFragment = { processName: string, processVersion: string, kind: DefinitionKind | null, description: string | null, sha256: string | null, publishedBy: string | null, publishedAt: string | null, refusal: string | null, isLatest: boolean, definitionKey: string | null, engineVersion: string | null, isCurrent: boolean, mayStart: boolean, running: number | null };

type Refusal_ActionNotOffered_Fragment = { message: string, suggestion: string };

type Refusal_ActivityAlreadyClaimed_Fragment = { message: string, suggestion: string };

type Refusal_ActivityClosed_Fragment = { message: string, suggestion: string };

type Refusal_ActivityNotClaimed_Fragment = { message: string, suggestion: string };

type Refusal_ActivityNotFound_Fragment = { message: string, suggestion: string };

type Refusal_ArtifactRefused_Fragment = { message: string, suggestion: string };

type Refusal_ArtifactStoreAway_Fragment = { message: string, suggestion: string };

type Refusal_CannotGiveUp_Fragment = { message: string, suggestion: string };

type Refusal_ElementInstanceNotFound_Fragment = { message: string, suggestion: string };

type Refusal_EngineRefused_Fragment = { message: string, suggestion: string };

type Refusal_GiveUpPlanChanged_Fragment = { message: string, suggestion: string };

type Refusal_IdempotencyConflict_Fragment = { message: string, suggestion: string };

type Refusal_InvalidForm_Fragment = { message: string, suggestion: string };

type Refusal_InvalidVariables_Fragment = { message: string, suggestion: string };

type Refusal_NoOpenIncident_Fragment = { message: string, suggestion: string };

type Refusal_NotAllowed_Fragment = { message: string, suggestion: string };

type Refusal_UnknownProcess_Fragment = { message: string, suggestion: string };

type Refusal_UnknownProcessVersion_Fragment = { message: string, suggestion: string };

type Refusal_VersionConflict_Fragment = { message: string, suggestion: string };

type Refusal_VersionNotDeployed_Fragment = { message: string, suggestion: string };

type Refusal_WorkflowEnded_Fragment = { message: string, suggestion: string };

type Refusal_WorkflowNotFound_Fragment = { message: string, suggestion: string };

type Refusal_WorkflowNotRerunnable_Fragment = { message: string, suggestion: string };

export type RefusalFragment =
  | Refusal_ActionNotOffered_Fragment
  | Refusal_ActivityAlreadyClaimed_Fragment
  | Refusal_ActivityClosed_Fragment
  | Refusal_ActivityNotClaimed_Fragment
  | Refusal_ActivityNotFound_Fragment
  | Refusal_ArtifactRefused_Fragment
  | Refusal_ArtifactStoreAway_Fragment
  | Refusal_CannotGiveUp_Fragment
  | Refusal_ElementInstanceNotFound_Fragment
  | Refusal_EngineRefused_Fragment
  | Refusal_GiveUpPlanChanged_Fragment
  | Refusal_IdempotencyConflict_Fragment
  | Refusal_InvalidForm_Fragment
  | Refusal_InvalidVariables_Fragment
  | Refusal_NoOpenIncident_Fragment
  | Refusal_NotAllowed_Fragment
  | Refusal_UnknownProcess_Fragment
  | Refusal_UnknownProcessVersion_Fragment
  | Refusal_VersionConflict_Fragment
  | Refusal_VersionNotDeployed_Fragment
  | Refusal_WorkflowEnded_Fragment
  | Refusal_WorkflowNotFound_Fragment
  | Refusal_WorkflowNotRerunnable_Fragment
;

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { subject: string, groups: Array<string>, roles: Array<string> } };

export type ActivitiesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: ActivityFilterInput | null | undefined;
  orderBy: ActivityOrder;
}>;


export type ActivitiesQuery = { activities: { edges: Array<{ node: { activityId: string, workflowId: string, name: string, elementId: string, state: ActivityState, version: number, assignee: string | null, candidateGroups: Array<string>, dueAt: string | null, followUpAt: string | null, priority: number, createdAt: string, endedAt: string | null, workflow: { processName: string, artifactName: string | null, businessKey: string | null } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ActivityQueryVariables = Exact<{
  id: string;
}>;


export type ActivityQuery = { activity: { form: any, input: any, result: any, candidateUsers: Array<string>, activityId: string, workflowId: string, name: string, elementId: string, state: ActivityState, version: number, assignee: string | null, candidateGroups: Array<string>, dueAt: string | null, followUpAt: string | null, priority: number, createdAt: string, endedAt: string | null, actions: Array<{ id: string, label: string }>, events: Array<{ kind: string, subject: string, at: string, data: any }>, workflow: { processName: string, artifactName: string | null, businessKey: string | null, workflowId: string, processVersion: string | null, artifactVersion: string | null, state: WorkflowState, origin: Origin, startedBy: string, incident: string | null, createdAt: string, startedAt: string | null, endedAt: string | null, case: { name: string, version: string, status: string | null, atStep: string, steps: Array<{ caseStepId: string, name: string, kind: string }>, transitions: Array<{ source: string, on: string, label: string, target: string }>, moves: Array<{ source: string | null, on: string, target: string, stepId: string }> } | null, definition: { definitionKey: string, processName: string, processVersion: string, deployedAt: string, bpmn: string } | null, steps: Array<{ stepId: string, elementId: string, kind: StepKind, state: StepState, claimedAt: string, finishedAt: string | null, compensatedBy: string | null, jobType: string }>, activities: Array<{ activityId: string, elementId: string, name: string, state: ActivityState, createdAt: string, endedAt: string | null, assignee: string | null }> } | null } | null };

export type ClaimMutationVariables = Exact<{
  id: string;
}>;


export type ClaimMutation = { answer:
    | { __typename: 'ActivityClaimed' }
    | { __typename: 'ActivityNotFound', message: string, suggestion: string }
    | { __typename: 'ActivityAlreadyClaimed', assignee: string, message: string, suggestion: string }
    | { __typename: 'ActivityClosed', message: string, suggestion: string }
    | { __typename: 'NotAllowed', message: string, suggestion: string }
   };

export type ReleaseMutationVariables = Exact<{
  id: string;
}>;


export type ReleaseMutation = { answer:
    | { __typename: 'ActivityReleased' }
    | { __typename: 'ActivityNotFound', message: string, suggestion: string }
    | { __typename: 'ActivityNotClaimed', message: string, suggestion: string }
    | { __typename: 'ActivityClosed', message: string, suggestion: string }
    | { __typename: 'NotAllowed', message: string, suggestion: string }
   };

export type CompleteMutationVariables = Exact<{
  id: string;
  version: number;
  result?: any;
  key?: string | null | undefined;
  action?: string | null | undefined;
}>;


export type CompleteMutation = { answer:
    | { __typename: 'ActivityCompleted', activity: { state: ActivityState } }
    | { __typename: 'ActivityNotFound', message: string, suggestion: string }
    | { __typename: 'ActivityAlreadyClaimed', assignee: string, message: string, suggestion: string }
    | { __typename: 'ActivityClosed', state: ActivityState, closedBy: string | null, closedAt: string | null, message: string, suggestion: string }
    | { __typename: 'VersionConflict', message: string, suggestion: string }
    | { __typename: 'InvalidForm', message: string, suggestion: string, fields: Array<{ field: string, message: string }> }
    | { __typename: 'ActionNotOffered', offered: Array<string>, message: string, suggestion: string }
    | { __typename: 'InvalidVariables', message: string, suggestion: string }
    | { __typename: 'IdempotencyConflict', message: string, suggestion: string }
    | { __typename: 'NotAllowed', message: string, suggestion: string }
   };

export type WorkflowsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: WorkflowFilterInput | null | undefined;
  orderBy: Order;
}>;


export type WorkflowsQuery = { workflows: { edges: Array<{ node: { workflowId: string, processName: string, processVersion: string | null, artifactName: string | null, artifactVersion: string | null, businessKey: string | null, state: WorkflowState, origin: Origin, startedBy: string, incident: string | null, createdAt: string, startedAt: string | null, endedAt: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type WorkflowQueryVariables = Exact<{
  id: string;
}>;


export type WorkflowQuery = { workflow: { artifactSha256: string | null, processInstanceKey: string | null, operateUrl: string | null, input: any, output: any, erasedAt: string | null, givenUpAt: string | null, takenBackAt: string | null, workflowId: string, processName: string, processVersion: string | null, artifactName: string | null, artifactVersion: string | null, businessKey: string | null, state: WorkflowState, origin: Origin, startedBy: string, incident: string | null, createdAt: string, startedAt: string | null, endedAt: string | null, rerunOf: { workflowId: string } | null, reruns: Array<{ workflowId: string }>, case: { name: string, version: string, status: string | null, atStep: string, steps: Array<{ caseStepId: string, name: string, kind: string }>, transitions: Array<{ source: string, on: string, label: string, target: string }>, moves: Array<{ source: string | null, on: string, target: string, stepId: string }> } | null, events: Array<{ kind: string, subject: string, at: string, data: any }>, definition: { definitionKey: string, processName: string, processVersion: string, deployedAt: string, bpmn: string } | null, parent: { workflowId: string, processName: string, businessKey: string | null } | null, children: Array<{ processInstanceKey: string | null, workflowId: string, processName: string, processVersion: string | null, artifactName: string | null, artifactVersion: string | null, businessKey: string | null, state: WorkflowState, origin: Origin, startedBy: string, incident: string | null, createdAt: string, startedAt: string | null, endedAt: string | null }>, activities: Array<{ activityId: string, elementId: string, name: string, state: ActivityState, createdAt: string, endedAt: string | null, assignee: string | null }>, steps: Array<{ stepId: string, elementId: string, jobType: string, kind: StepKind, state: StepState, error: any, round: number, delivery: number, loopCounter: number | null, compensatedBy: string | null, claimedAt: string, finishedAt: string | null, input: any, result: any, callPath: Array<string>, preceding: Array<string>, recalled: boolean, attempts: Array<{ fence: number, round: number, worker: string, startedAt: string, endedAt: string | null, outcome: string | null, error: any }> }> } | null };

export type StartMutationVariables = Exact<{
  process: string;
  version?: string | null | undefined;
  businessKey?: string | null | undefined;
  variables?: any;
  key?: string | null | undefined;
}>;


export type StartMutation = { answer:
    | { __typename: 'WorkflowStarted', workflow: { workflowId: string } }
    | { __typename: 'UnknownProcess', message: string, suggestion: string }
    | { __typename: 'UnknownProcessVersion', message: string, suggestion: string }
    | { __typename: 'VersionNotDeployed', message: string, suggestion: string }
    | { __typename: 'ArtifactRefused', message: string, suggestion: string }
    | { __typename: 'ArtifactStoreAway', message: string, suggestion: string }
    | { __typename: 'InvalidVariables', message: string, suggestion: string }
    | { __typename: 'IdempotencyConflict', message: string, suggestion: string }
    | { __typename: 'EngineRefused', message: string, suggestion: string }
   };

export type CancelMutationVariables = Exact<{
  id: string;
}>;


export type CancelMutation = { answer:
    | { __typename: 'WorkflowCancelling' }
    | { __typename: 'WorkflowNotFound', message: string, suggestion: string }
    | { __typename: 'WorkflowEnded', message: string, suggestion: string }
    | { __typename: 'NotAllowed', message: string, suggestion: string }
   };

export type RetryMutationVariables = Exact<{
  id: string;
}>;


export type RetryMutation = { answer:
    | { __typename: 'WorkflowRetried', resolvedIncidents: number }
    | { __typename: 'WorkflowNotFound', message: string, suggestion: string }
    | { __typename: 'NoOpenIncident', message: string, suggestion: string }
    | { __typename: 'NotAllowed', message: string, suggestion: string }
    | { __typename: 'EngineRefused', message: string, suggestion: string }
   };

export type RerunMutationVariables = Exact<{
  id: string;
  key?: string | null | undefined;
}>;


export type RerunMutation = { answer:
    | { __typename: 'WorkflowRerunning', workflow: { workflowId: string } }
    | { __typename: 'WorkflowNotFound', message: string, suggestion: string }
    | { __typename: 'WorkflowNotRerunnable', message: string, suggestion: string }
    | { __typename: 'UnknownProcess', message: string, suggestion: string }
    | { __typename: 'UnknownProcessVersion', message: string, suggestion: string }
    | { __typename: 'VersionNotDeployed', message: string, suggestion: string }
    | { __typename: 'ArtifactRefused', message: string, suggestion: string }
    | { __typename: 'ArtifactStoreAway', message: string, suggestion: string }
    | { __typename: 'InvalidVariables', message: string, suggestion: string }
    | { __typename: 'IdempotencyConflict', message: string, suggestion: string }
    | { __typename: 'EngineRefused', message: string, suggestion: string }
    | { __typename: 'NotAllowed', message: string, suggestion: string }
   };

export type ProcessesQueryVariables = Exact<{
  name?: string | null | undefined;
}>;


export type ProcessesQuery = { processDefinitions: { edges: Array<{ node: { inputSchema: any, mayStart: boolean, definitionKey: string, processName: string, processVersion: string, deployedAt: string, bpmn: string, load: Array<{ elementId: string, active: number, incidents: number }> } }> } };

export type PublishedVersionsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  name?: string | null | undefined;
}>;


export type PublishedVersionsQuery = { publishedVersions: { edges: Array<{ node: { processName: string, processVersion: string, kind: DefinitionKind | null, description: string | null, sha256: string | null, publishedBy: string | null, publishedAt: string | null, refusal: string | null, isLatest: boolean, definitionKey: string | null, engineVersion: string | null, isCurrent: boolean, mayStart: boolean, running: number | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, definitionStore: { address: string | null, readAt: string | null, trouble: string | null, repositoryUrl: string | null } | null };

export type PublishedContentsQueryVariables = Exact<{
  name: string;
  version: string;
}>;


export type PublishedContentsQuery = { publishedContents: { sha256: string, manifest: any, case: any, inputSchema: any, files: Array<{ name: string, sha256: string, text: string }>, requires: Array<{ processName: string, processVersion: string, sha256: string }> } | null };

export type ActivityChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type ActivityChangedSubscription = { activityChanged: { activityId: string, workflowId: string, name: string, elementId: string, state: ActivityState, version: number, assignee: string | null, candidateGroups: Array<string>, dueAt: string | null, followUpAt: string | null, priority: number, createdAt: string, endedAt: string | null, workflow: { processName: string, artifactName: string | null, businessKey: string | null } | null } };

export type WorkflowChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WorkflowChangedSubscription = { workflowChanged: { workflowId: string, processName: string, processVersion: string | null, artifactName: string | null, artifactVersion: string | null, businessKey: string | null, state: WorkflowState, origin: Origin, startedBy: string, incident: string | null, createdAt: string, startedAt: string | null, endedAt: string | null } };

export type OutagesQueryVariables = Exact<{ [key: string]: never; }>;


export type OutagesQuery = { outages: Array<{ service: string, until: string }> | null };

export type CauseOutageMutationVariables = Exact<{
  service: string;
  seconds: number;
}>;


export type CauseOutageMutation = { answer:
    | { __typename: 'OutageCaused' }
    | { __typename: 'NotAllowed', message: string, suggestion: string }
    | { __typename: 'EngineRefused', message: string, suggestion: string }
   };

export type EngineViewQueryVariables = Exact<{
  id: string;
}>;


export type EngineViewQuery = { workflow: { engineView: { state: string, whole: boolean, elements: Array<{ key: string, elementId: string, name: string, kind: string, state: string, hasIncident: boolean, startedAt: string | null, endedAt: string | null }>, variables: Array<{ name: string, value: string, scopeKey: string, isCut: boolean }>, jobs: Array<{ key: string, kind: string, jobType: string, elementId: string, state: string, retries: number, worker: string, deadline: string | null, errorMessage: string }>, incidents: Array<{ key: string, errorType: string, message: string, elementId: string, jobKey: string | null, state: string, createdAt: string | null }>, calledInstances: Array<{ processInstanceKey: string, processName: string, version: number, state: string, hasIncident: boolean, startedAt: string | null, endedAt: string | null }> } | null } | null };

export type IncidentsQueryVariables = Exact<{
  id: string;
}>;


export type IncidentsQuery = { workflow: { incidents: Array<{ workflowId: string, key: string | null, errorType: string, message: string, elementId: string, elementInstanceKey: string | null, jobType: string, createdAt: string | null, unasked: string | null, stepId: string | null, attempts: Array<{ fence: number, round: number, worker: string, startedAt: string, endedAt: string | null, outcome: string | null, error: any }> }> } | null };

export type VariablesQueryVariables = Exact<{
  id: string;
}>;


export type VariablesQuery = { workflow: { processInstanceKey: string | null, engineView: { variables: Array<{ name: string, value: string, scopeKey: string, isCut: boolean }> } | null } | null };

export type SetVariablesMutationVariables = Exact<{
  id: string;
  variables: any;
  scope?: string | null | undefined;
  local: boolean;
  key?: string | null | undefined;
}>;


export type SetVariablesMutation = { answer:
    | { __typename: 'VariablesSet', names: Array<string> }
    | { __typename: 'WorkflowNotFound', message: string, suggestion: string }
    | { __typename: 'WorkflowEnded', message: string, suggestion: string }
    | { __typename: 'ElementInstanceNotFound', message: string, suggestion: string }
    | { __typename: 'InvalidVariables', message: string, suggestion: string }
    | { __typename: 'IdempotencyConflict', message: string, suggestion: string }
    | { __typename: 'EngineRefused', message: string, suggestion: string }
   };

export type GiveUpPlanQueryVariables = Exact<{
  id: string;
}>;


export type GiveUpPlanQuery = { workflow: { giveUpPlan: { planId: string, steps: Array<{ fate: Fate, why: string, elementId: string, workflowId: string | null, stepId: string | null, loopCounter: number | null, handlerElementId: string | null, at: string | null }> } | null } | null };

export type GiveUpMutationVariables = Exact<{
  id: string;
  plan: string;
  key?: string | null | undefined;
}>;


export type GiveUpMutation = { answer:
    | { __typename: 'WorkflowGivenUp' }
    | { __typename: 'WorkflowNotFound', message: string, suggestion: string }
    | { __typename: 'CannotGiveUp', message: string, suggestion: string }
    | { __typename: 'GiveUpPlanChanged', message: string, suggestion: string }
    | { __typename: 'IdempotencyConflict', message: string, suggestion: string }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ActivityRowFragmentDoc = new TypedDocumentString(`
    fragment ActivityRow on Activity {
  activityId
  workflowId
  name
  elementId
  state
  version
  assignee
  candidateGroups
  dueAt
  followUpAt
  priority
  createdAt
  endedAt
  workflow {
    processName
    artifactName
    businessKey
  }
}
    `, {"fragmentName":"ActivityRow"}) as unknown as TypedDocumentString<ActivityRowFragment, unknown>;
export const DefinitionFragmentDoc = new TypedDocumentString(`
    fragment Definition on ProcessDefinition {
  definitionKey
  processName
  processVersion
  deployedAt
  bpmn
}
    `, {"fragmentName":"Definition"}) as unknown as TypedDocumentString<DefinitionFragment, unknown>;
export const WorkflowRowFragmentDoc = new TypedDocumentString(`
    fragment WorkflowRow on Workflow {
  workflowId
  processName
  processVersion
  artifactName
  artifactVersion
  businessKey
  state
  origin
  startedBy
  incident
  createdAt
  startedAt
  endedAt
}
    `, {"fragmentName":"WorkflowRow"}) as unknown as TypedDocumentString<WorkflowRowFragment, unknown>;
export const CaseFragmentDoc = new TypedDocumentString(`
    fragment Case on CaseProgress {
  name
  version
  status
  atStep
  steps {
    caseStepId
    name
    kind
  }
  transitions {
    source
    on
    label
    target
  }
  moves {
    source
    on
    target
    stepId
  }
}
    `, {"fragmentName":"Case"}) as unknown as TypedDocumentString<CaseFragment, unknown>;
export const PublishedFragmentDoc = new TypedDocumentString(`
    fragment Published on PublishedVersion {
  processName
  processVersion
  kind
  description
  sha256
  publishedBy
  publishedAt
  refusal
  isLatest
  definitionKey
  engineVersion
  isCurrent
  mayStart
  running
}
    `, {"fragmentName":"Published"}) as unknown as TypedDocumentString<PublishedFragment, unknown>;
export const RefusalFragmentDoc = new TypedDocumentString(`
    fragment Refusal on UserError {
  message
  suggestion
}
    `, {"fragmentName":"Refusal"}) as unknown as TypedDocumentString<RefusalFragment, unknown>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    subject
    groups
    roles
  }
}
    `) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const ActivitiesDocument = new TypedDocumentString(`
    query Activities($first: Int!, $after: String, $filter: ActivityFilterInput, $orderBy: ActivityOrder!) {
  activities(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges {
      node {
        ...ActivityRow
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ActivityRow on Activity {
  activityId
  workflowId
  name
  elementId
  state
  version
  assignee
  candidateGroups
  dueAt
  followUpAt
  priority
  createdAt
  endedAt
  workflow {
    processName
    artifactName
    businessKey
  }
}`) as unknown as TypedDocumentString<ActivitiesQuery, ActivitiesQueryVariables>;
export const ActivityDocument = new TypedDocumentString(`
    query Activity($id: UUID!) {
  activity(activityId: $id) {
    ...ActivityRow
    form
    input
    result
    candidateUsers
    actions {
      id
      label
    }
    events {
      kind
      subject
      at
      data
    }
    workflow {
      ...WorkflowRow
      case {
        ...Case
      }
      definition {
        ...Definition
      }
      steps {
        stepId
        elementId
        kind
        state
        claimedAt
        finishedAt
        compensatedBy
        jobType
      }
      activities {
        activityId
        elementId
        name
        state
        createdAt
        endedAt
        assignee
      }
    }
  }
}
    fragment ActivityRow on Activity {
  activityId
  workflowId
  name
  elementId
  state
  version
  assignee
  candidateGroups
  dueAt
  followUpAt
  priority
  createdAt
  endedAt
  workflow {
    processName
    artifactName
    businessKey
  }
}
fragment Definition on ProcessDefinition {
  definitionKey
  processName
  processVersion
  deployedAt
  bpmn
}
fragment WorkflowRow on Workflow {
  workflowId
  processName
  processVersion
  artifactName
  artifactVersion
  businessKey
  state
  origin
  startedBy
  incident
  createdAt
  startedAt
  endedAt
}
fragment Case on CaseProgress {
  name
  version
  status
  atStep
  steps {
    caseStepId
    name
    kind
  }
  transitions {
    source
    on
    label
    target
  }
  moves {
    source
    on
    target
    stepId
  }
}`) as unknown as TypedDocumentString<ActivityQuery, ActivityQueryVariables>;
export const ClaimDocument = new TypedDocumentString(`
    mutation Claim($id: UUID!) {
  answer: claimActivity(activityId: $id) {
    __typename
    ...Refusal
    ... on ActivityAlreadyClaimed {
      assignee
    }
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<ClaimMutation, ClaimMutationVariables>;
export const ReleaseDocument = new TypedDocumentString(`
    mutation Release($id: UUID!) {
  answer: releaseActivity(activityId: $id) {
    __typename
    ...Refusal
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<ReleaseMutation, ReleaseMutationVariables>;
export const CompleteDocument = new TypedDocumentString(`
    mutation Complete($id: UUID!, $version: Int!, $result: JSON, $key: String, $action: String) {
  answer: completeActivity(
    activityId: $id
    version: $version
    result: $result
    idempotencyKey: $key
    action: $action
  ) {
    __typename
    ...Refusal
    ... on ActionNotOffered {
      offered
    }
    ... on InvalidForm {
      fields {
        field
        message
      }
    }
    ... on ActivityAlreadyClaimed {
      assignee
    }
    ... on ActivityClosed {
      state
      closedBy
      closedAt
    }
    ... on ActivityCompleted {
      activity {
        state
      }
    }
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<CompleteMutation, CompleteMutationVariables>;
export const WorkflowsDocument = new TypedDocumentString(`
    query Workflows($first: Int!, $after: String, $filter: WorkflowFilterInput, $orderBy: Order!) {
  workflows(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges {
      node {
        ...WorkflowRow
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment WorkflowRow on Workflow {
  workflowId
  processName
  processVersion
  artifactName
  artifactVersion
  businessKey
  state
  origin
  startedBy
  incident
  createdAt
  startedAt
  endedAt
}`) as unknown as TypedDocumentString<WorkflowsQuery, WorkflowsQueryVariables>;
export const WorkflowDocument = new TypedDocumentString(`
    query Workflow($id: UUID!) {
  workflow(workflowId: $id) {
    ...WorkflowRow
    artifactSha256
    processInstanceKey
    operateUrl
    input
    output
    erasedAt
    givenUpAt
    takenBackAt
    rerunOf {
      workflowId
    }
    reruns {
      workflowId
    }
    case {
      ...Case
    }
    events {
      kind
      subject
      at
      data
    }
    definition {
      ...Definition
    }
    parent {
      workflowId
      processName
      businessKey
    }
    children {
      ...WorkflowRow
      processInstanceKey
    }
    activities {
      activityId
      elementId
      name
      state
      createdAt
      endedAt
      assignee
    }
    steps {
      stepId
      elementId
      jobType
      kind
      state
      error
      round
      delivery
      loopCounter
      compensatedBy
      claimedAt
      finishedAt
      input
      result
      callPath
      preceding
      recalled
      attempts {
        fence
        round
        worker
        startedAt
        endedAt
        outcome
        error
      }
    }
  }
}
    fragment Definition on ProcessDefinition {
  definitionKey
  processName
  processVersion
  deployedAt
  bpmn
}
fragment WorkflowRow on Workflow {
  workflowId
  processName
  processVersion
  artifactName
  artifactVersion
  businessKey
  state
  origin
  startedBy
  incident
  createdAt
  startedAt
  endedAt
}
fragment Case on CaseProgress {
  name
  version
  status
  atStep
  steps {
    caseStepId
    name
    kind
  }
  transitions {
    source
    on
    label
    target
  }
  moves {
    source
    on
    target
    stepId
  }
}`) as unknown as TypedDocumentString<WorkflowQuery, WorkflowQueryVariables>;
export const StartDocument = new TypedDocumentString(`
    mutation Start($process: String!, $version: String, $businessKey: String, $variables: JSON, $key: String) {
  answer: startWorkflow(
    processName: $process
    processVersion: $version
    businessKey: $businessKey
    variables: $variables
    idempotencyKey: $key
  ) {
    __typename
    ...Refusal
    ... on WorkflowStarted {
      workflow {
        workflowId
      }
    }
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<StartMutation, StartMutationVariables>;
export const CancelDocument = new TypedDocumentString(`
    mutation Cancel($id: UUID!) {
  answer: cancelWorkflow(workflowId: $id) {
    __typename
    ...Refusal
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<CancelMutation, CancelMutationVariables>;
export const RetryDocument = new TypedDocumentString(`
    mutation Retry($id: UUID!) {
  answer: retryWorkflow(workflowId: $id) {
    __typename
    ...Refusal
    ... on WorkflowRetried {
      resolvedIncidents
    }
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<RetryMutation, RetryMutationVariables>;
export const RerunDocument = new TypedDocumentString(`
    mutation Rerun($id: UUID!, $key: String) {
  answer: rerunWorkflow(workflowId: $id, idempotencyKey: $key) {
    __typename
    ...Refusal
    ... on WorkflowRerunning {
      workflow {
        workflowId
      }
    }
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<RerunMutation, RerunMutationVariables>;
export const ProcessesDocument = new TypedDocumentString(`
    query Processes($name: String) {
  processDefinitions(first: 100, processName: $name) {
    edges {
      node {
        ...Definition
        inputSchema
        mayStart
        load {
          elementId
          active
          incidents
        }
      }
    }
  }
}
    fragment Definition on ProcessDefinition {
  definitionKey
  processName
  processVersion
  deployedAt
  bpmn
}`) as unknown as TypedDocumentString<ProcessesQuery, ProcessesQueryVariables>;
export const PublishedVersionsDocument = new TypedDocumentString(`
    query PublishedVersions($first: Int!, $after: String, $name: String) {
  publishedVersions(first: $first, after: $after, processName: $name) {
    edges {
      node {
        ...Published
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
  definitionStore {
    address
    readAt
    trouble
    repositoryUrl
  }
}
    fragment Published on PublishedVersion {
  processName
  processVersion
  kind
  description
  sha256
  publishedBy
  publishedAt
  refusal
  isLatest
  definitionKey
  engineVersion
  isCurrent
  mayStart
  running
}`) as unknown as TypedDocumentString<PublishedVersionsQuery, PublishedVersionsQueryVariables>;
export const PublishedContentsDocument = new TypedDocumentString(`
    query PublishedContents($name: String!, $version: String!) {
  publishedContents(processName: $name, processVersion: $version) {
    sha256
    manifest
    case
    inputSchema
    files {
      name
      sha256
      text
    }
    requires {
      processName
      processVersion
      sha256
    }
  }
}
    `) as unknown as TypedDocumentString<PublishedContentsQuery, PublishedContentsQueryVariables>;
export const ActivityChangedDocument = new TypedDocumentString(`
    subscription ActivityChanged {
  activityChanged {
    ...ActivityRow
  }
}
    fragment ActivityRow on Activity {
  activityId
  workflowId
  name
  elementId
  state
  version
  assignee
  candidateGroups
  dueAt
  followUpAt
  priority
  createdAt
  endedAt
  workflow {
    processName
    artifactName
    businessKey
  }
}`) as unknown as TypedDocumentString<ActivityChangedSubscription, ActivityChangedSubscriptionVariables>;
export const WorkflowChangedDocument = new TypedDocumentString(`
    subscription WorkflowChanged {
  workflowChanged {
    ...WorkflowRow
  }
}
    fragment WorkflowRow on Workflow {
  workflowId
  processName
  processVersion
  artifactName
  artifactVersion
  businessKey
  state
  origin
  startedBy
  incident
  createdAt
  startedAt
  endedAt
}`) as unknown as TypedDocumentString<WorkflowChangedSubscription, WorkflowChangedSubscriptionVariables>;
export const OutagesDocument = new TypedDocumentString(`
    query Outages {
  outages {
    service
    until
  }
}
    `) as unknown as TypedDocumentString<OutagesQuery, OutagesQueryVariables>;
export const CauseOutageDocument = new TypedDocumentString(`
    mutation CauseOutage($service: String!, $seconds: Int!) {
  answer: causeOutage(service: $service, seconds: $seconds) {
    __typename
    ...Refusal
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<CauseOutageMutation, CauseOutageMutationVariables>;
export const EngineViewDocument = new TypedDocumentString(`
    query EngineView($id: UUID!) {
  workflow(workflowId: $id) {
    engineView {
      state
      whole
      elements {
        key
        elementId
        name
        kind
        state
        hasIncident
        startedAt
        endedAt
      }
      variables {
        name
        value
        scopeKey
        isCut
      }
      jobs {
        key
        kind
        jobType
        elementId
        state
        retries
        worker
        deadline
        errorMessage
      }
      incidents {
        key
        errorType
        message
        elementId
        jobKey
        state
        createdAt
      }
      calledInstances {
        processInstanceKey
        processName
        version
        state
        hasIncident
        startedAt
        endedAt
      }
    }
  }
}
    `) as unknown as TypedDocumentString<EngineViewQuery, EngineViewQueryVariables>;
export const IncidentsDocument = new TypedDocumentString(`
    query Incidents($id: UUID!) {
  workflow(workflowId: $id) {
    incidents {
      workflowId
      key
      errorType
      message
      elementId
      elementInstanceKey
      jobType
      createdAt
      unasked
      stepId
      attempts {
        fence
        round
        worker
        startedAt
        endedAt
        outcome
        error
      }
    }
  }
}
    `) as unknown as TypedDocumentString<IncidentsQuery, IncidentsQueryVariables>;
export const VariablesDocument = new TypedDocumentString(`
    query Variables($id: UUID!) {
  workflow(workflowId: $id) {
    processInstanceKey
    engineView {
      variables {
        name
        value
        scopeKey
        isCut
      }
    }
  }
}
    `) as unknown as TypedDocumentString<VariablesQuery, VariablesQueryVariables>;
export const SetVariablesDocument = new TypedDocumentString(`
    mutation SetVariables($id: UUID!, $variables: JSON!, $scope: EngineKey, $local: Boolean!, $key: String) {
  answer: setVariables(
    workflowId: $id
    variables: $variables
    elementInstanceKey: $scope
    local: $local
    idempotencyKey: $key
  ) {
    __typename
    ...Refusal
    ... on VariablesSet {
      names
    }
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<SetVariablesMutation, SetVariablesMutationVariables>;
export const GiveUpPlanDocument = new TypedDocumentString(`
    query GiveUpPlan($id: UUID!) {
  workflow(workflowId: $id) {
    giveUpPlan {
      planId
      steps {
        fate
        why
        elementId
        workflowId
        stepId
        loopCounter
        handlerElementId
        at
      }
    }
  }
}
    `) as unknown as TypedDocumentString<GiveUpPlanQuery, GiveUpPlanQueryVariables>;
export const GiveUpDocument = new TypedDocumentString(`
    mutation GiveUp($id: UUID!, $plan: String!, $key: String) {
  answer: giveUpWorkflow(workflowId: $id, planId: $plan, idempotencyKey: $key) {
    __typename
    ...Refusal
  }
}
    fragment Refusal on UserError {
  message
  suggestion
}`) as unknown as TypedDocumentString<GiveUpMutation, GiveUpMutationVariables>;

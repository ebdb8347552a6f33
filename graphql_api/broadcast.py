"""Answers a subscription once for all who ask the same.

Who follows all activities or all workflows, and of them only what is nobody's secret, is told the same as everybody
else who may see the record. So a change costs one execution, however many people look on; without this, two hundred
of them take a processor for a tenth of a second at every change. Any other subscription runs by itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from graphql import FieldNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType, execute
from strawberry.dataloader import DataLoader
from strawberry.types import ExecutionResult

from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.graphql_api.documents import Document, Documents
from zeebe_fleet.graphql_api.faults import shown
from zeebe_fleet.graphql_api.limits import reachable, written
from zeebe_fleet.graphql_api.types import Activity, Workflow
from zeebe_fleet.workers.contract.errors import FleetError, RecordsUnavailable
from zeebe_fleet.workers.contract.principal import FLEET, Principal

_KINDS = {"activityChanged": "activity", "workflowChanged": "workflow"}
_NOBODYS_SECRET = frozenset(
    {
        *("__typename", "activityId", "workflowId", "elementId", "elementInstanceKey", "jobKey", "name", "assignee"),
        *("candidateGroups", "candidateUsers", "dueAt", "followUpAt", "priority", "state", "version"),
        *("createdAt", "startedAt", "endedAt"),
        *("workflow", "processName", "processVersion", "definitionKey", "processInstanceKey", "parentWorkflowId"),
        *("businessKey", "origin", "startedBy", "incident", "artifactName", "artifactVersion", "artifactSha256"),
    }
)
_NOBODY = Principal("")
"""Who may see what they are given, and nothing besides."""


@dataclass(frozen=True)
class Asked:
    """A subscription that asks the same of everybody."""

    query: str
    operation_name: str | None
    kind: str
    document: Document = field(compare=False)


@dataclass(frozen=True)
class _Told:
    asked: Asked
    record_id: UUID
    sees_workflow: bool
    context: Context = field(compare=False)


class Broadcast:
    """Executes what many ask for once for each change; a turn of the loop is told together."""

    def __init__(self, schema: GraphQLSchema, documents: Documents) -> None:
        self._schema = schema
        self._documents = documents
        self._results: DataLoader[_Told, ExecutionResult | None] = DataLoader(load_fn=self._execute, cache=False)

    def asked(self, query: str | None, operation_name: str | None, variables: Any) -> Asked | None:
        """Return what is asked, if it is the same for everybody."""
        return None if not query or variables else _asked(self._documents.read(query), operation_name)

    async def follow(self, asked: Asked, context: Context) -> AsyncGenerator[ExecutionResult, None]:
        """Yield a result for each change that the principal may see."""
        try:
            async with context.services.changes.subscribe(steps=asked.kind == "workflow") as changes:
                async for kind, record_id in changes:
                    sees = await _seen(context, kind, record_id) if kind == asked.kind else None
                    if sees is None:
                        continue
                    result = await self._results.load(_Told(asked, record_id, sees, context))
                    if result is not None:
                        yield result
                raise changes_lost()
        except FleetError as error:
            yield ExecutionResult(data=None, errors=[shown(GraphQLError(error.message, original_error=error))])

    async def _execute(self, told: list[_Told]) -> list[ExecutionResult | None]:
        results = {one: await self._once(one) for one in set(told)}
        return [results[one] for one in told]

    async def _once(self, told: _Told) -> ExecutionResult | None:
        of = told.context
        whose = replace(of.signed_in, principal=FLEET if told.sees_workflow else _NOBODY)
        context = Context(whose, of.services, of.settings, of.news).listening()
        root = await _record(context, told)
        if root is None:
            return None
        # executed as an event is: the record stands at the root
        assert told.asked.document.tree is not None, "it is valid"
        found: Any = execute(
            self._schema,
            told.asked.document.tree,
            root_value=root,
            context_value=context,
            operation_name=told.asked.operation_name,
        )
        result = await found if hasattr(found, "__await__") else found
        return ExecutionResult(data=result.data, errors=[shown(one) for one in result.errors or ()] or None)


def changes_lost() -> RecordsUnavailable:
    """Return what ends a subscription that did not end by itself: nobody tells of changes any more."""
    return RecordsUnavailable("Changes may have been missed.", "Subscribe again and read.")


async def _record(context: Context, told: _Told) -> Activity | Workflow | None:
    if told.asked.kind == "activity":
        activity = await context.news.activity(FLEET, told.record_id)
        return Activity.of(activity) if activity else None
    workflow = await context.news.workflow.load(told.record_id)
    return Workflow.of(workflow, context) if workflow else None


async def _seen(context: Context, kind: str, record_id: UUID) -> bool | None:
    """Return whether somebody sees the workflow of what changed; nothing if they may not see what changed."""
    if kind == "workflow":
        return True if await context.changed_workflow(record_id) else None
    activity = await context.news.activity(context.principal, record_id)
    if activity is None:
        return None
    return context.policy.has_overview or await context.changed_workflow(activity.workflow_id) is not None


def _asked(document: Document, operation_name: str | None) -> Asked | None:
    operation = document.operation(operation_name)
    if operation is None or operation.operation is not OperationType.SUBSCRIPTION or operation.directives:
        return None  # what is wrong is said by whoever executes it
    roots = operation.selection_set.selections
    if document.errors or len(roots) != 1 or not isinstance(root := roots[0], FieldNode):
        return None
    is_plain = not (root.arguments or root.directives or root.alias or operation.variable_definitions)
    if not is_plain or root.name.value not in _KINDS or not _is_nobodys_secret(operation, root, document):
        return None
    return Asked(document.text, operation_name, _KINDS[root.name.value], document)


def _is_nobodys_secret(operation: OperationDefinitionNode, root: FieldNode, document: Document) -> bool:
    """Tell whether all that is selected below the root is told to everybody alike."""
    below = [
        node
        for definition in reachable(operation, document.fragments)
        for node in written(definition)
        if node is not root
    ]
    named = {node.name.value for node in below if isinstance(node, FieldNode)}
    return named <= _NOBODYS_SECRET and not any(node.directives for node in below)

"""Answers a subscription once for all who ask the same.

Who follows all activities or all workflows, and of them only what is nobody's secret, is told the same as everybody
else who may see the record. So a change costs one execution, however many people look on; without this, two hundred
of them take a processor for a tenth of a second at every change. Any other subscription runs by itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute,
    parse,
    validate,
)
from strawberry.dataloader import DataLoader
from strawberry.types import ExecutionResult

from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.graphql_api.faults import shown
from zeebe_fleet.graphql_api.types import Activity, Workflow
from zeebe_fleet.workers.contract.errors import FleetError, RecordsUnavailable
from zeebe_fleet.workers.contract.principal import FLEET

_KINDS = {"activityChanged": "activity", "workflowChanged": "workflow"}
_NOBODYS_SECRET = frozenset(
    {
        *("__typename", "activityId", "workflowId", "elementId", "elementInstanceKey", "jobKey", "name", "assignee"),
        *("candidateGroups", "candidateUsers", "dueAt", "followUpAt", "priority", "state", "version"),
        *("createdAt", "startedAt", "endedAt"),
        *("workflow", "processName", "processVersion", "definitionKey", "processInstanceKey", "parentWorkflowId"),
        *("businessKey", "origin", "startedBy", "incident"),
    }
)
_LONGEST = 10_000


@dataclass(frozen=True)
class Asked:
    """A subscription that asks the same of everybody."""

    query: str
    operation_name: str | None
    kind: str
    document: DocumentNode = field(compare=False)


@dataclass(frozen=True)
class _Told:
    asked: Asked
    record_id: UUID
    context: Context = field(compare=False)


class Broadcast:
    """Executes what many ask for once for each change; a turn of the loop is told together."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._results: DataLoader[_Told, ExecutionResult | None] = DataLoader(load_fn=self._execute, cache=False)

    def asked(self, query: str | None, operation_name: str | None, variables: Any) -> Asked | None:
        """Return what is asked, if it is the same for everybody."""
        if not query or len(query) > _LONGEST or variables:
            return None
        return _asked(self._schema, query, operation_name)

    async def follow(self, asked: Asked, context: Context) -> AsyncGenerator[ExecutionResult, None]:
        """Yield a result for each change that the principal may see."""
        try:
            async with context.services.changes.subscribe(steps=asked.kind == "workflow") as changes:
                async for kind, record_id in changes:
                    if kind != asked.kind or not await _may_see(context, kind, record_id):
                        continue
                    result = await self._results.load(_Told(asked, record_id, context))
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
        context = Context(FLEET, of.services, of.settings, of.news).listening()
        root = await _record(context, told)
        if root is None:
            return None
        # executed as an event is: the record stands at the root
        found: Any = execute(
            self._schema,
            told.asked.document,
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


async def _may_see(context: Context, kind: str, record_id: UUID) -> bool:
    return kind == "workflow" or await context.news.activity(context.principal, record_id) is not None


@lru_cache(maxsize=64)
def _asked(schema: GraphQLSchema, query: str, operation_name: str | None) -> Asked | None:
    try:
        document = parse(query)
    except GraphQLError:
        return None  # said by whoever executes it
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    named = [one for one in operations if operation_name is None or (one.name and one.name.value == operation_name)]
    if len(named) != 1 or named[0].operation is not OperationType.SUBSCRIPTION or named[0].directives:
        return None
    (operation,) = named
    roots = operation.selection_set.selections
    if len(roots) != 1 or not isinstance(root := roots[0], FieldNode) or root.name.value not in _KINDS:
        return None
    is_plain = not (root.arguments or root.directives or root.alias or operation.variable_definitions)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    if not is_plain or not set(_names(root.selection_set, fragments)) <= _NOBODYS_SECRET or validate(schema, document):
        return None
    return Asked(query, operation_name, _KINDS[root.name.value], document)


def _names(selections: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Yield the names of all fields below; a name that cannot be for what is not plain."""
    for node in selections.selections if selections else ():
        if node.directives:
            yield "@"
        elif isinstance(node, FieldNode):
            yield node.name.value
            yield from _names(node.selection_set, fragments)
        else:
            # a fragment is followed once: within itself it would never end, and validation refuses it
            name = getattr(node, "name", None)
            within = fragments.get(name.value) if name else None
            rest = {key: one for key, one in fragments.items() if one is not within}
            yield from _names(within.selection_set if within else getattr(node, "selection_set", None), rest)

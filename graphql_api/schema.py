"""The schema, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import strawberry
from graphql import GraphQLError, NoSchemaIntrospectionCustomRule
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionResult

from zeebe_fleet.graphql_api.activity_mutations import ActivityMutations
from zeebe_fleet.graphql_api.broadcast import Broadcast
from zeebe_fleet.graphql_api.data_rows import chain_sizes, data_row_queries, open_types
from zeebe_fleet.graphql_api.documents import Documents, ReadDocuments
from zeebe_fleet.graphql_api.errors import UserError
from zeebe_fleet.graphql_api.faults import Faults, shown
from zeebe_fleet.graphql_api.operations import OneOperation
from zeebe_fleet.graphql_api.operator_mutations import OperatorMutations
from zeebe_fleet.graphql_api.outside_world import OutsideWorldMutations, OutsideWorldQueries
from zeebe_fleet.graphql_api.policy.gates import guard
from zeebe_fleet.graphql_api.queries import RecordQueries
from zeebe_fleet.graphql_api.scalars import SCALARS
from zeebe_fleet.graphql_api.service_operations import ServiceMutations, ServiceQueries
from zeebe_fleet.graphql_api.settings import Limits
from zeebe_fleet.graphql_api.streams import refused, told
from zeebe_fleet.graphql_api.subscriptions import Subscription
from zeebe_fleet.graphql_api.workflow_mutations import WorkflowMutations
from zeebe_fleet.workers.contract.data_rows import ReadableModel
from zeebe_fleet.workers.contract.errors import FleetError

Query = merge_types("Query", (RecordQueries, ServiceQueries, OutsideWorldQueries))
Mutation = merge_types(
    "Mutation", (WorkflowMutations, OperatorMutations, ActivityMutations, ServiceMutations, OutsideWorldMutations)
)


class FleetSchema(strawberry.Schema):
    """The schema; `Faults` logs what is to be logged, so that nothing else does."""

    def __init__(
        self, *args: Any, limits: Limits, lists: Mapping[str, int], introspection: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        rules = () if introspection else (NoSchemaIntrospectionCustomRule,)
        self.documents = Documents(self._schema, limits, lists, rules)
        self._broadcast = Broadcast(self._schema, self.documents)

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> Any:
        """Run a query or a mutation, for who is still signed in."""
        try:
            await kwargs["context_value"].signed_in.check()
        except FleetError as error:
            return ExecutionResult(None, [shown(GraphQLError("", original_error=error))])
        return await super().execute(query, *args, **kwargs)

    async def stream(self, query: str | None, *args: Any, **kwargs: Any) -> Any:
        """Run an operation whose results are streamed; what many ask for alike is executed once for all."""
        name = kwargs.get("operation_name")
        asked = self._broadcast.asked(query, name, kwargs.get("variable_values"))
        context, streams = kwargs["context_value"], True
        try:
            await context.signed_in.check()
        except FleetError as error:
            return told(refused(error), streams=False)
        if asked is not None:
            results: Any = self._broadcast.follow(asked, context)
        else:
            streams = self.documents.read(query or "").is_subscription(name)
            results = await super().stream(query, *args, **kwargs)
        if streams:
            results = context.signed_in.sessions.while_signed_in(context.signed_in.session, results)
        return told(results, streams=streams)

    def process_errors(self, errors: Sequence[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing: messages may quote variables."""


def make_schema(
    limits: Limits | None = None, *, introspection: bool = True, models: Sequence[ReadableModel] = ()
) -> FleetSchema:
    """Make the schema with its limits, and with queries for the data models that are open for reading."""
    schema = FleetSchema(
        query=merge_types("Query", (Query, data_row_queries(models))) if models else Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[UserError],
        extensions=[Faults, OneOperation, ReadDocuments],
        limits=limits or Limits(),
        lists=chain_sizes(models),
        introspection=introspection,
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
    )
    guard(schema._schema, open_types(models))
    return schema

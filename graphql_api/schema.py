"""The schema, put together."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
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
from zeebe_fleet.graphql_api.known import KnownOperations
from zeebe_fleet.graphql_api.operations import OneOperation
from zeebe_fleet.graphql_api.operator_mutations import OperatorMutations
from zeebe_fleet.graphql_api.outside_world import OutsideWorldMutations, OutsideWorldQueries
from zeebe_fleet.graphql_api.policy.gates import guard
from zeebe_fleet.graphql_api.published import PublishedQueries
from zeebe_fleet.graphql_api.queries import RecordQueries
from zeebe_fleet.graphql_api.scalars import SCALARS
from zeebe_fleet.graphql_api.service_operations import ServiceMutations, ServiceQueries
from zeebe_fleet.graphql_api.settings import Limits
from zeebe_fleet.graphql_api.shares import Share, weigh
from zeebe_fleet.graphql_api.slices import Sliced, Turns
from zeebe_fleet.graphql_api.streams import refused, told
from zeebe_fleet.graphql_api.subscriptions import Subscription
from zeebe_fleet.graphql_api.workflow_mutations import WorkflowMutations
from zeebe_fleet.workers.contract.data_rows import ReadableModel
from zeebe_fleet.workers.contract.errors import FleetError

Query = merge_types("Query", (RecordQueries, PublishedQueries, ServiceQueries, OutsideWorldQueries))
Mutation = merge_types(
    "Mutation", (WorkflowMutations, OperatorMutations, ActivityMutations, ServiceMutations, OutsideWorldMutations)
)


class FleetSchema(strawberry.Schema):
    """The schema; `Faults` logs what is to be logged, so that nothing else does."""

    def __init__(
        self,
        *args: Any,
        limits: Limits,
        lists: Mapping[str, int],
        introspection: bool,
        known: KnownOperations | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        rules = () if introspection and known is None else (NoSchemaIntrospectionCustomRule,)
        self.suggests = known is None
        self.documents = Documents(self._schema, limits, lists, rules, known)
        self._broadcast = Broadcast(self._schema, self.documents)

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> Any:
        """Run a query or a mutation, for who is still signed in, as soon as their share allows it."""
        signed_in = kwargs["context_value"].signed_in
        try:
            await signed_in.check()
            async with signed_in.share.running(self._cost(query, kwargs)):
                with Turns.here().operation(), signed_in.share.answer():
                    result = await super().execute(query, *args, **kwargs)
        except FleetError as error:
            return ExecutionResult(None, [shown(GraphQLError("", original_error=error))])
        signed_in.share.pay(*weigh(result.data))
        return result

    async def stream(self, query: str | None, *args: Any, **kwargs: Any) -> Any:
        """Run an operation whose results are streamed; what many ask for alike is executed once for all."""
        name, context = kwargs.get("operation_name"), kwargs["context_value"]
        if not self.documents.read(query or "", context.signed_in.share.pay_s).is_subscription(name):
            return told(self._at_once(query, *args, **kwargs), streams=False)
        try:
            await context.signed_in.check()
            context.signed_in.share.check_subscriptions()
        except FleetError as error:
            return told(refused(error), streams=True)
        asked = self._broadcast.asked(query, name, kwargs.get("variable_values"))
        if asked is not None:
            results: Any = self._broadcast.follow(asked, context)
        else:
            results = await super().stream(query, *args, **kwargs)
        results = context.signed_in.sessions.while_signed_in(context.signed_in.session, results)
        return told(context.signed_in.share.subscription(results), streams=True)

    async def _at_once(self, query: str | None, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        """Yield the results of what is no subscription, run as one that is not streamed."""
        signed_in = kwargs["context_value"].signed_in
        await signed_in.check()
        async with (
            signed_in.share.running(self._cost(query, kwargs)),
            _one_operation(signed_in.share),
            aclosing(await super().stream(query, *args, **kwargs)) as results,
        ):
            async for result in results:
                signed_in.share.pay(*weigh(getattr(result, "data", None)))
                yield result

    def _cost(self, query: str | None, asked: Mapping[str, Any]) -> int:
        document = self.documents.read(query or "")
        operation = document.operation(asked.get("operation_name"))
        return document.costs[operation] if operation else 1

    def process_errors(self, errors: Sequence[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing: messages may quote variables."""


@asynccontextmanager
async def _one_operation(share: Share) -> AsyncIterator[None]:
    with Turns.here().operation(), share.answer():
        yield


def make_schema(
    limits: Limits | None = None,
    *,
    introspection: bool = True,
    models: Sequence[ReadableModel] = (),
    known: KnownOperations | None = None,
) -> FleetSchema:
    """Make the schema with its limits, and with queries for the data models that are open for reading.

    Args:
        known: all that is executed; nothing where anything may be asked.

    Raises:
        FleetError: a known operation does not fit the schema.
    """
    schema = FleetSchema(
        query=merge_types("Query", (Query, data_row_queries(models))) if models else Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[UserError],
        execution_context_class=Sliced,
        extensions=[Faults, OneOperation, ReadDocuments],
        limits=limits or Limits(),
        lists=chain_sizes(models),
        introspection=introspection,
        known=known,
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
    )
    guard(schema._schema, open_types(models))
    schema.documents.check_known()
    return schema

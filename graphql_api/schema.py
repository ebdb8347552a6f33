"""The schema, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from zeebe_fleet.graphql_api.activity_mutations import ActivityMutations
from zeebe_fleet.graphql_api.errors import UserError
from zeebe_fleet.graphql_api.faults import Faults
from zeebe_fleet.graphql_api.limits import limiting
from zeebe_fleet.graphql_api.outside_world import OutsideWorldMutations, OutsideWorldQueries
from zeebe_fleet.graphql_api.queries import RecordQueries
from zeebe_fleet.graphql_api.scalars import SCALARS
from zeebe_fleet.graphql_api.service_operations import ServiceMutations, ServiceQueries
from zeebe_fleet.graphql_api.settings import Limits
from zeebe_fleet.graphql_api.subscriptions import Subscription
from zeebe_fleet.graphql_api.workflow_mutations import WorkflowMutations

Query = merge_types("Query", (RecordQueries, ServiceQueries, OutsideWorldQueries))
Mutation = merge_types("Mutation", (WorkflowMutations, ActivityMutations, ServiceMutations, OutsideWorldMutations))


class FleetSchema(strawberry.Schema):
    """The schema; `Faults` logs what is to be logged, so that nothing else does."""

    def process_errors(self, errors: Sequence[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing: messages may quote variables."""


def make_schema(limits: Limits | None = None, *, introspection: bool = True) -> FleetSchema:
    """Make the schema with its limits."""
    extensions: list[Any] = [Faults, *limiting(limits or Limits())]
    if not introspection:
        extensions.append(DisableIntrospection)
    return FleetSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[UserError],
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
    )

"""Queries for the data models that are open for reading, generated from the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import make_dataclass
from typing import Any, Optional
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from zeebe_fleet.graphql_api.context import Info
from zeebe_fleet.graphql_api.paging import DEFAULT_PAGE, After, Connection, Edge, First, Order, PageInfo, page_of
from zeebe_fleet.workers.contract.data_rows import CHAIN_ROWS, ReadableColumn, ReadableModel, RowPage
from zeebe_fleet.workers.contract.refusals import NotAllowed


def data_row_queries(models: Sequence[ReadableModel]) -> type:
    """Make a type with queries for each model: `Approval` is read by `approvalRows`, its chains by `approvalChain`."""
    fields: dict[str, Any] = {}
    for model in models:
        node = _type(model)
        fields[f"{_uncapitalized(model.name)}Rows"] = _query(model, node)
        if model.is_chained:
            fields[_chain(model)] = _chain_query(model, node)
    return strawberry.type(type("DataRowQueries", (), fields))


def chain_sizes(models: Sequence[ReadableModel]) -> Mapping[str, int]:
    """Return how many rows each query for a chain may read."""
    return {_chain(model): CHAIN_ROWS for model in models if model.is_chained}


def open_types(models: Sequence[ReadableModel]) -> frozenset[str]:
    """Return the types and fields that are made for models, whose own roles say who reads them."""
    rows = [f"{model.name}Row" for model in models]
    queries = [f"Query.{name}" for model in models for name in (f"{_uncapitalized(model.name)}Rows", _chain(model))]
    return frozenset([*rows, *(f"{row}{kind}" for row in rows for kind in ("Connection", "Edge")), *queries])


def _query(model: ReadableModel, node: Any) -> Any:
    wanted: Any = _filter(model)

    async def rows(self: Any, info: Info, first: int = DEFAULT_PAGE, after: str | None = None, **picked: Any) -> Any:
        _check_role(info, model)
        page_of(first, None, Order.OLDEST_FIRST)
        source = info.context.services.data_rows
        assert source is not None, "without it there is no such query"
        found = await source.page(model.name, _picked(picked.get("filter")), first, after)
        return _connection(found, after, node)

    return strawberry.field(
        _with_filter(rows, wanted, node), description=f"{model.description} In order of their keys."
    )


def _chain_query(model: ReadableModel, node: Any) -> Any:
    async def chain(self: Any, info: Info, workflow_instance_id: UUID) -> Any:
        _check_role(info, model)
        source = info.context.services.data_rows
        assert source is not None, "without it there is no such query"
        return [node(**values) for values in await source.chain(model.name, workflow_instance_id)]

    chain.__annotations__ = {"self": Any, "info": Info, "workflow_instance_id": UUID, "return": list[node]}
    return strawberry.field(
        chain,
        description=f"{model.description} All that belong to the chain of a workflow's row, first to last; "
        f"of a longer one the first {CHAIN_ROWS}.",
    )


def _check_role(info: Info, model: ReadableModel) -> None:
    principal = info.context.principal
    if not any(principal.has_role(role) for role in model.roles):
        raise NotAllowed(
            f"You may not read rows of {model.name}.", f"It takes one of the roles {', '.join(sorted(model.roles))}."
        )


def _with_filter(rows: Any, wanted: Any, node: Any) -> Any:
    """Write the signature that Strawberry reads; only a model with filters has the argument."""
    arguments = {"self": Any, "info": Info, "first": First, "after": After, "return": Connection[node]}
    if wanted is None:

        async def without(self: Any, info: Info, first: int = DEFAULT_PAGE, after: str | None = None) -> Any:
            return await rows(self, info, first, after)

        without.__annotations__ = arguments
        return without

    async def filtered(
        self: Any, info: Info, first: int = DEFAULT_PAGE, after: str | None = None, filter: Any = None
    ) -> Any:
        return await rows(self, info, first, after, filter=filter)

    filtered.__annotations__ = {**arguments, "filter": Optional[wanted]}  # noqa: UP045
    return filtered


def _type(model: ReadableModel) -> Any:
    made = make_dataclass(f"{model.name}Row", [(column.name, _annotation(column)) for column in model.columns])
    return strawberry.type(made, description=model.description)


def _filter(model: ReadableModel) -> Any:
    if not model.filters:
        return None
    fields = [(one.name, Optional[_scalar(one)], strawberry.UNSET) for one in model.filters]  # noqa: UP045
    made = make_dataclass(f"{model.name}RowFilter", fields)
    return strawberry.input(made, description=f"Which rows of {model.name}; what is left out does not restrict.")


def _annotation(column: ReadableColumn) -> Any:
    return Optional[_scalar(column)] if column.is_nullable else _scalar(column)  # noqa: UP045


def _scalar(column: ReadableColumn) -> Any:
    return JSON if column.kind is object else column.kind


def _picked(wanted: Any) -> Mapping[str, Any]:
    if wanted is None:
        return {}
    return {name: value for name, value in vars(wanted).items() if value is not strawberry.UNSET}


def _connection(found: RowPage, after: str | None, node: Any) -> Any:
    edges = [Edge(cursor=cursor, node=node(**values)) for cursor, values in found.rows]
    info = PageInfo(
        has_next_page=found.has_next,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, page_info=info)


def _chain(model: ReadableModel) -> str:
    return f"{_uncapitalized(model.name)}Chain"


def _uncapitalized(name: str) -> str:
    return name[:1].lower() + name[1:]

"""Rows of data models, for those who may read them from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

CHAIN_ROWS = 1_000
"""Of a chain, no more than these are read."""


@dataclass(frozen=True, slots=True)
class ReadableColumn:
    """A column that is shown.

    Args:
        name: of the column.
        kind: Python type of its values as they are read; `object` for any JSON.
        is_nullable: whether a row may lack it.
    """

    name: str
    kind: type
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class ReadableModel:
    """A data model that is open for reading.

    Args:
        name: as registered.
        description: what its rows are.
        roles: whoever has one of these may read.
        columns: those that are shown.
        filters: those by which rows can be picked.
        is_chained: whether its rows form chains, which workflows carry on.
    """

    name: str
    description: str
    roles: frozenset[str]
    columns: tuple[ReadableColumn, ...]
    filters: tuple[ReadableColumn, ...]
    is_chained: bool = False


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows in the order of their keys, each with its cursor."""

    rows: Sequence[tuple[str, Mapping[str, Any]]]
    has_next: bool


class DataRows(Protocol):
    """Reads rows of the models that are open."""

    @property
    def models(self) -> Sequence[ReadableModel]:
        """The models."""

    async def page(self, model: str, filters: Mapping[str, Any], size: int, after: str | None) -> RowPage:
        """Return a page of rows whose columns have the values asked for.

        Raises:
            InvalidArgument: a cursor that was not made here, or a value that is none of the column's.
        """

    async def chain(self, model: str, workflow_instance_id: UUID) -> Sequence[Mapping[str, Any]]:
        """Return the chain that a workflow's row belongs to, its first `CHAIN_ROWS`; empty when it has none."""

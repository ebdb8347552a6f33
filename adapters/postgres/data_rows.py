"""Rows of the data models that are open for reading, page by page in the order of their keys."""

from __future__ import annotations

import base64
import binascii
import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy import BigInteger, Column, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from zeebe_fleet.workers.contract.data_models import ExtensionModel
from zeebe_fleet.workers.contract.data_rows import CHAIN_ROWS, ReadableColumn, ReadableModel, RowPage
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.managed import WorkflowManagedMixin
from zeebe_fleet.workers.contract.refusals import InvalidArgument

_KINDS: tuple[type, ...] = (bool, int, float, str, Decimal, datetime, date, time, UUID)


class PostgresDataRows:
    """Implements the `DataRows` port for the models among some that are open for reading."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], models: Iterable[type[ExtensionModel]]) -> None:
        self._sessions = sessions
        models = list(models)
        self._classes: dict[str, Any] = {model.model_name: model for model in models}
        self._tables = {model.model_name: model.__table__ for model in models if model.readable is not None}
        self.models: Sequence[ReadableModel] = [_readable(model) for model in models if model.readable is not None]

    async def page(self, model: str, filters: Mapping[str, Any], size: int, after: str | None) -> RowPage:
        """Return a page of rows whose columns have the values asked for."""
        (opened,) = [one for one in self.models if one.name == model]
        table: Any = self._tables[model]
        key: list[Column[Any]] = list(table.primary_key.columns)
        shown = [table.c[column.name] for column in opened.columns]
        query: Select[Any] = select(*shown, *(column.label(f"key_{n}") for n, column in enumerate(key)))
        for name, value in filters.items():
            query = query.where(table.c[name] == _value(table.c[name], value))
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*_read_cursor(after, key)))
        async with self._sessions() as session:
            rows = (await session.execute(query.order_by(*key).limit(size + 1))).all()
        found = [(_cursor(row[len(shown) :]), _shown(opened, row)) for row in rows[:size]]
        return RowPage(found, len(rows) > size)

    async def chain(self, model: str, workflow_instance_id: UUID) -> Sequence[Mapping[str, Any]]:
        """Return the chain that a workflow's row belongs to, first to last."""
        (opened,) = [one for one in self.models if one.name == model]
        mapped, columns = self._classes[model], self._tables[model].c
        names = [mapped.__mapper__.get_property_by_column(columns[one.name]).key for one in opened.columns]
        async with self._sessions() as session:
            rows = (await session.scalars(mapped.chain_of(workflow_instance_id).limit(CHAIN_ROWS))).all()
        return [_shown(opened, [getattr(row, name) for name in names]) for row in rows]


def _readable(model: type[ExtensionModel]) -> ReadableModel:
    opened = model.readable
    assert opened is not None, "others are left out"
    columns: Any = model.__table__.columns
    shown = [columns[name] for name in opened.fields or columns.keys()]
    return ReadableModel(
        model.model_name,
        inspect.cleandoc(model.__dict__.get("__doc__") or f"A row of {model.model_name}."),
        opened.roles,
        tuple(_readable_column(model, column) for column in shown),
        tuple(_readable_column(model, columns[name]) for name in opened.filters),
        issubclass(model, WorkflowManagedMixin),
    )


def _readable_column(model: type[ExtensionModel], column: Column[Any]) -> ReadableColumn:
    kind = _kind(column)
    if kind is None:
        raise DefinitionError(
            f"Column {column.name!r} of data model {model.model_name!r} holds what cannot be shown.",
            "Leave it out of readable: name the fields that are shown.",
        )
    return ReadableColumn(column.name, kind, bool(column.nullable))


def _kind(column: Column[Any]) -> type | None:
    """Return how values are read; a number beyond 32 bits is read as text, for JavaScript cannot hold it."""
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return None
    if issubclass(kind, dict | list):
        return object
    if isinstance(column.type, BigInteger) or issubclass(kind, Enum):
        return str
    return kind if kind in _KINDS else None


def _value(column: Column[Any], value: Any) -> Any:
    try:
        return TypeAdapter(column.type.python_type).validate_python(value)
    except ValidationError:
        raise InvalidArgument(f"{column.name} cannot be that.", "Send a value of its type.") from None


def _shown(model: ReadableModel, row: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column, value in zip(model.columns, row, strict=False):
        if value is not None and column.kind is str:
            value = value.name if isinstance(value, Enum) else str(value)
        values[column.name] = to_jsonable_python(value) if column.kind is object else value
    return values


def _cursor(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(to_jsonable_python(list(key))).encode()).decode()


def _read_cursor(cursor: str, key: Sequence[Column[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if isinstance(values, list) and len(values) == len(key):
            return [_value(column, value) for column, value in zip(key, values, strict=True)]
    except (binascii.Error, ValueError, RecursionError, InvalidArgument):
        pass
    raise InvalidArgument("That cursor is none of ours.", "Take it from pageInfo.endCursor of the page before.")

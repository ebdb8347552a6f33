"""Scalars beyond those of GraphQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NewType

import strawberry
from strawberry.scalars import JSON
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.scalar import ScalarDefinition

from zeebe_fleet.workers.contract.allowance import take

EngineKey = NewType("EngineKey", int)


def _read_key(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError("An engine key is a number, or its digits as a string.")
    return int(value)


def _answered(value: Any) -> Any:
    take(value)
    return value


SCALARS: dict[object, ScalarDefinition] = {
    EngineKey: strawberry.scalar(
        name="EngineKey",
        description="A key of the engine: a 64-bit number, written as a string since JavaScript cannot hold it.",
        serialize=str,
        parse_value=_read_key,
    ),
    JSON: replace(DEFAULT_SCALAR_REGISTRY[JSON], serialize=_answered),
}

"""Types and fields of the schema that take their description from their docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry

C = TypeVar("C", bound=type[Any])


@dataclass_transform(field_specifiers=(strawberry.field,))
def described(cls: C) -> C:
    """Declare an object type."""
    return strawberry.type(cls, description=inspect.getdoc(cls))


@dataclass_transform(field_specifiers=(strawberry.field,))
def described_input(cls: C) -> C:
    """Declare an input type."""
    return strawberry.input(cls, description=inspect.getdoc(cls))


def subscribed(resolver: Callable[..., Any]) -> Any:
    """Declare a subscription."""
    return strawberry.subscription(resolver, description=inspect.getdoc(resolver))


def resolved(resolver: Callable[..., Any]) -> Any:
    """Declare a field that is read by a function."""
    return strawberry.field(resolver, description=inspect.getdoc(resolver))

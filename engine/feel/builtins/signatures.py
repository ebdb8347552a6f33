"""The table of built-in functions, by name; each is listed once per form it can be called in.

A function is registered with its parameters as `name: kind`. Arguments of another kind make the call null, so the
functions themselves see only what they asked for.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-introduction/
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple, TypeVar

from zeebe_fleet.engine.feel.numbers import NUMBER_TYPES
from zeebe_fleet.engine.feel.temporal import DateTime, DaysTime, Time, YearsMonths
from zeebe_fleet.engine.feel.values import Function

Kinds = frozenset[type] | None
_F = TypeVar("_F", bound=Callable[..., Any])
_KINDS: dict[str, Kinds] = {
    "any": None,
    "number": NUMBER_TYPES,
    "string": frozenset((str,)),
    "boolean": frozenset((bool,)),
    "list": frozenset((list,)),
    "context": frozenset((dict,)),
    "function": frozenset((Function,)),
    "day": frozenset((date, DateTime)),
    "time": frozenset((Time,)),
    "duration": frozenset((DaysTime, YearsMonths)),
    "string or null": frozenset((str, type(None))),
}


class Builtin(NamedTuple):
    """One form of a built-in function; with `varargs` the last parameter takes all further arguments as a list."""

    params: tuple[str, ...]
    kinds: tuple[Kinds, ...]
    function: Callable[..., Any]
    varargs: bool
    wants_run: bool


BUILTINS: dict[str, list[Builtin]] = {}


def builtin(name: str, *params: str, varargs: bool = False, run: bool = False) -> Callable[[_F], _F]:
    """Register a function; with `run` it gets the run as its first argument."""
    pairs = [param.split(": ") for param in params]

    def register(function: _F) -> _F:
        names = tuple(pair[0] for pair in pairs)
        kinds = tuple(_KINDS[pair[1]] for pair in pairs)
        BUILTINS.setdefault(name, []).append(Builtin(names, kinds, function, varargs, run))
        return function

    return register

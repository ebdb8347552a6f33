"""The tree of a FEEL expression."""

from __future__ import annotations

from typing import Any, NamedTuple


class FeelSyntaxError(ValueError):
    """The text is no FEEL expression."""


class Constant(NamedTuple):
    """A literal."""

    value: Any


class Name(NamedTuple):
    """A variable."""

    name: str


class Input(NamedTuple):
    """`?`: the input of a unary test."""


class Path(NamedTuple):
    """`base.key`."""

    base: Any
    key: str


class Filter(NamedTuple):
    """`base[condition]`."""

    base: Any
    condition: Any


class Items(NamedTuple):
    """`[a, b]`."""

    items: list[Any]


class Entries(NamedTuple):
    """`{key: value}`."""

    entries: list[tuple[str, Any]]


class Span(NamedTuple):
    """`[start..end]`: a value as an argument of a call, a unary test anywhere else."""

    start: Any
    end: Any
    start_included: bool
    end_included: bool


class Chain(NamedTuple):
    """Operators of one precedence, from left to right."""

    first: Any
    rest: list[tuple[str, Any]]


class Negation(NamedTuple):
    """`-a`."""

    operand: Any


class Logic(NamedTuple):
    """`a and b`, `a or b`: `decisive` is the value that settles it."""

    decisive: bool
    operands: list[Any]


class Comparison(NamedTuple):
    """`a = b` and the like."""

    operator: str
    left: Any
    right: Any


class Between(NamedTuple):
    """`a between low and high`."""

    operand: Any
    low: Any
    high: Any


class InstanceOf(NamedTuple):
    """`a instance of type`."""

    operand: Any
    type_name: str


class In(NamedTuple):
    """`a in test`."""

    operand: Any
    tests: list[Any]


class If(NamedTuple):
    """`if … then … else if … then … else …`."""

    branches: list[tuple[Any, Any]]
    otherwise: Any


class Steps(NamedTuple):
    """`start..end` of a loop."""

    start: Any
    end: Any


class For(NamedTuple):
    """`for a in b return c`."""

    iterators: list[tuple[str, Any]]
    body: Any


class Quantified(NamedTuple):
    """`some a in b satisfies c`, `every …`: `decisive` is the value that settles it."""

    decisive: bool
    iterators: list[tuple[str, Any]]
    condition: Any


class Call(NamedTuple):
    """`name(a, b)` or `name(x: a)`; `base` is set for `base.name(a)`."""

    base: Any
    name: str
    arguments: list[Any]
    named: list[tuple[str, Any]] | None


class Literal(NamedTuple):
    """`function(a, b) body`."""

    params: tuple[str, ...]
    body: Any


class CompareTest(NamedTuple):
    """`< a` as a unary test."""

    operator: str
    operand: Any


class ValueTest(NamedTuple):
    """Any expression as a unary test."""

    operand: Any
    asks_input: bool

"""A tree becomes closures: `code(lookup, run) -> value`.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-expressions-introduction/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zeebe_fleet.engine.feel import comparing, syntax
from zeebe_fleet.engine.feel.arithmetic import OPERATORS, negate
from zeebe_fleet.engine.feel.limits import CHARACTERS_A_STEP, FeelFailure, Run
from zeebe_fleet.engine.feel.pattern_classes import UnfitPattern
from zeebe_fleet.engine.feel.values import (
    MISSING,
    Code,
    Function,
    Lookup,
    Range,
    comparable,
    inner,
    type_name,
)

#: Parts of an expression that are evaluated in about the time of one step.
_NODES_A_STEP = 8


class Compiler:
    """Compiles one tree, and notes what it reads and needs."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.runs = False
        self.unfit: list[UnfitPattern] = []
        self._size = 0

    def code(self, tree: Any, bound: frozenset[str]) -> Code:
        """Compile a tree in which some names are bound."""
        self._size += 1
        return _COMPILED[type(tree)](self, tree, bound)

    def body(self, tree: Any, bound: frozenset[str]) -> tuple[Code, int]:
        """Compile what is evaluated again and again, and say how many steps one round is."""
        before = self._size
        code = self.code(tree, bound)
        return code, 1 + (self._size - before) // _NODES_A_STEP

    def codes(self, trees: list[Any], bound: frozenset[str]) -> list[Code]:
        """Compile several trees."""
        return [self.code(tree, bound) for tree in trees]


def _constant(compiler: Compiler, tree: syntax.Constant, bound: frozenset[str]) -> Code:
    value = tree.value
    return lambda look, run: value


def _name(compiler: Compiler, tree: syntax.Name, bound: frozenset[str]) -> Code:
    name = tree.name
    if name not in bound:
        compiler.names.add(name)

    def code(look: Lookup, run: Run) -> Any:
        value = look(name)
        return None if value is MISSING else value

    return code


def _input(compiler: Compiler, tree: syntax.Input, bound: frozenset[str]) -> Code:
    def code(look: Lookup, run: Run) -> Any:
        value = look("?")
        if value is MISSING:
            raise FeelFailure("No input value available. '?' can only be used inside an unary-test expression.")
        return value

    return code


def _path(compiler: Compiler, tree: syntax.Path, bound: frozenset[str]) -> Code:
    base, key = compiler.code(tree.base, bound), tree.key

    def code(look: Lookup, run: Run) -> Any:
        value = base(look, run)
        return value.get(key) if type(value) is dict else comparing.part(value, key)

    return code


def _items(compiler: Compiler, tree: syntax.Items, bound: frozenset[str]) -> Code:
    items = compiler.codes(tree.items, bound)
    return lambda look, run: [item(look, run) for item in items]


def _entries(compiler: Compiler, tree: syntax.Entries, bound: frozenset[str]) -> Code:
    entries = []
    for key, value in tree.entries:
        entries.append((key, compiler.code(value, bound), isinstance(value, syntax.Literal)))
        bound |= {key}

    def code(look: Lookup, run: Run) -> Any:
        made: dict[str, Any] = {}
        scope = inner(look, made)
        for key, value, literal in entries:
            made[key] = value(inner(look, made.copy()) if literal else scope, run)
        return made

    return code


def span_code(compiler: Compiler, tree: syntax.Span, bound: frozenset[str]) -> Code:
    """Compile a range that is a value; only arguments of calls are."""
    start, end = compiler.code(tree.start, bound), compiler.code(tree.end, bound)

    def code(look: Lookup, run: Run) -> Any:
        low, high = start(look, run), end(look, run)
        if not comparable(low, high) or type(low) is str:
            return None
        return Range(low, high, tree.start_included, tree.end_included)

    return code


def _chain(compiler: Compiler, tree: syntax.Chain, bound: frozenset[str]) -> Code:
    first = compiler.code(tree.first, bound)
    rest = [(OPERATORS[sign], compiler.code(operand, bound)) for sign, operand in tree.rest]
    if any(sign == "+" for sign, operand in tree.rest):
        compiler.runs = True
        return _metered(first, rest)
    if len(rest) == 1:
        operator, second = rest[0]
        return lambda look, run: operator(first(look, run), second(look, run))

    def code(look: Lookup, run: Run) -> Any:
        value = first(look, run)
        for operator, operand in rest:
            value = operator(value, operand(look, run))
        return value

    return code


def _metered(first: Code, rest: list[tuple[Callable[[Any, Any], Any], Code]]) -> Code:
    def code(look: Lookup, run: Run) -> Any:
        value = first(look, run)
        for operator, operand in rest:
            value = operator(value, operand(look, run))
            if type(value) is str:
                run.spend(len(value) // CHARACTERS_A_STEP)
        return value

    return code


def _negation(compiler: Compiler, tree: syntax.Negation, bound: frozenset[str]) -> Code:
    operand = compiler.code(tree.operand, bound)
    return lambda look, run: negate(operand(look, run))


def _logic(compiler: Compiler, tree: syntax.Logic, bound: frozenset[str]) -> Code:
    decisive, operands = tree.decisive, compiler.codes(tree.operands, bound)
    settled = not decisive

    def code(look: Lookup, run: Run) -> Any:
        result: bool | None = settled
        for operand in operands:
            value = operand(look, run)
            if value is decisive:
                return decisive
            if value is not settled:
                result = None
        return result

    return code


def _comparison(compiler: Compiler, tree: syntax.Comparison, bound: frozenset[str]) -> Code:
    left = compiler.code(tree.left, bound)
    if isinstance(tree.right, syntax.Constant):
        return comparing.with_constant(tree.operator, left, tree.right.value)
    compiler.runs = True
    return comparing.with_value(tree.operator, left, compiler.code(tree.right, bound))


def _between(compiler: Compiler, tree: syntax.Between, bound: frozenset[str]) -> Code:
    low = _comparison(compiler, syntax.Comparison(">=", tree.operand, tree.low), bound)
    high = _comparison(compiler, syntax.Comparison("<=", tree.operand, tree.high), bound)

    def code(look: Lookup, run: Run) -> Any:
        above = low(look, run)
        if above is False:
            return False
        below = high(look, run)
        return below if above or below is False else None

    return code


def _instance_of(compiler: Compiler, tree: syntax.InstanceOf, bound: frozenset[str]) -> Code:
    operand, name = compiler.code(tree.operand, bound), tree.type_name
    if name == "Any":
        return lambda look, run: operand(look, run) is not None
    return lambda look, run: type_name(operand(look, run)) == name


def _if(compiler: Compiler, tree: syntax.If, bound: frozenset[str]) -> Code:
    branches = [(compiler.code(condition, bound), compiler.code(then, bound)) for condition, then in tree.branches]
    otherwise = compiler.code(tree.otherwise, bound)

    def code(look: Lookup, run: Run) -> Any:
        for condition, then in branches:
            if condition(look, run) is True:
                return then(look, run)
        return otherwise(look, run)

    return code


def _literal(compiler: Compiler, tree: syntax.Literal, bound: frozenset[str]) -> Code:
    body, steps = compiler.body(tree.body, bound | set(tree.params))
    compiler.runs = True
    return lambda look, run: Function(tree.params, body, look, steps)


CompiledBy = Callable[[Compiler, Any, frozenset[str]], Code]
_COMPILED: dict[type, CompiledBy] = {
    syntax.Constant: _constant,
    syntax.Name: _name,
    syntax.Input: _input,
    syntax.Path: _path,
    syntax.Items: _items,
    syntax.Entries: _entries,
    syntax.Chain: _chain,
    syntax.Negation: _negation,
    syntax.Logic: _logic,
    syntax.Comparison: _comparison,
    syntax.Between: _between,
    syntax.InstanceOf: _instance_of,
    syntax.If: _if,
    syntax.Literal: _literal,
}


def compiles(kind: type) -> Callable[[CompiledBy], CompiledBy]:
    """Name the function that compiles a kind of tree."""

    def register(function: CompiledBy) -> CompiledBy:
        _COMPILED[kind] = function
        return function

    return register

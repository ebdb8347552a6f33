"""Unary tests: what stands behind `in`, and in the cells of a decision table.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-unary-tests/
"""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.feel import syntax
from zeebe_fleet.engine.feel.comparing import compare
from zeebe_fleet.engine.feel.compiler import Compiler, compiles
from zeebe_fleet.engine.feel.limits import Run
from zeebe_fleet.engine.feel.values import MISSING, Code, Lookup, Range, contains, equal, in_range, inner


@compiles(syntax.In)
def _in(compiler: Compiler, tree: syntax.In, bound: frozenset[str]) -> Code:
    operand, tests = compiler.code(tree.operand, bound), any_of(compiler, tree.tests, bound)

    def code(look: Lookup, run: Run) -> Any:
        value = operand(look, run)
        return tests(inner(look, {"?": value}), run)

    return code


def any_of(compiler: Compiler, tests: list[Any], bound: frozenset[str]) -> Code:
    """Compile tests of which one is enough."""
    if len(tests) == 1:
        return compiler.code(tests[0], bound)
    return compiler.code(syntax.Logic(True, tests), bound)


@compiles(syntax.CompareTest)
def _compare_test(compiler: Compiler, tree: syntax.CompareTest, bound: frozenset[str]) -> Code:
    operand, operator = compiler.code(tree.operand, bound), tree.operator
    compiler.runs = True
    return lambda look, run: compare(operator, _input(look), operand(look, run))


@compiles(syntax.Span)
def _span_test(compiler: Compiler, tree: syntax.Span, bound: frozenset[str]) -> Code:
    start, end = compiler.code(tree.start, bound), compiler.code(tree.end, bound)

    def code(look: Lookup, run: Run) -> Any:
        span = Range(start(look, run), end(look, run), tree.start_included, tree.end_included)
        return in_range(_input(look), span)

    return code


@compiles(syntax.ValueTest)
def _value_test(compiler: Compiler, tree: syntax.ValueTest, bound: frozenset[str]) -> Code:
    operand = compiler.code(tree.operand, bound)
    compiler.runs = True
    if tree.asks_input:
        return lambda look, run: _boolean(operand(look, run))
    return lambda look, run: _fits(_input(look), operand(look, run), run)


def _input(look: Lookup) -> Any:
    value = look("?")
    return None if value is MISSING else value


def _boolean(value: Any) -> bool | None:
    return value if type(value) is bool else None


def _fits(value: Any, wanted: Any, run: Run) -> bool | None:
    if wanted is True:
        return True
    if type(wanted) is Range:
        return in_range(value, wanted)
    if type(wanted) is list and contains(wanted, value, run):
        return True
    same = equal(value, wanted, run)
    return same is True if wanted is False or type(wanted) is list else same

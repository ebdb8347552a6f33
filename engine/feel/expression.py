"""Expressions and unary tests, parsed once and evaluated often.

Source: https://docs.camunda.io/docs/components/concepts/expressions/
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zeebe_fleet.engine.feel import builtins, calls, loops
from zeebe_fleet.engine.feel.compiler import Compiler
from zeebe_fleet.engine.feel.cursor import syntax_error
from zeebe_fleet.engine.feel.grammar import tests_of, tree_of
from zeebe_fleet.engine.feel.limits import UNMETERED, FeelFailure, Run
from zeebe_fleet.engine.feel.pattern_classes import UnfitPattern
from zeebe_fleet.engine.feel.unary import any_of
from zeebe_fleet.engine.feel.values import Code, Lookup, inner

#: The modules that teach the compiler the rest of the language.
LANGUAGE = (builtins, calls, loops)
_KEPT_EXPRESSIONS = 4_096
_KEPT_CHARACTERS = 250_000
"""Each takes up to 200 bytes once it is compiled."""
_TOO_DEEP = "The expression is nested too deep."


class Expression:
    """A FEEL expression, ready to be evaluated."""

    __slots__ = ("_code", "_runs", "names", "text", "unfit")

    def __init__(
        self, text: str, code: Code, names: frozenset[str], runs: bool, unfit: tuple[UnfitPattern, ...] = ()
    ) -> None:
        self.text = text
        #: The variables it may read; the first part of a path alone.
        self.names = names
        #: What is wrong with the patterns written in it: they would fail whenever they are met.
        self.unfit = unfit
        self._code = code
        self._runs = runs

    def evaluate(self, lookup: Lookup, now_ms: int, seed: int = 0) -> Any:
        """Evaluate with the variables and the time given.

        `lookup` returns a variable's value, or `MISSING`. `seed` tells evaluations of one millisecond apart where
        values are drawn (`uuid()`, `random number()`); everything else depends on the variables and the time alone.

        Raises:
            FeelFailure: `assert` failed, a call was out of range, or a bound was passed.
        """
        try:
            return self._code(lookup, Run(now_ms, seed) if self._runs else UNMETERED)
        except RecursionError as error:
            raise FeelFailure(_TOO_DEEP) from error

    def within(self, lookup: Lookup, run: Run) -> Any:
        """Evaluate as a part of something larger, which bounds it all."""
        return self._code(lookup, run)


class UnaryTests:
    """Unary tests, ready to be evaluated against an input."""

    __slots__ = ("_code", "_negated", "names", "text")

    def __init__(self, text: str, code: Code | None, negated: bool, names: frozenset[str]) -> None:
        self.text = text
        self.names = names
        self._code = code
        self._negated = negated

    def evaluate(self, input_value: Any, lookup: Lookup, now_ms: int, seed: int = 0) -> bool | None:
        """Tell whether the input fits; null where it can't be compared.

        Raises:
            FeelFailure: As an expression's.
        """
        try:
            return self.within(input_value, lookup, Run(now_ms, seed))
        except RecursionError as error:
            raise FeelFailure(_TOO_DEEP) from error

    def within(self, input_value: Any, lookup: Lookup, run: Run) -> bool | None:
        """Evaluate as a part of something larger, which bounds it all."""
        if self._code is None:
            return True
        fits = self._code(inner(lookup, {"?": input_value, "cellInput": input_value}), run)
        if type(fits) is not bool:
            return None
        return fits is not self._negated


class _Cache:
    """What was compiled lately; bounded by count and by the length of all texts together."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Any] = OrderedDict()
        self._characters = 0

    def get(self, text: str) -> Any:
        found = self._entries.get(text)
        if found is not None:
            self._entries.move_to_end(text)
        return found

    def put(self, text: str, compiled: Any) -> None:
        if text not in self._entries:
            self._characters += len(text)
        self._entries[text] = compiled
        while len(self._entries) > _KEPT_EXPRESSIONS or self._characters > _KEPT_CHARACTERS:
            oldest, _ = self._entries.popitem(last=False)
            self._characters -= len(oldest)


@contextmanager
def _shallow(text: str) -> Iterator[None]:
    """Refuse what is deeper than the stack: that of whoever asks may be deep itself."""
    try:
        yield
    except RecursionError:
        raise syntax_error(text, _TOO_DEEP) from None


_expressions = _Cache()
_tests = _Cache()


def parse(text: str) -> Expression:
    """Parse an expression, written without the leading `=`; the same text is parsed once.

    Raises:
        FeelSyntaxError: It is no FEEL expression.
    """
    found = _expressions.get(text)
    if found is not None:
        return found  # type: ignore[no-any-return]
    compiler = Compiler()
    with _shallow(text):
        code = compiler.code(tree_of(text), frozenset())
    expression = Expression(text, code, frozenset(compiler.names), compiler.runs, tuple(compiler.unfit))
    _expressions.put(text, expression)
    return expression


def parse_unary_tests(text: str) -> UnaryTests:
    """Parse unary tests, as a decision table has them; the same text is parsed once.

    Raises:
        FeelSyntaxError: They are none.
    """
    found = _tests.get(text)
    if found is not None:
        return found  # type: ignore[no-any-return]
    compiler = Compiler()
    with _shallow(text):
        negated, trees = tests_of(text)
        code = any_of(compiler, trees, frozenset(("cellInput",))) if trees else None
    tests = UnaryTests(text, code, negated, frozenset(compiler.names))
    _tests.put(text, tests)
    return tests

"""FEEL's grammar: text becomes a tree.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-expressions-introduction/
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from zeebe_fleet.engine.feel import syntax
from zeebe_fleet.engine.feel.cursor import RESERVED
from zeebe_fleet.engine.feel.terms import LITERALS, Terms

_TYPES = (
    ("years", "and", "months", "duration"),
    ("days", "and", "time", "duration"),
    ("date", "and", "time"),
    ("function",),
    ("null",),
)
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "=", "!="))
_TESTS = frozenset(("<", "<=", ">", ">="))


def tree_of(text: str) -> Any:
    """Parse an expression.

    Raises:
        FeelSyntaxError: It is none.
    """
    parser = _Parser(text)
    tree = parser.expression()
    parser.expect_end()
    return tree


def tests_of(text: str) -> tuple[bool, list[Any]]:
    """Parse unary tests: whether they are negated, and the tests; none means any input.

    Raises:
        FeelSyntaxError: They are none.
    """
    parser = _Parser(text)
    negated = False
    if [token.kind for token in parser.tokens] == ["-", "end"]:
        return False, []
    if parser.at_word("not") and parser.peek(1).kind == "(" and parser.closes_last(parser.position + 1):
        negated = True
        parser.position += 2
    tests = parser.tests()
    if negated:
        parser.expect(")")
    parser.expect_end()
    return negated, tests


class _Parser(Terms):
    """Parses operators, loosest first."""

    def expression(self) -> Any:
        self.deeper()
        token = self.peek()
        if token.kind == "name" and token.value in ("if", "for", "some", "every"):
            tree = self.control(token.value)
        else:
            tree = self.disjunction()
        self.depth -= 1
        return tree

    def control(self, word: str) -> Any:
        if word == "if" and self.peek(1).kind not in ("end", ")", ",", ".", "=", "]"):
            return self.condition()
        if word != "if" and self.peek(1).kind in ("name", "quoted") and self.peek(1).value not in RESERVED:
            self.position += 1
            return self.loop() if word == "for" else self.quantified(word)
        return self.disjunction()

    def condition(self) -> Any:
        branches = []
        while self.take_word("if"):
            condition = self.expression()
            self.expect_word("then")
            branches.append((condition, self.expression()))
            self.expect_word("else")
        return syntax.If(branches, self.expression())

    def loop(self) -> Any:
        iterators = self.iterators()
        self.expect_word("return")
        return syntax.For(iterators, self.expression())

    def quantified(self, word: str) -> Any:
        iterators = self.iterators()
        self.expect_word("satisfies")
        return syntax.Quantified(word == "some", iterators, self.expression())

    def iterators(self) -> list[tuple[str, Any]]:
        found = []
        while True:
            name = self.name()
            self.expect_word("in")
            start = self.no_span(self.arithmetic())
            found.append((name, syntax.Steps(start, self.arithmetic()) if self.take("..") else start))
            if not self.take(","):
                return found

    def disjunction(self) -> Any:
        first = self.conjunction()
        if not self.at_word("or"):
            return first
        operands = [first]
        while self.take_word("or"):
            operands.append(self.conjunction())
        return syntax.Logic(True, operands)

    def conjunction(self) -> Any:
        first = self.comparison()
        if not self.at_word("and"):
            return first
        operands = [first]
        while self.take_word("and"):
            operands.append(self.comparison())
        return syntax.Logic(False, operands)

    def comparison(self) -> Any:
        if self.peek().kind in _TESTS:
            return self.test()
        left = self.arithmetic()
        token = self.peek()
        if token.kind in _COMPARISONS:
            self.no_span(left)
            self.position += 1
            return syntax.Comparison(token.kind, left, self.no_span(self.arithmetic()))
        return self.word_comparison(left, token.value) if token.kind == "name" else left

    def word_comparison(self, left: Any, word: str) -> Any:
        if word == "between":
            self.position += 1
            low = self.no_span(self.arithmetic())
            self.expect_word("and")
            return syntax.Between(self.no_span(left), low, self.no_span(self.arithmetic()))
        if word == "instance" and self.peek(1).value == "of":
            self.position += 2
            return syntax.InstanceOf(left, self.type_name())
        if word == "in":
            self.position += 1
            return syntax.In(self.no_span(left), self.membership())
        return left

    def membership(self) -> list[Any]:
        if not self.at("("):
            return [self.test()]
        self.position += 1
        first, *more = self.tests()
        if more or not self.take(".."):
            self.expect(")")
            return [first, *more]
        return [self.span("(", first.operand if isinstance(first, syntax.ValueTest) else first)]

    def type_name(self) -> str:
        for words in _TYPES:
            if all(self.peek(index).value == word for index, word in enumerate(words)):
                self.position += len(words)
                return " ".join(words)
        parts = [self.name()]
        while self.take("."):
            parts.append(self.name())
        return ".".join(parts)

    def arithmetic(self) -> Any:
        return self.chain(("+", "-"), self.product)

    def product(self) -> Any:
        return self.chain(("*", "/"), self.exponent)

    def exponent(self) -> Any:
        return self.chain(("**",), self.negation)

    def chain(self, operators: tuple[str, ...], operand: Any) -> Any:
        first = operand()
        if self.tokens[self.position].kind not in operators:
            return first
        self.no_span(first)
        rest = []
        while (kind := self.tokens[self.position].kind) in operators:
            self.position += 1
            rest.append((kind, self.no_span(operand())))
        return syntax.Chain(first, rest)

    def negation(self) -> Any:
        if not self.take("-"):
            return self.value()
        self.deeper()
        operand = self.no_span(self.negation())
        self.depth -= 1
        if isinstance(operand, syntax.Constant) and type(operand.value) in (int, Decimal):
            return syntax.Constant(-operand.value)
        return syntax.Negation(operand)

    def tests(self) -> list[Any]:
        found = [self.test()]
        while self.take(","):
            found.append(self.test())
        return found

    def test(self) -> Any:
        kind = self.peek().kind
        if kind in _TESTS:
            self.position += 1
            return syntax.CompareTest(kind, self.arithmetic())
        if kind == "name" and self.peek().value in ("true", "false") and self.peek(1).kind == "end":
            self.position += 1
            return syntax.CompareTest("=", syntax.Constant(LITERALS[self.tokens[self.position - 1].value]))
        outer, self.asks_input = self.asks_input, False
        tree = self.expression()
        asks, self.asks_input = self.asks_input, outer
        return tree if isinstance(tree, syntax.Span) else syntax.ValueTest(tree, asks)

"""FEEL's grammar: text becomes a tree.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-expressions-introduction/
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NoReturn

from zeebe_fleet.engine.feel import syntax
from zeebe_fleet.engine.feel.limits import MAX_NESTING, MAX_SOURCE_CHARACTERS
from zeebe_fleet.engine.feel.syntax import FeelSyntaxError
from zeebe_fleet.engine.feel.temporal_text import date_of, date_time_of, duration_of, temporal_of, time_of
from zeebe_fleet.engine.feel.tokens import Token, string_of, tokens_of

_RESERVED = frozenset(("null", "true", "false", "function", "in", "return", "then", "else", "satisfies", "and", "or"))
_OPERATORS = _RESERVED | {"between", "instance", "if", "for", "some", "every"}
_WORDY = (
    ("years", "and", "months", "duration"),
    ("date", "and", "time"),
    ("get", "or", "else"),
    ("and",),
    ("or",),
)
_WORDY_STARTS = frozenset(words[0] for words in _WORDY)
_TYPES = (
    ("years", "and", "months", "duration"),
    ("days", "and", "time", "duration"),
    ("date", "and", "time"),
    ("function",),
    ("null",),
)
_LITERALS = {"null": None, "true": True, "false": False}
_TEMPORAL = {"date": date_of, "time": time_of, "date and time": date_time_of, "duration": duration_of}
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "=", "!="))
_TESTS = frozenset(("<", "<=", ">", ">="))
#: What can't follow the bracket that opens a filter: there it ends a range, as in `[1..3[`.
_NO_START = frozenset(
    ("end", ")", ",", "]", "}", "*", "/", "+", "=", "!=", "and", "or", "then", "else", "return", "satisfies", "in")
)
_SHOWN = 2_000


def syntax_error(text: str, reason: str) -> FeelSyntaxError:
    """Say what can't be read, and what was expected where."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return FeelSyntaxError(f"failed to parse expression '{shown}': {reason}")


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


class _Parser:
    """One pass over the tokens, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_SOURCE_CHARACTERS:
            raise syntax_error(text, f"expected at most {MAX_SOURCE_CHARACTERS} characters, found {len(text)}")
        self.tokens = tokens_of(text)
        self.position = 0
        self.depth = 0
        self.asks_input = False

    # --- tokens

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def at(self, kind: str) -> bool:
        return self.tokens[self.position].kind == kind

    def at_word(self, word: str) -> bool:
        token = self.tokens[self.position]
        return token.kind == "name" and token.value == word

    def take(self, kind: str) -> bool:
        if self.tokens[self.position].kind != kind:
            return False
        self.position += 1
        return True

    def take_word(self, word: str) -> bool:
        if not self.at_word(word):
            return False
        self.position += 1
        return True

    def expect(self, kind: str) -> None:
        if not self.take(kind):
            self.fail(f"'{kind}'")

    def expect_word(self, word: str) -> None:
        if not self.take_word(word):
            self.fail(f"'{word}'")

    def expect_end(self) -> None:
        if not self.at("end"):
            self.fail("an operator or the end")

    def fail(self, expected: str) -> NoReturn:
        token = self.peek()
        before = self.text[: token.start]
        line, column = before.count("\n") + 1, token.start - (before.rfind("\n") + 1) + 1
        found = "the end" if token.kind == "end" else f"'{token.value[:50]}'"
        raise syntax_error(self.text, f"expected {expected} at {line}:{column}, found {found}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"at most {MAX_NESTING} levels of nesting")

    def closes_last(self, opening: int) -> bool:
        depth = 0
        for index in range(opening, len(self.tokens)):
            kind = self.tokens[index].kind
            depth += (kind == "(") - (kind == ")")
            if depth == 0:
                return self.tokens[index + 1].kind == "end"
        return False

    # --- expressions, loosest first

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
        if word != "if" and self.peek(1).kind in ("name", "quoted") and self.peek(1).value not in _RESERVED:
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
        start = self.position
        self.position += 1
        tests = self.tests()
        if not self.at(".."):
            self.expect(")")
            return tests
        self.position = start
        return [self.test()]

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

    # --- values and what follows them

    def value(self) -> Any:
        tree = self.terminal()
        links = 0
        while (kind := self.tokens[self.position].kind) in (".", "["):
            if kind == "[" and self.ends_span():
                return tree
            self.no_span(tree)
            links += 1
            if self.depth + links > MAX_NESTING:
                self.fail(f"at most {MAX_NESTING} levels of nesting")
            self.position += 1
            tree = self.path(tree) if kind == "." else self.filter(tree)
        return tree

    def ends_span(self) -> bool:
        after = self.peek(1)
        return after.kind in _NO_START or (after.kind == "name" and after.value in _NO_START)

    def path(self, base: Any) -> Any:
        if self.at_word("time") and self.peek(1).value == "offset":
            self.position += 2
            return syntax.Path(base, "time offset")
        name = self.name()
        if self.take("("):
            return self.call(base, name)
        return syntax.Path(base, name)

    def filter(self, base: Any) -> Any:
        condition = self.expression()
        self.expect("]")
        return syntax.Filter(base, condition)

    def terminal(self) -> Any:
        token = self.tokens[self.position]
        kind = token.kind
        if kind == "name":
            return self.named_value(token)
        if kind == "number":
            self.position += 1
            return syntax.Constant(int(token.value) if token.value.isdigit() else Decimal(token.value))
        if kind == "string":
            self.position += 1
            return syntax.Constant(string_of(token.value))
        if kind == "quoted":
            return syntax.Name(self.name())
        if kind in ("(", "[", "]"):
            return self.bracketed(kind)
        if kind == "{":
            return self.context()
        return self.marked(kind)

    def marked(self, kind: str) -> Any:
        if self.take("?"):
            self.asks_input = True
            return syntax.Input()
        if kind != "@" or self.peek(1).kind != "string":
            self.fail("an expression")
        self.position += 2
        return syntax.Constant(temporal_of(string_of(self.tokens[self.position - 1].value)))

    def bracketed(self, kind: str) -> Any:
        self.position += 1
        if kind == "[" and self.take("]"):
            return syntax.Items([])
        first = self.expression()
        if self.take(".."):
            return self.span(kind, first)
        if kind == "[":
            items = [first]
            while self.take(","):
                items.append(self.expression())
            self.expect("]")
            return syntax.Items(items)
        if kind == "]":
            self.fail("'..'")
        self.expect(")")
        return syntax.Logic(False, [first]) if isinstance(first, syntax.Span) else first

    def no_span(self, tree: Any) -> Any:
        """Refuse a range where a value is wanted: a range is a test, or an argument."""
        if isinstance(tree, syntax.Span):
            self.fail("a value, which a range is not,")
        return tree

    def span(self, opening: str, start: Any) -> Any:
        end = self.arithmetic()
        closing = self.peek().kind
        if closing not in ("]", ")", "["):
            self.fail("']', ')' or '['")
        self.position += 1
        return syntax.Span(start, end, opening == "[", closing == "]")

    def context(self) -> Any:
        self.position += 1
        entries: list[tuple[str, Any]] = []
        while not self.at("}") or entries:
            key = self.key()
            self.expect(":")
            entries.append((key, self.expression()))
            if not self.take(","):
                break
        self.expect("}")
        return syntax.Entries(entries)

    def key(self) -> str:
        token = self.peek()
        if self.peek(1).kind == ":" and token.kind in ("string", "quoted"):
            self.position += 1
            return string_of(token.value) if token.kind == "string" else token.value[1:-1]
        while self.peek().kind not in ("string", "quoted", "{", "}", ":", ",", "[", "]", "end"):
            self.position += 1
        if self.peek().start == token.start or not self.at(":"):
            self.fail("a key and ':'")
        return self.text[token.start : self.tokens[self.position - 1].end]

    # --- names and calls

    def name(self) -> str:
        token = self.peek()
        if token.kind == "quoted":
            self.position += 1
            return token.value[1:-1]
        if token.kind != "name" or token.value in _RESERVED:
            self.fail("a name")
        self.position += 1
        return token.value

    def named_value(self, token: Token) -> Any:
        name = self.called_name(token)
        if name is not None:
            return self.call(None, name)
        word = token.value
        if word in _LITERALS:
            self.position += 1
            return syntax.Constant(_LITERALS[word])
        if word == "function":
            return self.function()
        return syntax.Name(self.name())

    def called_name(self, token: Token) -> str | None:
        count = self.wordy_count() if token.value in _WORDY_STARTS else 0
        if not count:
            while (ahead := self.peek(count)).kind == "name" and (not count or ahead.value not in _OPERATORS):
                if ahead.value in _RESERVED:
                    return None
                count += 1
        if self.peek(count).kind != "(":
            return None
        name = self.text[token.start : self.peek(count - 1).end]
        self.position += count + 1
        return name

    def wordy_count(self) -> int:
        for words in _WORDY:
            if self.text.startswith(" ".join(words), self.peek().start) and self.peek(len(words)).kind == "(":
                return len(words)
        return 0

    def call(self, base: Any, name: str) -> Any:
        named: list[tuple[str, Any]] = []
        arguments: list[Any] = []
        while not self.at(")") or named or arguments:
            param = self.param()
            value = self.expression()
            if param is None:
                arguments.append(value)
            else:
                named.append((param, value))
            if named and arguments:
                self.fail("arguments that are all named, or none")
            if not self.take(","):
                break
        self.expect(")")
        return self.temporal_literal(base, name, arguments) or syntax.Call(base, name, arguments, named or None)

    def temporal_literal(self, base: Any, name: str, arguments: list[Any]) -> Any:
        if base is None and len(arguments) == 1 and name in _TEMPORAL and isinstance(arguments[0], syntax.Constant):
            text = arguments[0].value
            return syntax.Constant(_TEMPORAL[name](text)) if type(text) is str else None
        return None

    def param(self) -> str | None:
        count = 0
        while self.peek(count).kind == "name":
            count += 1
        if not count and self.peek().kind == "quoted":
            count = 1
        if not count or self.peek(count).kind != ":":
            return None
        words = [self.peek(index).value.strip("`") for index in range(count)]
        self.position += count + 1
        return " ".join(words)

    def function(self) -> Any:
        self.position += 1
        self.expect("(")
        params: list[str] = []
        while not self.at(")") or params:
            words = [self.name()]
            while self.at("name"):
                words.append(self.name())
            params.append(" ".join(words))
            if not self.take(","):
                break
        self.expect(")")
        if self.at_word("external") and self.peek(1).kind == "{":
            self.fail("a body: external functions are disabled")
        return syntax.Literal(tuple(params), self.expression())

    # --- unary tests

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
            return syntax.CompareTest("=", syntax.Constant(_LITERALS[self.tokens[self.position - 1].value]))
        outer, self.asks_input = self.asks_input, False
        tree = self.expression()
        asks, self.asks_input = self.asks_input, outer
        return tree if isinstance(tree, syntax.Span) else syntax.ValueTest(tree, asks)

"""The innermost parts of FEEL's grammar: literals, names, calls, and what follows them.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-expressions-introduction/
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

from zeebe_fleet.engine.feel import syntax
from zeebe_fleet.engine.feel.cursor import RESERVED, Cursor
from zeebe_fleet.engine.feel.limits import MAX_NESTING
from zeebe_fleet.engine.feel.temporal_text import date_of, date_time_of, duration_of, temporal_of, time_of
from zeebe_fleet.engine.feel.tokens import Token, string_of

_OPERATORS = RESERVED | {"between", "instance", "if", "for", "some", "every"}
_WORDY = (
    ("years", "and", "months", "duration"),
    ("date", "and", "time"),
    ("get", "or", "else"),
    ("and",),
    ("or",),
)
_WORDY_STARTS = frozenset(words[0] for words in _WORDY)
LITERALS = {"null": None, "true": True, "false": False}
_TEMPORAL = {"date": date_of, "time": time_of, "date and time": date_time_of, "duration": duration_of}
#: What can't follow the bracket that opens a filter: there it ends a range, as in `[1..3[`.
_NO_START = frozenset(
    ("end", ")", ",", "]", "}", "*", "/", "+", "=", "!=", "and", "or", "then", "else", "return", "satisfies", "in")
)
#: Digits of a whole number; Python reads no more of them.
_LONGEST_INTEGER = 4_000


class Terms(Cursor, ABC):
    """Parses what operators stand between."""

    @abstractmethod
    def expression(self) -> Any:
        """Parse a whole expression, as stands within brackets."""

    @abstractmethod
    def arithmetic(self) -> Any:
        """Parse what a range may end at."""

    def value(self) -> Any:
        """Parse a value with its paths and filters."""
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
        """Tell whether a bracket closes a range, as in `[1..3[`, rather than opens a filter."""
        after = self.peek(1)
        return after.kind in _NO_START or (after.kind == "name" and after.value in _NO_START)

    def path(self, base: Any) -> Any:
        """Parse what follows a dot."""
        if self.at_word("time") and self.peek(1).value == "offset":
            self.position += 2
            return syntax.Path(base, "time offset")
        name = self.name()
        if self.take("("):
            return self.call(base, name)
        return syntax.Path(base, name)

    def filter(self, base: Any) -> Any:
        """Parse what stands in a filter's brackets."""
        condition = self.expression()
        self.expect("]")
        return syntax.Filter(base, condition)

    def terminal(self) -> Any:
        """Parse a literal, a name, a call or what stands in brackets."""
        token = self.tokens[self.position]
        kind = token.kind
        if kind == "name":
            return self.named_value(token)
        if kind == "number":
            self.position += 1
            is_whole = token.value.isdigit() and len(token.value) <= _LONGEST_INTEGER
            return syntax.Constant(int(token.value) if is_whole else Decimal(token.value))
        if kind == "string":
            self.position += 1
            return syntax.Constant(string_of(token.value))
        if kind == "quoted":
            return self.quoted()
        if kind in ("(", "[", "]"):
            return self.bracketed(kind)
        if kind == "{":
            return self.context()
        return self.marked(kind)

    def quoted(self) -> Any:
        """Parse a name between backticks, of a variable or of a function."""
        name = self.name()
        return self.call(None, name) if self.take("(") else syntax.Name(name)

    def marked(self, kind: str) -> Any:
        """Parse `?` or `@"…"`."""
        if self.take("?"):
            self.asks_input = True
            return syntax.Input()
        if kind != "@" or self.peek(1).kind != "string":
            self.fail("an expression")
        self.position += 2
        return syntax.Constant(temporal_of(string_of(self.tokens[self.position - 1].value)))

    def bracketed(self, kind: str) -> Any:
        """Parse a list, a range or an expression in brackets."""
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

    def span(self, opening: str, start: Any) -> Any:
        """Parse the end of a range."""
        self.deeper()
        end = self.arithmetic()
        self.depth -= 1
        closing = self.peek().kind
        if closing not in ("]", ")", "["):
            self.fail("']', ')' or '['")
        self.position += 1
        return syntax.Span(start, end, opening == "[", closing == "]")

    def context(self) -> Any:
        """Parse a context."""
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
        """Take a context's key, which may hold blanks and signs."""
        token = self.peek()
        if self.peek(1).kind == ":" and token.kind in ("string", "quoted"):
            self.position += 1
            return string_of(token.value) if token.kind == "string" else token.value[1:-1]
        while self.peek().kind not in ("string", "quoted", "{", "}", ":", ",", "[", "]", "end"):
            self.position += 1
        if self.peek().start == token.start or not self.at(":"):
            self.fail("a key and ':'")
        return self.text[token.start : self.tokens[self.position - 1].end]

    def named_value(self, token: Token) -> Any:
        """Parse what begins with a word."""
        name = self.called_name(token)
        if name is not None:
            return self.call(None, name)
        word = token.value
        if word in LITERALS:
            self.position += 1
            return syntax.Constant(LITERALS[word])
        if word == "function":
            return self.function()
        return syntax.Name(self.name())

    def called_name(self, token: Token) -> str | None:
        """Take the name of a function, and the bracket behind it; none if there is no call."""
        count = self.wordy_count() if token.value in _WORDY_STARTS else 0
        if not count:
            while (ahead := self.peek(count)).kind == "name" and (not count or ahead.value not in _OPERATORS):
                if ahead.value in RESERVED:
                    return None
                count += 1
        if self.peek(count).kind != "(":
            return None
        name = self.text[token.start : self.peek(count - 1).end]
        self.position += count + 1
        return name

    def wordy_count(self) -> int:
        """Count the words of a function's name that has reserved words within."""
        for words in _WORDY:
            if self.text.startswith(" ".join(words), self.peek().start) and self.peek(len(words)).kind == "(":
                return len(words)
        return 0

    def call(self, base: Any, name: str) -> Any:
        """Parse the arguments of a call."""
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
        """Read `date("…")` and the like while parsing; none for other calls."""
        if base is None and len(arguments) == 1 and name in _TEMPORAL and isinstance(arguments[0], syntax.Constant):
            text = arguments[0].value
            return syntax.Constant(_TEMPORAL[name](text)) if type(text) is str else None
        return None

    def param(self) -> str | None:
        """Take the name of an argument, and the colon behind it; none for one by position."""
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
        """Parse a function literal."""
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

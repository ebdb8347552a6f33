"""A place in the tokens of an expression, and what is expected there.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-expressions-introduction/
"""

from __future__ import annotations

from typing import Any, NoReturn

from zeebe_fleet.engine.feel import syntax
from zeebe_fleet.engine.feel.limits import MAX_NESTING, MAX_SOURCE_CHARACTERS
from zeebe_fleet.engine.feel.syntax import FeelSyntaxError
from zeebe_fleet.engine.feel.tokens import Token, tokens_of

#: Words that are no names.
RESERVED = frozenset(("null", "true", "false", "function", "in", "return", "then", "else", "satisfies", "and", "or"))
_SHOWN = 2_000


def syntax_error(text: str, reason: str) -> FeelSyntaxError:
    """Say what can't be read, and what was expected where."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return FeelSyntaxError(f"failed to parse expression '{shown}': {reason}")


class Cursor:
    """One pass over the tokens, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_SOURCE_CHARACTERS:
            raise syntax_error(text, f"expected at most {MAX_SOURCE_CHARACTERS} characters, found {len(text)}")
        self.tokens = tokens_of(text)
        self.position = 0
        self.depth = 0
        self.asks_input = False

    def peek(self, ahead: int = 0) -> Token:
        """Return a token without taking it; behind the last comes the last."""
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def at(self, kind: str) -> bool:
        """Tell whether the next token is of a kind."""
        return self.tokens[self.position].kind == kind

    def at_word(self, word: str) -> bool:
        """Tell whether the next token is a word."""
        token = self.tokens[self.position]
        return token.kind == "name" and token.value == word

    def take(self, kind: str) -> bool:
        """Take the next token if it is of a kind."""
        if self.tokens[self.position].kind != kind:
            return False
        self.position += 1
        return True

    def take_word(self, word: str) -> bool:
        """Take the next token if it is a word."""
        if not self.at_word(word):
            return False
        self.position += 1
        return True

    def expect(self, kind: str) -> None:
        """Take a token of a kind, or fail."""
        if not self.take(kind):
            self.fail(f"'{kind}'")

    def expect_word(self, word: str) -> None:
        """Take a word, or fail."""
        if not self.take_word(word):
            self.fail(f"'{word}'")

    def expect_end(self) -> None:
        """Fail unless all is read."""
        if not self.at("end"):
            self.fail("an operator or the end")

    def fail(self, expected: str) -> NoReturn:
        """Say what was expected here, and what is there."""
        token = self.peek()
        before = self.text[: token.start]
        line, column = before.count("\n") + 1, token.start - (before.rfind("\n") + 1) + 1
        found = "the end" if token.kind == "end" else f"'{token.value[:50]}'"
        raise syntax_error(self.text, f"expected {expected} at {line}:{column}, found {found}")

    def deeper(self) -> None:
        """Go one level deeper, or fail."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"at most {MAX_NESTING} levels of nesting")

    def closes_last(self, opening: int) -> bool:
        """Tell whether the bracket opened here closes at the end."""
        depth = 0
        for index in range(opening, len(self.tokens)):
            kind = self.tokens[index].kind
            depth += (kind == "(") - (kind == ")")
            if depth == 0:
                return self.tokens[index + 1].kind == "end"
        return False

    def name(self) -> str:
        """Take a name."""
        token = self.peek()
        if token.kind == "quoted":
            self.position += 1
            return token.value[1:-1]
        if token.kind != "name" or token.value in RESERVED:
            self.fail("a name")
        self.position += 1
        return token.value

    def no_span(self, tree: Any) -> Any:
        """Refuse a range where a value is wanted: a range is a test, or an argument."""
        if isinstance(tree, syntax.Span):
            self.fail("a value, which a range is not,")
        return tree

"""Attributes and texts that may be expressions.

Source: Camunda's documentation, components/concepts/expressions: what begins with `=` is FEEL, all other text is meant
as it stands. The words about text where an expression belongs are those of issue 4421; about none at all, unverified.
"""

from __future__ import annotations

from zeebe_fleet.engine.feel import Expression, FeelSyntaxError
from zeebe_fleet.engine.feel import parse as parse_feel
from zeebe_fleet.engine.model.elements import Value
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.refusal import Problems


class Values:
    """Reads them, and notes what cannot be parsed at the element where it is written."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.unfit: list[tuple[str, tuple[str, ...]]] = []

    def read(self, node: Node, text: str) -> Value:
        """Return text as it stands, or the expression behind its `=`."""
        written = text.strip()
        if not written.startswith("=") or written == "=":
            return text
        return self._parsed(node, written[1:]) or ""

    def attribute(self, node: Node | None, name: str) -> Value:
        """Read an attribute; empty when it is not there."""
        return "" if node is None else self.read(node, node.get(name))

    def optional(self, node: Node | None, name: str) -> Value | None:
        """Read an attribute; None when it is not there or blank."""
        return (self.attribute(node, name) or None) if node is not None and node.get(name).strip() else None

    def expression(self, node: Node, text: str) -> Expression | None:
        """Read what can be nothing but an expression; None when it is blank or wrong, and then noted."""
        written = text.strip()
        if not written:
            return None
        if written.startswith("=") and written != "=":
            return self._parsed(node, written[1:])
        words = f"Expected expression but found static value '{written}'. An expression must start with '='"
        self._problems.add(node, f"{words} (e.g. '={written}').")
        return None

    def expression_at(self, node: Node | None, name: str) -> Expression | None:
        """Read an attribute that can be nothing but an expression."""
        return None if node is None else self.expression(node, node.get(name))

    def required(self, node: Node, text: str) -> Expression | None:
        """Read an expression that must be there."""
        if not text.strip():
            self._problems.add(node, "Expected expression but not found.")
        return self.expression(node, text)

    def wrong(self, node: Node, words: str) -> None:
        """Note what else is wrong with a value."""
        self._problems.add(node, words)

    def _parsed(self, node: Node, text: str) -> Expression | None:
        try:
            expression = parse_feel(text)
        except FeelSyntaxError as error:
            self._problems.add(node, str(error))
            return None
        if expression.unfit:
            self.unfit.append((node.path, tuple(wrong.told for wrong in expression.unfit)))
        return expression

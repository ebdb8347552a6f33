"""Where a mapping writes to.

Source: Camunda's documentation, components/concepts/variables: names joined by dots. The words of a refusal
are unverified.
"""

from __future__ import annotations

import re

from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.values import Values

_NAME = re.compile(r"[^\W\d][\w]*\Z")
_RESERVED = frozenset(
    ("null", "true", "false", "function", "if", "then", "else", "for", "between", "instance", "of", "not")
)


def path(node: Node, target: str, values: Values) -> tuple[str, ...]:
    """Read a target; what is none is noted at its mapping."""
    names = tuple(target.strip().split("."))
    if wrong := _wrong(target, names):
        values.wrong(node, wrong)
    return names


def _wrong(target: str, names: tuple[str, ...]) -> str:
    if not target.strip():
        return "Expected path expression but not found."
    if not all(_NAME.match(name) for name in names):
        return f"Expected path expression '{target}' but doesn't match the pattern '{_PATTERN}'."
    if reserved := _RESERVED.intersection(names):
        return f"Expected path expression '{target}' but '{min(reserved)}' is a reserved word."
    return ""


_PATTERN = r"[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*"

"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from zeebe_fleet.engine.model.diagram import Diagram
from zeebe_fleet.engine.model.node import Node

Rule = Callable[[Node, Diagram], Iterator[str]]
"""Looks at one element and says what is wrong with it, in the words of the engine."""


def for_each(tags: Iterable[str], *rules: Rule) -> dict[str, tuple[Rule, ...]]:
    """Make the same rules hold for several elements."""
    return dict.fromkeys(tags, rules)

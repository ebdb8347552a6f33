"""DMN's elements by their local names: its versions differ in the namespace alone."""

from __future__ import annotations

from zeebe_fleet.engine.model.node import Node


def children(node: Node, *names: str) -> list[Node]:
    """Return the children of these local names."""
    return [child for child in node.children if child.local in names]


def child(node: Node, name: str) -> Node | None:
    """Return the first child of a local name."""
    return next(iter(children(node, name)), None)

"""Deployed decisions: each version of a file of them, read when it is first evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.engine import dmn
from zeebe_fleet.engine.core.versions import Versions


@dataclass(eq=False, slots=True)
class DecisionGraph:
    """One version of a decision requirements graph: a DMN file."""

    key: int
    identity: str
    name: str
    version: int
    deployment_key: int
    resource_name: str
    resource: bytes
    decisions: tuple[DecisionDefinition, ...] = ()
    version_tag: str = ""
    _requirements: dmn.Requirements | None = None

    @property
    def requirements(self) -> dmn.Requirements:
        """What the file says."""
        if self._requirements is None:
            self._requirements = dmn.read(self.resource_name, self.resource)
        return self._requirements

    def packed(self) -> list[Any]:
        """Return what `unpacked` makes it of again."""
        text = self.resource.decode("utf-8", "surrogateescape")
        head = [self.key, self.identity, self.name, self.version, self.deployment_key, self.resource_name, text]
        return [*head, [one.packed() for one in self.decisions]]


@dataclass(eq=False, slots=True)
class DecisionDefinition:
    """One version of a decision."""

    graph: DecisionGraph
    key: int
    identity: str
    name: str
    version: int
    version_tag: str

    @property
    def deployment_key(self) -> int:
        """With what it came."""
        return self.graph.deployment_key

    @property
    def decision(self) -> dmn.Decision:
        """What it decides by."""
        return self.graph.requirements.decisions[self.identity]

    def packed(self) -> list[Any]:
        """Return its fields."""
        return [self.key, self.identity, self.name, self.version, self.version_tag]


def unpacked(fields: Sequence[Any]) -> DecisionGraph:
    """Make a graph of its fields: key, id, name, version, deployment, file, text, and those of its decisions."""
    key, identity, name, version, deployment_key, resource_name, text, decisions = fields
    content = text.encode("utf-8", "surrogateescape")
    graph = DecisionGraph(key, identity, name, version, deployment_key, resource_name, content)
    graph.decisions = tuple(DecisionDefinition(graph, *one) for one in decisions)
    return graph


class Decisions:
    """All deployed decisions."""

    def __init__(self) -> None:
        self.graphs: Versions[DecisionGraph] = Versions()
        self.definitions: Versions[DecisionDefinition] = Versions()

    def keep(self, graph: DecisionGraph) -> None:
        """Note a graph and its decisions."""
        self.graphs.keep(graph)
        for one in graph.decisions:
            self.definitions.keep(one)

    def remove(self, key: int) -> Iterable[DecisionDefinition]:
        """Forget a graph and its decisions."""
        decisions = self.graphs.by_key[key].decisions
        self.graphs.remove(key)
        for one in decisions:
            self.definitions.remove(one.key)
        return decisions

"""A file's elements by what they are looked up by, so that no rule and no reader searches."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.tags import EVENT_DEFINITIONS, FLOW_NODES, SCOPES


class Diagram:
    """The index of one file, made in one pass.

    Attributes:
        nodes: what has an id, by it.
        incoming: sequence flows by the id they lead to.
        outgoing: sequence flows by the id they come from.
        attached: boundary events by the id they are attached to.
        undone: ids of what has a compensation boundary event.
        handlers: the targets of associations by the id of their source.
        referring: event definitions and receive tasks by the id of the message, signal or escalation they name.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.processes = [node for node in root.all("process") if node.says("isExecutable")]
        self.skipped = [node for node in root.all("process") if not node.says("isExecutable")]
        self.nodes: dict[str, Node] = {}
        self.incoming: dict[str, list[Node]] = {}
        self.outgoing: dict[str, list[Node]] = {}
        self.attached: dict[str, list[Node]] = {}
        self.undone: set[str] = set()
        self.handlers: dict[str, list[str]] = {}
        self.referring: dict[str, list[Node]] = {}
        for node in root.walk():
            if node.model:
                self._note(node)

    def named(self, reference: str, *tags: str) -> Node | None:
        """Return what has an id, if it is one of these."""
        node = self.nodes.get(reference)
        return node if node is not None and node.tag in tags else None

    def walk(self) -> Iterator[Node]:
        """Go through the executable processes and all that is inside them."""
        for process in self.processes:
            yield from process.walk()

    def _note(self, node: Node) -> None:
        if node.id:
            self.nodes[node.id] = node
        if node.tag == "sequenceFlow":
            self.outgoing.setdefault(node.ref("sourceRef"), []).append(node)
            self.incoming.setdefault(node.ref("targetRef"), []).append(node)
        elif node.tag == "boundaryEvent":
            self.attached.setdefault(node.ref("attachedToRef"), []).append(node)
            if node.all("compensateEventDefinition"):
                self.undone.add(node.ref("attachedToRef"))
        elif node.tag == "association":
            self.handlers.setdefault(node.ref("sourceRef"), []).append(node.ref("targetRef"))
        for attribute in ("messageRef", "signalRef", "escalationRef"):
            if attribute in node.attributes:
                self.referring.setdefault(node.ref(attribute), []).append(node)


def definitions(event: Node) -> list[Node]:
    """Return the event definitions of an event."""
    return [child for child in event.children if child.tag in EVENT_DEFINITIONS]


def flow_nodes(scope: Node) -> Iterator[Node]:
    """Return the flow nodes right inside a process or subprocess."""
    return (child for child in scope.children if child.tag in FLOW_NODES)


def scope_of(node: Node) -> Node | None:
    """Return the process or subprocess that something stands in."""
    at = node.parent
    while at is not None and at.tag not in SCOPES:
        at = at.parent
    return at

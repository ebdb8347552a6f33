"""The ways a token can take through a process, and what it may pass beside itself.

A vertex is where an element begins (its id) or where it has ended (`after(id)`); of a scope also the whole of it
(`amid(id)`): what has happened in it so far, whatever that is.

Source: BPMN 2.0.2, 13; T. Cooper, K. Harvey, K. Kennedy, A Simple, Fast Dominance Algorithm, 2001
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.graph import components

_JOINS = ("parallelGateway", "inclusiveGateway")
_CHOOSES = ("exclusiveGateway", "eventBasedGateway", "complexGateway")
_END = " end"
_AMID = " amid"


def after(element_id: str) -> str:
    """Return the vertex at which an element has ended."""
    return f"{element_id} after"


def amid(scope_id: str) -> str:
    """Return the vertex at which anything of a scope may have happened."""
    return f"{scope_id}{_AMID}"


class FlowGraph:
    """The ways through a process.

    Args:
        process: one of a file's.
    """

    def __init__(self, process: Element) -> None:
        self._process = process
        self._nodes = {_id(node): node for node in xml.nodes(process)}
        self.next: defaultdict[str, list[str]] = defaultdict(list)
        #: where several tokens begin, and where each of them goes on
        self.forks: list[tuple[str, list[str]]] = []
        self._arrived: set[str] = set()
        self._flows: defaultdict[str, list[str]] = defaultdict(list)
        self._draw_flows()
        self._scope(process)
        for node in self._nodes.values():
            self._node(node)

    @cached_property
    def order(self) -> list[list[str]]:
        """Vertices that lead to one another, each group after all that it leads to."""
        return list(components([_id(self._process), *self._nodes], lambda vertex: self.next[vertex]))

    def _way(self, source: str, target: str) -> None:
        self.next[source].append(target)

    def _draw_flows(self) -> None:
        catches: defaultdict[str | None, list[str]] = defaultdict(list)
        for flow in xml.flows(self._process):
            source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
            if source in self._nodes and target in self._nodes:
                self._way(after(source), target)
                self._arrived.add(target)
                self._flows[source].append(target)
        for link, node in self._links("intermediateCatchEvent"):
            catches[link].append(node)
        for link, node in self._links("intermediateThrowEvent"):
            for caught in catches[link]:
                self._way(after(node), caught)
                self._arrived.add(caught)

    def _links(self, kind: str) -> list[tuple[str | None, str]]:
        return [
            (link.get("name"), element_id)
            for element_id, node in self._nodes.items()
            if xml.kind(node) == kind
            for link in xml.children(node, "linkEventDefinition")
        ]

    def _scope(self, scope: Element) -> None:
        """Lead into a scope, through it and out of it."""
        scope_id = _id(scope)
        self._way(scope_id, amid(scope_id))
        within = [node for node in scope if _id(node) in self._nodes]
        for node in within:
            node_id = _id(node)
            self._way(after(node_id), amid(scope_id))
            if node_id not in self._arrived and not _is_beside(node):
                self._way(scope_id, node_id)
            if node.get("triggeredByEvent") == "true":
                self._way(amid(scope_id), node_id)
            if not self._flows[node_id]:
                self._way(after(node_id), after(scope_id))
        if not within:
            self._way(scope_id, after(scope_id))
        if xml.kind(scope) == "adHocSubProcess":
            self._way(amid(scope_id), scope_id)
            self._way(amid(scope_id), after(scope_id))

    def _node(self, node: Element) -> None:
        node_id, kind = _id(node), xml.kind(node)
        if kind in xml.SCOPES:
            self._scope(node)
        else:
            self._way(node_id, after(node_id))
        around = node.getparent()
        if kind in xml.SCOPES and around is not None:
            self._way(amid(node_id), amid(_id(around)))
        if xml.children(node, "multiInstanceLoopCharacteristics"):
            self._way(after(node_id), node_id)
        if kind == "boundaryEvent":
            self._boundary(node)
        if len(self._flows[node_id]) > 1 and kind not in _CHOOSES:
            self.forks.append((after(node_id), self._flows[node_id]))
        if node.get("isForCompensation") == "true":
            self._way(amid(_id(self._process)), node_id)

    def _boundary(self, event: Element) -> None:
        host = self._nodes.get(event.get("attachedToRef", ""))
        if host is None or xml.is_compensation(event):
            return
        self._way(amid(_id(host)) if xml.kind(host) in xml.SCOPES else _id(host), _id(event))
        if event.get("cancelActivity") == "false":
            self.forks.append((_id(host), [_id(host), _id(event)]))

    def join_of(self, fork: str) -> str:
        """Return where all that a fork begins has come together again; empty when it need not."""
        at = self._dominators.get(fork, _END)
        while at != _END:
            if at in self._joining:
                return at
            at = self._dominators.get(at, _END)
        return ""

    @cached_property
    def always(self) -> frozenset[str]:
        """What every instance comes to that ends."""
        found, at = [], self._dominators.get(_id(self._process), _END)
        while at != _END:
            found.append(at)
            at = self._dominators.get(at, _END)
        return frozenset(found)

    @cached_property
    def _joining(self) -> set[str]:
        return {
            element_id
            for element_id, node in self._nodes.items()
            if xml.kind(node) in _JOINS and self._before[element_id] > 1
        }

    @cached_property
    def _before(self) -> Counter[str]:
        return Counter(target for targets in self._flows.values() for target in targets)

    @cached_property
    def _dominators(self) -> dict[str, str]:
        """What every way from a vertex to the end leads through next; what may happen amid a scope is no way."""
        ways = {vertex: [one for one in found if not one.endswith(_AMID)] for vertex, found in self.next.items()}
        order = _backwards(ways)
        place = {vertex: number for number, vertex in enumerate(order)}
        dominator: dict[str, str] = {_END: _END}
        changed = True
        while changed:
            changed = False
            for vertex in order[1:]:
                found = _meeting(ways.get(vertex) or [_END], dominator, place)
                if dominator.get(vertex) != found:
                    dominator[vertex], changed = found, True
        return dominator


def _backwards(ways: Mapping[str, list[str]]) -> list[str]:
    """Return the vertices from the end on, each before what leads to it, as far as there is no cycle."""
    leading: defaultdict[str, list[str]] = defaultdict(list)
    for vertex, found in ways.items():
        for one in found or [_END]:
            leading[one].append(vertex)
    for one in [one for found in ways.values() for one in found if not ways.get(one)]:
        leading[_END].append(one)
    seen, done = {_END}, []
    path = [(_END, iter(leading[_END]))]
    while path:
        vertex, ahead = path[-1]
        following = next((one for one in ahead if one not in seen), None)
        if following is None:
            path.pop()
            done.append(vertex)
        else:
            seen.add(following)
            path.append((following, iter(leading[following])))
    return done[::-1]


def _meeting(ways: list[str], dominator: Mapping[str, str], place: Mapping[str, int]) -> str:
    """Return where all ways come together."""
    known = [way for way in ways if way in dominator]
    one = known[0] if known else _END
    for other in known[1:]:
        while one != other:
            while place[one] > place[other]:
                one = dominator[one]
            while place[other] > place[one]:
                other = dominator[other]
    return one


def _is_beside(node: Element) -> bool:
    """Tell whether a node is begun by something else than a token that enters its scope."""
    return (
        xml.kind(node) == "boundaryEvent"
        or node.get("isForCompensation") == "true"
        or node.get("triggeredByEvent") == "true"
    )


def _id(element: Element) -> str:
    return element.get("id", "")

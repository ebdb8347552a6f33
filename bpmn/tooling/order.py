"""Which tasks come before which, by the sequence flows of a process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.graph import components


class Order:
    """The flows of a process, walked backwards.

    Args:
        through: whether to walk on through a boundary event, to the task it sits on.
        direct: whether tasks count that lead on by their own flows, and not by a boundary event alone.
    """

    def __init__(
        self,
        document: Document,
        process: Element,
        *,
        through: Callable[[Element], bool] = lambda _: True,
        direct: bool = True,
    ) -> None:
        self._direct = direct
        self._through = through
        self._nodes = {node.get("id", ""): node for node in xml.nodes(process)}
        self._sources: defaultdict[str, list[str]] = defaultdict(list)
        self._continued: set[str] = set()
        for flow in xml.flows(process):
            source, target = (document.reference(flow, end).get("id", "") for end in ("sourceRef", "targetRef"))
            if source in self._nodes:
                self._sources[target].append(source)
            self._continued.add(source)
        self._throws = self._by_link("intermediateThrowEvent")
        self._inside: dict[str, list[str]] = {}
        self._before: dict[str, frozenset[str]] = {}
        self._known: dict[frozenset[str], frozenset[str]] = {}

    def preceding(self) -> dict[str, tuple[str, ...]]:
        """Return, for every activity, the tasks whose flows lead to it, in the order of the file.

        Gateways and events are skipped; a boundary event counts as the task it sits on, a subprocess as
        the tasks at its ends.
        """
        rank = {element_id: place for place, element_id in enumerate(self._nodes)}
        for group in components(self._nodes, self._further):
            self._gather(group)
        sorted_of: dict[frozenset[str], tuple[str, ...]] = {}
        found = {}
        for element_id, node in self._nodes.items():
            if xml.kind(node) in xml.ACTIVITIES:
                before = self._union(self._entering(element_id))
                if before not in sorted_of:
                    sorted_of[before] = tuple(sorted(before, key=rank.__getitem__))
                found[element_id] = sorted_of[before]
        return found

    def _gather(self, group: list[str]) -> None:
        """Note the tasks that were the last before a token left these, which lead to one another."""
        found: set[str] = set()
        behind: set[str] = set()
        for element_id in group:
            found.update(self._own(element_id))
            behind.update(self._further(element_id))
        shared = self._union(behind, found)
        for element_id in group:
            self._before[element_id] = shared

    def _union(self, of: Iterable[str], more: Iterable[str] = ()) -> frozenset[str]:
        """Put together what was gathered; sets that are equal are one, and gone through once."""
        parts = {id(part): part for part in (self._before.get(one) for one in of) if part}
        union = frozenset().union(more, *parts.values())
        return self._known.setdefault(union, union)

    def _own(self, element_id: str) -> list[str]:
        node = self._nodes[element_id]
        if xml.kind(node) in xml.TASKS:
            return [element_id] if self._direct else []
        if xml.kind(node) == "boundaryEvent" and self._through(node):
            return self._attached(node)
        return []

    def _further(self, element_id: str) -> list[str]:
        """Return where to go on, backwards, from what is no task."""
        node = self._nodes[element_id]
        if xml.kind(node) in xml.TASKS or xml.kind(node) == "boundaryEvent":
            return []
        return self._ends(node) if xml.kind(node) in xml.SCOPES else self._entering(element_id)

    def _entering(self, element_id: str) -> list[str]:
        """Return where the flows into a node come from; the first of a subprocess is entered through it."""
        node = self._nodes[element_id]
        scope = node.getparent()
        while xml.kind(node) == "startEvent" and scope is not None and xml.kind(scope) in xml.SCOPES:
            node, scope = scope, scope.getparent()
        return self._sources[node.get("id", "")] or self._link_throws(node)

    def _link_throws(self, node: Element) -> list[str]:
        links = {link.get("name") for link in xml.children(node, "linkEventDefinition")}
        return [throw for link in links for throw in self._throws.get(link, ())]

    def _by_link(self, kind: str) -> dict[str | None, list[str]]:
        found: dict[str | None, list[str]] = {}
        for element_id, node in self._nodes.items():
            for link in xml.children(node, "linkEventDefinition") if xml.kind(node) == kind else ():
                found.setdefault(link.get("name"), []).append(element_id)
        return found

    def _ends(self, scope: Element) -> list[str]:
        """Return the nodes of a subprocess after which nothing comes."""
        inside = (node.get("id", "") for node in scope)
        return [one for one in inside if one in self._nodes and one not in self._continued]

    def _attached(self, boundary: Element) -> list[str]:
        """Return the task a boundary event sits on; of a subprocess any task may have run."""
        host_id = boundary.get("attachedToRef", "")
        host = self._nodes.get(host_id)
        if host is None:
            return []
        if host_id not in self._inside:
            found = [host_id] if xml.kind(host) in xml.TASKS else []
            self._inside[host_id] = found + [n.get("id", "") for n in xml.nodes(host) if xml.kind(n) in xml.TASKS]
        return self._inside[host_id]

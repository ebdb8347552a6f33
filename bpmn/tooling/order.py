"""Which tasks come before which, by the sequence flows of a process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element


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
        self._process = process
        self._direct = direct
        self._through = through
        self._nodes = {node.get("id", ""): node for node in xml.nodes(process)}
        self._sources: defaultdict[str, list[Element]] = defaultdict(list)
        for flow in xml.flows(process):
            source, target = (document.reference(flow, end) for end in ("sourceRef", "targetRef"))
            self._sources[target.get("id", "")].append(source)

    def preceding(self) -> dict[str, tuple[str, ...]]:
        """Return, for every activity, the tasks whose flows lead to it, in the order of the file.

        Gateways and events are skipped; a boundary event counts as the task it sits on, a subprocess as
        the tasks at its ends.
        """
        rank = {element_id: place for place, element_id in enumerate(self._nodes)}
        return {
            element_id: tuple(sorted(set(self._tasks_before(node, set())), key=rank.__getitem__))
            for element_id, node in self._nodes.items()
            if xml.kind(node) in xml.ACTIVITIES
        }

    def _tasks_before(self, node: Element, seen: set[str]) -> Iterator[str]:
        for source in self._entering(node):
            yield from self._last_of(source, seen)

    def _last_of(self, source: Element, seen: set[str]) -> Iterator[str]:
        source_id = source.get("id", "")
        if source_id in seen:
            return
        seen.add(source_id)
        if xml.kind(source) in xml.TASKS:
            if self._direct:
                yield source_id
        elif xml.kind(source) in xml.SCOPES:
            for end in self._ends(source):
                yield from self._last_of(end, seen)
        elif xml.kind(source) == "boundaryEvent":
            if self._through(source):
                yield from self._attached(source)
        else:
            yield from self._tasks_before(source, seen)

    def _entering(self, node: Element) -> list[Element]:
        """Return where the flows into a node come from; the first of a subprocess is entered through it."""
        scope = node.getparent()
        if xml.kind(node) == "startEvent" and scope is not None and xml.kind(scope) in xml.SCOPES:
            return self._entering(scope)
        return self._sources[node.get("id", "")] or self._link_throws(node)

    def _link_throws(self, node: Element) -> list[Element]:
        links = {link.get("name") for link in xml.children(node, "linkEventDefinition")}
        throws = self._process.iter(f"{{{xml.MODEL}}}intermediateThrowEvent")
        return [e for e in throws if any(d.get("name") in links for d in xml.children(e, "linkEventDefinition"))]

    def _ends(self, scope: Element) -> list[Element]:
        """Return the nodes of a subprocess after which nothing comes."""
        continued = {flow.get("sourceRef") for flow in xml.children(scope, "sequenceFlow")}
        inside = (node for node in scope if node.get("id") in self._nodes)
        return [node for node in inside if node.get("id") not in continued]

    def _attached(self, boundary: Element) -> Iterator[str]:
        """Yield the task a boundary event sits on; of a subprocess any task may have run."""
        host = self._nodes.get(boundary.get("attachedToRef", ""))
        if host is None:
            return
        if xml.kind(host) in xml.TASKS:
            yield host.get("id", "")
        yield from (n.get("id", "") for n in xml.nodes(host) if xml.kind(n) in xml.TASKS)

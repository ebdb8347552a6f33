"""Which elements of a process begin once at most in an instance, and which only in turn, by its flows alone.

Not once: what a cycle leads through, what lies after a point where several tokens may arrive one after the other, and
what a repeating event starts. Each run of a multi-instance counts by its own loop counter.

In turn: what a single token comes back to by a cycle, and nothing interrupts, so that each run ends before the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from functools import cached_property

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element

_CHOICES = frozenset(("exclusiveGateway", "eventBasedGateway"))
_SINGLE_TIMERS = ("timeDuration", "timeDate")


class Recurrence:
    """The flows of a process, walked forwards.

    Args:
        document: the file.
        process: one of its processes.
        undone: compensation handlers, and what each of them undoes.
    """

    def __init__(self, document: Document, process: Element, undone: Iterable[tuple[Element, Element]] = ()) -> None:
        self._undone = {_id(handler): _id(host) for handler, host in undone}
        self._nodes = {_id(node): node for node in xml.nodes(process)}
        self._flows: defaultdict[str, list[str]] = defaultdict(list)
        self._arriving: defaultdict[str, list[str]] = defaultdict(list)
        for flow in xml.flows(process):
            source, target = (_id(document.reference(flow, end)) for end in ("sourceRef", "targetRef"))
            self._flows[source].append(target)
            self._arriving[target].append(source)
        self._next = {
            element_id: [*self._flows[element_id], *self._within(node)] for element_id, node in self._nodes.items()
        }

    def once(self) -> frozenset[str]:
        """Return the elements that begin once at most, those of subprocesses included."""
        recurring = self._looped | self._multiplied
        return frozenset(
            element_id
            for element_id, node in self._nodes.items()
            if self._undone.get(element_id, element_id) not in recurring and _loops_around(node) <= 1
        )

    def in_turn(self) -> frozenset[str]:
        """Return the elements that begin again, each time after they have completed; none of subprocesses."""
        return frozenset(
            element_id
            for element_id in self._looped - self._multiplied - self._undone.keys()
            if not _is_nested(self._nodes[element_id])
            and _loops_around(self._nodes[element_id]) == 0
            and not any(_interrupts(other, element_id) for other in self._nodes.values())
        )

    @cached_property
    def _looped(self) -> frozenset[str]:
        return frozenset(element_id for element_id in self._nodes if element_id in self._after[element_id])

    @cached_property
    def _multiplied(self) -> frozenset[str]:
        """What several tokens may come to, one after the other."""
        multiplied: set[str] = set()
        for element_id in self._nodes:
            if self._multiplies(element_id, self._looped | multiplied):
                multiplied |= {element_id, *self._after[element_id]}
        return frozenset(multiplied)

    @cached_property
    def _after(self) -> dict[str, frozenset[str]]:
        return {element_id: frozenset(self._reached(self._next[element_id])) for element_id in self._nodes}

    def _reached(self, first: Iterable[str], *, to_joins: bool = False) -> set[str]:
        seen: set[str] = set()
        ahead = list(first)
        while ahead:
            element_id = ahead.pop()
            if element_id not in seen:
                seen.add(element_id)
                if not (to_joins and self._joins(element_id)):
                    ahead.extend(self._next[element_id])
        return seen

    def _joins(self, element_id: str) -> bool:
        return len(self._arriving[element_id]) > 1 and xml.kind(self._nodes[element_id]) == "parallelGateway"

    def _within(self, node: Element) -> Iterator[str]:
        """Yield where a token goes on besides the flows: to events at a task, into a subprocess and out of it."""
        name, scope = _id(node), node.getparent()
        for other_id, other in self._nodes.items():
            at_it = other.get("attachedToRef") == name and not xml.is_compensation(other)
            begins = other.getparent() is node and not self._arriving[other_id] and not other.get("attachedToRef")
            if at_it or begins:
                yield other_id
        if scope is not None and xml.kind(scope) in xml.SCOPES and not self._flows[name]:
            yield from self._flows[_id(scope)]
        links = {link.get("name") for link in xml.children(node, "linkEventDefinition")}
        if links and xml.kind(node) == "intermediateThrowEvent":
            yield from (other_id for other_id, other in self._nodes.items() if _catches(other, links))

    def _multiplies(self, element_id: str, looped: Set[str]) -> bool:
        """Tell whether tokens may leave an element one after the other."""
        node = self._nodes[element_id]
        return (
            (element_id in looped and element_id in self._forks)
            or xml.kind(node) == "adHocSubProcess"
            or (_stands_by(node) and not _is_single_timer(node))
            or self._merges_tokens(element_id)
        )

    def _merges_tokens(self, element_id: str) -> bool:
        """Tell whether two tokens of one fork may arrive here one after the other."""
        if len(self._arriving[element_id]) < 2 or self._joins(element_id):
            return False
        return any(sum(element_id in way for way in ways) > 1 for ways in self._ways)

    @cached_property
    def _ways(self) -> list[list[set[str]]]:
        """For each fork, where each of its tokens may go; those that a join brings together go on as one."""
        found = []
        for branches in self._forks.values():
            ways = [self._reached([branch], to_joins=True) for branch in branches]
            joined: set[str] = set()
            while met := {one for way in ways for one in way if self._joins(one)} - joined:
                joined |= met
                ways += [self._reached(self._next[join], to_joins=True) for join in met]
            found.append(ways)
        return found

    @cached_property
    def _forks(self) -> dict[str, list[str]]:
        """Each element that a token may leave on several ways at once, with where they begin."""
        forks = {}
        for element_id, node in self._nodes.items():
            beside = [other for other in self._next[element_id] if _stands_by(self._nodes[other])]
            if beside or (len(self._flows[element_id]) > 1 and xml.kind(node) not in _CHOICES):
                forks[element_id] = [*self._flows[element_id], *beside]
        return forks


def _id(element: Element) -> str:
    return element.get("id", "")


def _stands_by(node: Element) -> bool:
    """Tell whether an event beside the flow leaves it running when it occurs."""
    if xml.kind(node) == "boundaryEvent":
        return node.get("cancelActivity", "true") == "false"
    if node.get("triggeredByEvent") == "true":
        return any(start.get("isInterrupting", "true") == "false" for start in xml.children(node, "startEvent"))
    return False


def _interrupts(node: Element, host: str) -> bool:
    """Tell whether an event may end a task whose job is under way; a BPMN error is thrown by the job itself."""
    return (
        node.get("attachedToRef") == host
        and not _stands_by(node)
        and not xml.is_compensation(node)
        and not xml.children(node, "errorEventDefinition")
    )


def _is_nested(node: Element) -> bool:
    scope = node.getparent()
    return scope is not None and xml.kind(scope) != "process"


def _is_single_timer(node: Element) -> bool:
    timers = xml.children(node, "timerEventDefinition")
    return any(xml.children(timer, name) for timer in timers for name in _SINGLE_TIMERS)


def _catches(node: Element, links: set[str | None]) -> bool:
    return xml.kind(node) == "intermediateCatchEvent" and any(
        link.get("name") in links for link in xml.children(node, "linkEventDefinition")
    )


def _loops_around(node: Element) -> int:
    """Count the multi-instances a node is in, its own included: with two, a loop counter names no single run."""
    scopes = [node, *node.iterancestors()]
    return sum(bool(xml.children(scope, "multiInstanceLoopCharacteristics")) for scope in scopes)

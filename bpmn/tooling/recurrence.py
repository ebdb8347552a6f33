"""Which elements of a process begin once at most in an instance, and which only in turn, by its flows alone.

Not once: what a cycle leads through, what lies after a point where several tokens may arrive one after the other, and
what a repeating event starts. Each run of a multi-instance counts by its own loop counter.

In turn: what a single token comes back to by a cycle, and nothing interrupts, so that each run ends before the next.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.graph import components

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
        self._at: defaultdict[str, list[str]] = defaultdict(list)
        self._begun: defaultdict[Element | None, list[str]] = defaultdict(list)
        self._way_of: dict[str, set[str]] = {}
        self._catches: defaultdict[str | None, list[str]] = defaultdict(list)
        for element_id, node in self._nodes.items():
            self._note(element_id, node)
        self._next = {
            element_id: [*self._flows[element_id], *self._within(node)] for element_id, node in self._nodes.items()
        }

    def _note(self, element_id: str, node: Element) -> None:
        """Index what a token goes on to besides the flows."""
        if host := node.get("attachedToRef"):
            if not xml.is_compensation(node):
                self._at[host].append(element_id)
        elif not self._arriving[element_id]:
            self._begun[node.getparent()].append(element_id)
        if xml.kind(node) == "intermediateCatchEvent":
            for link in xml.children(node, "linkEventDefinition"):
                self._catches[link.get("name")].append(element_id)

    def once(self) -> frozenset[str]:
        """Return the elements that begin once at most, those of subprocesses included."""
        recurring = self._looped | self._multiplied
        return frozenset(
            element_id
            for element_id, node in self._nodes.items()
            if self._undone.get(element_id, element_id) not in recurring and self._loops_around(node) <= 1
        )

    def in_turn(self) -> frozenset[str]:
        """Return the elements that begin again, each time after they have completed; none of subprocesses."""
        return frozenset(
            element_id
            for element_id in self._looped - self._multiplied - self._undone.keys()
            if not _is_nested(self._nodes[element_id])
            and self._loops_around(self._nodes[element_id]) == 0
            and not any(_interrupts(self._nodes[other], element_id) for other in self._at[element_id])
        )

    @cached_property
    def _multi_instances(self) -> set[Element]:
        return {node for node in self._nodes.values() if xml.children(node, "multiInstanceLoopCharacteristics")}

    def _loops_around(self, node: Element) -> int:
        """Count the multi-instances a node is in, its own included: with two, a loop counter names no single run."""
        return sum(scope in self._multi_instances for scope in (node, *node.iterancestors()))

    @cached_property
    def _turns(self) -> list[list[str]]:
        """What leads to one another, each after what leads to it."""
        return list(components(self._nodes, self._next.__getitem__))[::-1]

    @cached_property
    def _looped(self) -> frozenset[str]:
        return frozenset(
            element_id
            for turn in self._turns
            for element_id in turn
            if len(turn) > 1 or element_id in self._next[element_id]
        )

    @cached_property
    def _multiplied(self) -> frozenset[str]:
        """What several tokens may come to, one after the other; with an element, all that comes after it."""
        multiplied: set[str] = set()
        merging: set[str] = set()
        for turn in self._turns:
            for element_id in turn:
                if element_id in multiplied:
                    continue  # and so is all that comes after it
                if element_id in self._forks:
                    merging |= self._merging(self._forks[element_id])
                if element_id in merging or self._multiplies(element_id):
                    multiplied.add(element_id)
                    self._spread(self._next[element_id], multiplied)
        return frozenset(multiplied)

    def _spread(self, first: Iterable[str], into: set[str]) -> None:
        ahead = list(first)
        while ahead:
            element_id = ahead.pop()
            if element_id not in into:
                into.add(element_id)
                ahead.extend(self._next[element_id])

    def _reached(self, first: Iterable[str]) -> set[str]:
        """Return where a token may go, up to joins."""
        seen: set[str] = set()
        ahead = list(first)
        while ahead:
            element_id = ahead.pop()
            if element_id not in seen:
                seen.add(element_id)
                if element_id not in self._joining:
                    ahead.extend(self._next[element_id])
        return seen

    def _behind(self, join: str) -> set[str]:
        """Return where the one token goes that leaves a join; many forks come to the same joins."""
        if join not in self._way_of:
            self._way_of[join] = self._reached(self._next[join])
        return self._way_of[join]

    @cached_property
    def _joining(self) -> frozenset[str]:
        return frozenset(
            element_id
            for element_id, node in self._nodes.items()
            if len(self._arriving[element_id]) > 1 and xml.kind(node) == "parallelGateway"
        )

    def _within(self, node: Element) -> Iterator[str]:
        """Yield where a token goes on besides the flows: to events at a task, into a subprocess and out of it."""
        name, scope = _id(node), node.getparent()
        yield from self._at[name]
        yield from self._begun[node]
        if scope is not None and xml.kind(scope) in xml.SCOPES and not self._flows[name]:
            yield from self._flows[_id(scope)]
        if xml.kind(node) == "intermediateThrowEvent":
            for link in {link.get("name") for link in xml.children(node, "linkEventDefinition")}:
                yield from self._catches[link]

    def _multiplies(self, element_id: str) -> bool:
        """Tell whether tokens may leave an element one after the other, whatever comes before it."""
        node = self._nodes[element_id]
        return (
            (element_id in self._looped and element_id in self._forks)
            or xml.kind(node) == "adHocSubProcess"
            or (_stands_by(node) and not _is_single_timer(node))
        )

    def _merging(self, branches: list[str]) -> set[str]:
        """Return where tokens of one fork may arrive one after the other; those that a join brings together are one."""
        arriving: Counter[str] = Counter()
        joined: set[str] = set()
        ways = [self._reached([branch]) for branch in branches]
        while ways:
            met: set[str] = set()
            for way in ways:
                arriving.update(way)
                met |= way & self._joining
            ways = [self._behind(join) for join in met - joined]
            joined |= met
        return {
            one
            for one, times in arriving.items()
            if times > 1 and len(self._arriving[one]) > 1 and one not in self._joining
        }

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

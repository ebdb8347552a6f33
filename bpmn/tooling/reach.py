"""Which variables can be there when an element of a process begins, and of what shape.

What reaches an element may have been given on any way that leads to it, or beside it: in another branch, in an event
subprocess. So what is found missing is missing always. In time linear in the process: a set of gifts is one number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache, reduce
from operator import or_

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.expressions import When
from zeebe_fleet.bpmn.tooling.feel_shapes import shape_of
from zeebe_fleet.bpmn.tooling.flow_graph import FlowGraph, after
from zeebe_fleet.bpmn.tooling.neighbours import neighbours_of
from zeebe_fleet.bpmn.tooling.shapes import Shape, at
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.bpmn.tooling.variables import ALWAYS, OPEN, Gift, Giving

_MANY = 50
"""Gifts of one variable that are looked at for its shape."""
_DEEP = 6
"""Expressions that are followed from one to the next for a shape."""


@lru_cache(1)
def reach_of(subject: Subject) -> Reach:
    """Return the variables of a package's process; those of the last package are kept for the next rule."""
    return Reach(subject)


class Reach:
    """The variables of a process.

    Args:
        subject: the package.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._process = subject.process
        self.giving = Giving(subject)
        self._graph = FlowGraph(subject.process)
        self._gifts: list[Gift] = []
        self._named: defaultdict[str, int] = defaultdict(int)
        self._given: defaultdict[str, int] = defaultdict(int)
        self._locals: dict[Element, list[Gift]] = {}
        self._shapes: dict[tuple[int, int], Shape | None] = {}
        self._note(_id(subject.process), self.giving.at_start())
        for node in subject.nodes:
            self._note(after(_id(node)), self.giving.by(node))
        self._lift(subject)

    def is_known(self, name: str, node: Element, when: When, seen: Iterable[str] = ()) -> bool:
        """Tell whether something may have given a variable; one that nobody can know is taken for given.

        Args:
            seen: names that are there besides.
        """
        if name in ALWAYS or name in seen:
            return True
        if when is When.NEVER:
            return False
        if any(gift.name == name for gift in self._near(node, when)):
            return True
        reached = self._reached.get(_id(node), 0)
        if reached & (self._named[name] | self._named[OPEN]) or self._is_open_near(node, when):
            return True
        return self._is_called

    def shapes(self, name: str, node: Element, when: When, deep: int = 0) -> list[Shape] | None:
        """Return the shapes that a variable may have, of which each is known; None when one is not."""
        if name in ALWAYS or when is When.NEVER or deep > _DEEP:
            return None
        for gift in self._near(node, When.WITHIN if when is When.AFTER else when):
            if gift.name == name:
                return None if gift.node is not None or not gift.shape.says else [gift.shape]
        reached = self._reached.get(_id(node), 0)
        if reached & self._named[OPEN] or self._is_open_near(node, when):
            return None
        given = reached & self._named[name]
        if given.bit_count() > _MANY:
            return None
        found = [self._gifts[number] for number in _numbers(given)]
        if when is When.AFTER:
            found += [gift for gift in self.giving.within(node) if gift.name == name]
        shapes = [self._shape(gift, deep) for gift in found]
        known = [one for one in shapes if one is not None]
        return known if known and len(known) == len(shapes) else None

    def parts(self, path: tuple[str, ...], node: Element, when: When) -> list[Shape] | None:
        """Return the shapes of what a path may lead to, of which each is known."""
        found = [at(one, path[1:]) for one in self.shapes(path[0], node, when) or ()]
        known = [one for one in found if one is not None]
        return known if known and len(known) == len(found) else None

    def _shape(self, gift: Gift, deep: int) -> Shape | None:
        if gift.node is None or not gift.source:
            return gift.shape if gift.shape.says else None
        key = (id(gift), deep)
        if key not in self._shapes:
            self._shapes[key] = None
            node, when = gift.node, When.AFTER
            self._shapes[key] = shape_of(gift.source, lambda name: self.shapes(name, node, when, deep + 1))
        return self._shapes[key]

    def _near(self, node: Element, when: When) -> Iterator[Gift]:
        """Yield what only an element and those around it see, the nearest first."""
        if when in (When.WITHIN, When.AFTER):
            yield from self._local(node)
        if when is When.AFTER:
            yield from self.giving.within(node)
        host = node.get("attachedToRef")
        for around in node.iterancestors():
            if xml.kind(around) in xml.SCOPES:
                yield from self._local(around)
        if host is not None and (found := self._hosts.get(host)) is not None:
            yield from self._local(found)

    @cached_property
    def _is_called(self) -> bool:
        """Whether another process calls this one: that one's variables are there too."""
        neighbours = neighbours_of(self._subject)
        return neighbours is not None and self._subject.manifest.name in neighbours.called

    @cached_property
    def _hosts(self) -> dict[str, Element]:
        return {_id(node): node for node in xml.nodes(self._process)}

    def _is_open_near(self, node: Element, when: When) -> bool:
        return any(gift.name == OPEN for gift in self._near(node, when))

    def _local(self, node: Element) -> list[Gift]:
        if node not in self._locals:
            self._locals[node] = self.giving.local(node)
        return self._locals[node]

    def _note(self, vertex: str, gifts: Iterable[Gift]) -> None:
        for gift in gifts:
            if gift.name == OPEN and self._named[OPEN]:
                self._given[vertex] |= self._named[OPEN]
                continue
            one = 1 << len(self._gifts)
            self._gifts.append(gift)
            self._named[gift.name] |= one
            self._given[vertex] |= one

    def _lift(self, subject: Subject) -> None:
        """Have what is given beside an element reach it."""
        below = self._below()
        lifted: defaultdict[str, int] = defaultdict(int)
        for fork, branches in self._graph.forks:
            beyond = below.get(self._graph.join_of(fork), 0)
            for branch, beside in _each(branches, below):
                lifted[branch] |= beside & ~beyond
        for scope in subject.of_kind("subProcess"):
            around = scope.getparent()
            starts = xml.children(scope, "startEvent")
            if around is not None and any(start.get("isInterrupting") == "false" for start in starts):
                lifted[_id(around)] |= reduce(or_, (self._given.get(after(_id(one)), 0) for one in xml.nodes(scope)), 0)
        handled = reduce(or_, (self._given[after(_id(one))] for one in subject.nodes if _is_handler(one)), 0)
        for event in subject.of_kind("intermediateThrowEvent"):
            if handled and xml.is_compensation(event):
                lifted[after(_id(event))] |= handled
        for vertex, gifts in lifted.items():
            self._given[vertex] |= gifts

    def _below(self) -> dict[str, int]:
        """Return what is given from each vertex on."""
        found: dict[str, int] = {}
        for group in self._graph.order:
            gifts = 0
            for vertex in group:
                gifts |= self._given.get(vertex, 0)
                for following in self._graph.next[vertex]:
                    gifts |= found.get(following, 0)
            found.update(dict.fromkeys(group, gifts))
        return found

    @cached_property
    def _reached(self) -> dict[str, int]:
        """What may have been given when a vertex is passed, what it gives itself included."""
        found: defaultdict[str, int] = defaultdict(int)
        for group in reversed(self._graph.order):
            gifts = 0
            for vertex in group:
                gifts |= found[vertex] | self._given.get(vertex, 0)
            for vertex in group:
                found[vertex] = gifts
                for following in self._graph.next[vertex]:
                    found[following] |= gifts
        return found


def _each(branches: list[str], below: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Yield each branch with what the others give."""
    given = [below.get(branch, 0) for branch in branches]
    behind = [0]
    for gifts in reversed(given[1:]):
        behind.append(behind[-1] | gifts)
    ahead = 0
    for branch, gifts, others in zip(branches, given, reversed(behind), strict=True):
        yield branch, ahead | others
        ahead |= gifts


def _numbers(gifts: int) -> Iterator[int]:
    while gifts:
        lowest = gifts & -gifts
        yield lowest.bit_length() - 1
        gifts ^= lowest


def _is_handler(node: Element) -> bool:
    return node.get("isForCompensation") == "true"


def _id(element: Element) -> str:
    return element.get("id", "")

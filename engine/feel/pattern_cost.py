"""How many ways a pattern has to match: an upper estimate, from its tree.

Going back is not what finds a match here (`linear`). But whoever follows all ways at once may as well look far beyond a
match before it is certain, and does so for each of them: no further than by going back.

A repetition that can stop in one place only has one way: what it repeats and what follows it share no character, as in
`[^,]*,`. Any other has as many ways as the text has places.

Source: https://docs.python.org/3.11/library/re.html
"""

from __future__ import annotations

import re._constants as tree  # type: ignore[import-not-found]
import re._parser as reader  # type: ignore[import-not-found]
from functools import lru_cache
from math import log10
from typing import Any

from zeebe_fleet.engine.feel.pattern_sets import ANYTHING, characters

_REPEATS = (tree.MAX_REPEAT, tree.MIN_REPEAT, tree.POSSESSIVE_REPEAT)
_AROUND = (tree.ASSERT, tree.ASSERT_NOT)
_SINGLE = (tree.LITERAL, tree.NOT_LITERAL, tree.IN, tree.ANY)
_ENOUGH = 1e30


@lru_cache(maxsize=1024)
def ways(pattern: str, flags: int, length: int) -> float:
    """Estimate how many ways the engine may try on a text of a length."""
    nodes = reader.parse(pattern, flags)
    anchored = bool(nodes) and nodes[0] == (tree.AT, tree.AT_BEGINNING) and not flags & reader.SRE_FLAG_MULTILINE
    counted = _Counting(length + 1, bool(flags & reader.SRE_FLAG_IGNORECASE))
    wasted = length if "(?" in pattern else min(_wasted(nodes), length)
    count = min(counted.sequence(nodes, 0) * (wasted + 1), counted.simple(nodes))
    return min(count if anchored else count * (length + 1), _ENOUGH)


def _wasted(nodes: Any) -> int:
    """Return how far a start may be followed in vain; a last repetition of one character is never in vain."""
    width = int(nodes.getwidth()[1])
    if not len(nodes):
        return 0
    operation, argument = nodes[-1]
    if operation is tree.SUBPATTERN:
        return int(nodes[:-1].getwidth()[1]) + _wasted(argument[3])
    if operation in _REPEATS and len(argument[2]) == 1 and argument[2][0][0] in _SINGLE:
        return int(nodes[:-1].getwidth()[1]) + int(argument[0])
    return width


class _Counting:
    """Counts for one length of text."""

    def __init__(self, length: int, ignores_case: bool) -> None:
        self.length = length
        self.ignores_case = ignores_case

    def sequence(self, nodes: Any, follow: int) -> float:
        """Multiply the ways of nodes; `follow` is what may come behind them."""
        count = 1.0
        for operation, argument in reversed(list(nodes)):
            count = min(count * self.node(operation, argument, follow), _ENOUGH)
            follow = self.start(operation, argument, follow)
        return count

    def simple(self, nodes: Any) -> float:
        """Count for a sequence of single characters and their repetitions; each may be followed to its end."""
        count = 1.0
        for operation, argument in nodes:
            if operation in _REPEATS and len(argument[2]) == 1 and argument[2][0][0] in _SINGLE:
                count *= min(int(argument[1]), self.length)
            elif operation not in _SINGLE and operation is not tree.AT:
                return _ENOUGH
        return min(count, _ENOUGH)

    def node(self, operation: Any, argument: Any, follow: int) -> float:
        if operation in _REPEATS:
            return self.repeated(argument, follow)
        if operation is tree.SUBPATTERN:
            return self.sequence(argument[3], follow)
        if operation is tree.BRANCH:
            return self.alternatives(argument[1], follow)
        if operation is tree.ATOMIC_GROUP:
            return self.sequence(argument, follow)
        if operation in _AROUND:
            return self.sequence(argument[1], ANYTHING)
        if operation is tree.GROUPREF_EXISTS:
            return self.alternatives([branch for branch in argument[1:] if branch is not None], follow)
        return 1.0

    def alternatives(self, branches: Any, follow: int) -> float:
        counts = [self.sequence(branch, follow) for branch in branches]
        starts = [self.first(branch, follow) for branch in branches]
        apart = all(not starts[i] & starts[j] for i in range(len(starts)) for j in range(i))
        return max(counts) if apart else min(sum(counts), _ENOUGH)

    def repeated(self, argument: Any, follow: int) -> float:
        low, high, nodes = argument
        most = min(int(high), self.length)
        again = self.first(nodes, 0)
        inner = self.sequence(nodes, again | follow)
        nullable = self.first(nodes, 0) != self.first(nodes, ANYTHING)
        choices = 1 if not (again & follow or nullable) else max(most - min(int(low), most) + 1, 1)
        if inner <= 1.0 and not (nullable and most > 1):
            return float(choices)
        return min(float(choices) * _power(max(inner, 2.0), most), _ENOUGH)

    def first(self, nodes: Any, follow: int) -> int:
        """Return what nodes may begin with; if they may be empty, what follows as well."""
        for operation, argument in reversed(list(nodes)):
            follow = self.start(operation, argument, follow)
        return follow

    def start(self, operation: Any, argument: Any, follow: int) -> int:
        if operation in _REPEATS:
            again = self.first(argument[2], follow if int(argument[0]) else 0)
            return again if int(argument[0]) else again | follow
        if operation is tree.SUBPATTERN:
            return self.first(argument[3], follow)
        if operation is tree.BRANCH:
            return self.any_first(argument[1], follow)
        if operation is tree.ATOMIC_GROUP:
            return self.first(argument, follow)
        if operation is tree.AT or operation in _AROUND:
            return ANYTHING
        return characters(operation, argument, self.ignores_case)

    def any_first(self, branches: Any, follow: int) -> int:
        found = 0
        for branch in branches:
            found |= self.first(branch, follow)
        return found


def _power(base: float, exponent: int) -> float:
    return _ENOUGH if exponent * log10(base) > 30 else base**exponent

"""How many ways a pattern has to match: an upper estimate, from its tree.

Source: https://docs.python.org/3.11/library/re.html
"""

from __future__ import annotations

import re._constants as tree  # type: ignore[import-not-found]
import re._parser as reader  # type: ignore[import-not-found]
from functools import lru_cache
from typing import Any

_REPEATS = (tree.MAX_REPEAT, tree.MIN_REPEAT, tree.POSSESSIVE_REPEAT)
_ENOUGH = 1e30


@lru_cache(maxsize=1024)
def ways(pattern: str, flags: int, length: int) -> float:
    """Estimate how many ways the engine may try on a text of a length."""
    nodes = list(reader.parse(pattern, flags))
    anchored = bool(nodes) and nodes[0] == (tree.AT, tree.AT_BEGINNING) and not flags & reader.SRE_FLAG_MULTILINE
    count = _sequence(nodes, length + 1)
    return min(count if anchored else count * (length + 1), _ENOUGH)


def _sequence(nodes: Any, length: int) -> float:
    count = 1.0
    for operation, argument in nodes:
        count = min(count * _node(operation, argument, length), _ENOUGH)
    return count


def _node(operation: Any, argument: Any, length: int) -> float:
    if operation in _REPEATS:
        return _repeated(argument, length)
    if operation is tree.SUBPATTERN:
        return _sequence(argument[3], length)
    if operation is tree.BRANCH:
        return _alternatives([_sequence(branch, length) for branch in argument[1]])
    if operation is tree.ATOMIC_GROUP:
        return _sequence(argument, length)
    if operation in (tree.ASSERT, tree.ASSERT_NOT):
        return _sequence(argument[1], length)
    if operation is tree.GROUPREF_EXISTS:
        return _alternatives([_sequence(branch, length) for branch in argument[1:] if branch is not None])
    return 1.0


def _alternatives(counts: list[float]) -> float:
    return min(sum(counts), _ENOUGH)


def _repeated(argument: Any, length: int) -> float:
    low, high, nodes = argument
    most = min(int(high), length)
    choices = max(most - min(int(low), most) + 1, 1)
    inner = _sequence(nodes, length)
    if inner <= 1.0:
        return float(choices)
    return float(choices) * min(inner ** min(most, 100), _ENOUGH)

"""Graphs walked in time linear in their size, and without recursion: a model may be a chain of thousands.

Source: R. Tarjan, Depth-First Search and Linear Graph Algorithms, 1972
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


def components(first: Iterable[str], following: Callable[[str], Iterable[str]]) -> Iterator[list[str]]:
    """Yield what leads to one another, each after all that it leads to.

    Args:
        first: where to begin.
        following: what comes right after one.
    """
    place: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []
    open_: set[str] = set()
    for start in first:
        if start in place:
            continue
        path: list[tuple[str, Iterator[str]]] = []
        ahead = start
        while True:
            place[ahead] = lowest[ahead] = len(place)
            waiting.append(ahead)
            open_.add(ahead)
            path.append((ahead, iter(following(ahead))))
            found = _next(path, place, lowest, open_)
            while found is None:
                done, _ = path.pop()
                if lowest[done] == place[done]:
                    yield _closed(done, waiting, open_)
                if not path:
                    break
                lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[done])
                found = _next(path, place, lowest, open_)
            if found is None:
                break
            ahead = found


def _next(
    path: list[tuple[str, Iterator[str]]], place: dict[str, int], lowest: dict[str, int], open_: set[str]
) -> str | None:
    """Return what was not met yet, from the last of a path on."""
    here, ahead = path[-1]
    for one in ahead:
        if one not in place:
            return one
        if one in open_:
            lowest[here] = min(lowest[here], place[one])
    return None


def _closed(last: str, waiting: list[str], open_: set[str]) -> list[str]:
    found: list[str] = []
    while not found or found[-1] != last:
        found.append(waiting.pop())
    open_.difference_update(found)
    return found

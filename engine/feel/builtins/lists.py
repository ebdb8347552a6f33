"""List functions.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-list/
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.limits import MAX_STRING_CHARACTERS, MAX_VALUE_DEPTH, FeelFailure, Run, bounded_text
from zeebe_fleet.engine.feel.numbers import Number
from zeebe_fleet.engine.feel.values import Function, contains, distinct_key, equal


@builtin("list contains", "list: list", "element: any", run=True)
def list_contains(run: Run, items: list[Any], element: Any) -> bool:
    """Tell whether a list has an item equal to the element."""
    return contains(items, element, run)


@builtin("count", "list: list")
def count(items: list[Any]) -> int:
    """Count the items."""
    return len(items)


@builtin("is empty", "list: list")
def is_empty(items: list[Any]) -> bool:
    """Tell whether a list has no items."""
    return not items


@builtin("sublist", "list: list", "start: number")
def sublist(items: list[Any], start: Number) -> list[Any] | None:
    """Take the items from a position on; negative ones count from the end."""
    return items[max(_index(items, int(start)), 0) :] if start else None


@builtin("sublist", "list: list", "start: number", "length: number")
def sublist_of_length(items: list[Any], start: Number, length: Number) -> list[Any] | None:
    """Take some items from a position on."""
    first = _index(items, int(start))
    return items[max(first, 0) : max(first + int(length), 0)] if start else None


@builtin("append", "list: list", "items: list", varargs=True)
def append(items: list[Any], more: list[Any]) -> list[Any]:
    """Put items at the end."""
    return items + more


@builtin("concatenate", "lists: list", varargs=True)
def concatenate(lists: list[Any]) -> list[Any]:
    """Put lists one behind the other; what is no list counts as an item."""
    found: list[Any] = []
    for items in lists:
        found.extend(items if type(items) is list else [items])
    return found


@builtin("insert before", "list: list", "position: number", "newItem: any")
def insert_before(items: list[Any], position: Number, item: Any) -> list[Any] | None:
    """Put an item before the one at a position."""
    index = max(_index(items, int(position)), 0)
    return [*items[:index], item, *items[index:]] if position else None


@builtin("remove", "list: list", "position: number")
def remove(items: list[Any], position: Number) -> list[Any] | None:
    """Leave out the item at a position."""
    if not position:
        return None
    index, behind = _index(items, int(position)), _index(items, int(position) + 1)
    return items[: max(index, 0)] + items[max(behind, 0) :]


@builtin("reverse", "list: list")
def reverse(items: list[Any]) -> list[Any]:
    """Turn the order round."""
    return items[::-1]


@builtin("index of", "list: list", "match: any", run=True)
def index_of(run: Run, items: list[Any], match: Any) -> list[int]:
    """Return the positions of all items equal to a value."""
    return [position for position, item in enumerate(items, 1) if equal(item, match, run) is True]


@builtin("union", "lists: list", varargs=True, run=True)
def union(run: Run, lists: list[Any]) -> list[Any]:
    """Put lists one behind the other, each value once."""
    found = concatenate(lists)
    run.spend(len(found))
    return distinct_values(run, found)


@builtin("distinct values", "list: list", run=True)
def distinct_values(run: Run, items: list[Any]) -> list[Any]:
    """Take each value once."""
    first: dict[Any, Any] = {}
    for item in items:
        first.setdefault(distinct_key(item, run), item)
    return list(first.values())


@builtin("duplicate values", "list: list", run=True)
def duplicate_values(run: Run, items: list[Any]) -> list[Any]:
    """Take once each value that is there more often."""
    first: dict[Any, Any] = {}
    twice: dict[Any, None] = {}
    for item in items:
        key = distinct_key(item, run)
        if key in first:
            twice[key] = None
        first.setdefault(key, item)
    return [item for key, item in first.items() if key in twice]


@builtin("flatten", "list: list", run=True)
def flatten(run: Run, items: list[Any]) -> list[Any]:
    """Take the items out of all lists within."""
    found: list[Any] = []
    _flatten(items, found, run, 0)
    return found


def _flatten(items: list[Any], found: list[Any], run: Run, depth: int) -> None:
    if depth > MAX_VALUE_DEPTH:
        raise FeelFailure(f"The list has more than {MAX_VALUE_DEPTH} levels.")
    run.spend(len(items))
    for item in items:
        if type(item) is list:
            _flatten(item, found, run, depth + 1)
        else:
            found.append(item)


@builtin("sort", "list: list", "precedes: function", run=True)
def sort(run: Run, items: list[Any], precedes: Function) -> list[Any] | None:
    """Order a list by a function that says whether one item precedes another; null if it says neither."""
    if len(precedes.params) != 2:
        return None

    def order(x: Any, y: Any) -> int:
        first = precedes.call([x, y], run)
        if type(first) is not bool:
            raise _NoOrderError
        return -1 if first else int(precedes.call([y, x], run) is True)

    try:
        return sorted(items, key=cmp_to_key(order))
    except _NoOrderError:
        return None


class _NoOrderError(Exception):
    """The function gave no truth value."""


@builtin("string join", "list: list")
def string_join(items: list[Any]) -> str | None:
    """Join strings; nulls are left out."""
    return string_join_around(items, None, None, None)


@builtin("string join", "list: list", "delimiter: string or null")
def string_join_by(items: list[Any], delimiter: str | None) -> str | None:
    """Join strings with a delimiter between them."""
    return string_join_around(items, delimiter, None, None)


@builtin("string join", "list: list", "delimiter: string or null", "prefix: string or null", "suffix: string or null")
def string_join_around(items: list[Any], delimiter: str | None, prefix: str | None, suffix: str | None) -> str | None:
    """Join strings with a delimiter between them, a prefix before and a suffix behind all."""
    if (prefix is None) != (suffix is None):
        return None
    texts = [item for item in items if item is not None]
    if any(type(text) is not str for text in texts):
        return None
    size = sum(map(len, texts)) + len(texts) * len(delimiter or "")
    if size > MAX_STRING_CHARACTERS:
        raise FeelFailure(f"The string is longer than {MAX_STRING_CHARACTERS} characters.")
    return bounded_text((prefix or "") + (delimiter or "").join(texts) + (suffix or ""))


@builtin("partition", "list: list", "size: number")
def partition(items: list[Any], size: Number) -> list[list[Any]] | None:
    """Cut a list into lists of a size; null unless it is above zero."""
    length = int(size)
    return [items[index : index + length] for index in range(0, len(items), length)] if length > 0 else None


def _index(items: list[Any], position: int) -> int:
    return position - 1 if position > 0 else len(items) + position

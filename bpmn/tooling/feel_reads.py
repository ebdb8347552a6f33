"""What an expression reads and calls, from its tree.

A name within a filter may be a part of the item, and one that is asked for by `is defined` may be missing: neither
is taken for something that must be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from zeebe_fleet.engine.feel import syntax
from zeebe_fleet.engine.feel.builtins.signatures import BUILTINS
from zeebe_fleet.engine.feel.grammar import tests_of, tree_of

Path = tuple[str, ...]
_ASKED = frozenset(("is defined", "get or else"))
_KEPT = 8_192


@dataclass(slots=True)
class Reads:
    """What was found in an expression.

    Args:
        tree: of the expression; of unary tests the first.
        paths: variables it reads, each with the parts it goes on to: `("applicant", "name")`.
        calls: functions it calls by name, with the number of arguments, or their names.
    """

    tree: Any = None
    paths: list[Path] = field(default_factory=list)
    calls: list[tuple[str, int, tuple[str, ...]]] = field(default_factory=list)


@lru_cache(_KEPT)
def reads_of(text: str) -> Reads:
    """Read an expression, without its `=`.

    Raises:
        FeelSyntaxError: it is none.
    """
    found = Reads(tree_of(text))
    _walk(found.tree, frozenset(), found)
    return found


@lru_cache(_KEPT)
def reads_of_tests(text: str) -> Reads:
    """Read the unary tests of a decision table's cell.

    Raises:
        FeelSyntaxError: they are none.
    """
    _, trees = tests_of(text)
    found = Reads(trees[0] if trees else None)
    for tree in trees:
        _walk(tree, frozenset(("cellInput",)), found)
    return found


def _walk(tree: Any, bound: frozenset[str], found: Reads, *, asked: bool = False) -> None:
    if isinstance(tree, list):
        for one in tree:
            _walk(one, bound, found, asked=asked)
    elif isinstance(tree, syntax.Name | syntax.Path):
        _walk_path(tree, bound, found, asked=asked)
    elif isinstance(tree, syntax.Filter):
        _walk(tree.base, bound, found, asked=asked)
        _walk(tree.condition, bound, found, asked=True)
    elif isinstance(tree, syntax.Entries):
        for key, value in tree.entries:
            _walk(value, bound, found, asked=asked)
            bound |= {key}
    elif isinstance(tree, syntax.For | syntax.Quantified):
        _walk_loop(tree, bound, found, asked=asked)
    elif isinstance(tree, syntax.Literal):
        _walk(tree.body, bound | set(tree.params), found, asked=asked)
    elif isinstance(tree, syntax.Call):
        _walk_call(tree, bound, found, asked=asked)
    elif isinstance(tree, tuple) and not isinstance(tree, syntax.Constant):
        for one in tree:
            _walk(one, bound, found, asked=asked)


def _walk_path(tree: Any, bound: frozenset[str], found: Reads, *, asked: bool) -> None:
    keys: list[str] = []
    while isinstance(tree, syntax.Path):
        keys.append(tree.key)
        tree = tree.base
    if not isinstance(tree, syntax.Name):
        _walk(tree, bound, found, asked=asked)
    elif tree.name not in bound and not asked:
        found.paths.append((tree.name, *reversed(keys)))


def _walk_loop(tree: Any, bound: frozenset[str], found: Reads, *, asked: bool) -> None:
    for _, source in tree.iterators:
        _walk(source, bound, found, asked=asked)
    inner = bound | {name for name, _ in tree.iterators}
    if isinstance(tree, syntax.For):
        _walk(tree.body, inner | {"partial"}, found, asked=asked)
    else:
        _walk(tree.condition, inner, found, asked=asked)


def _walk_call(tree: syntax.Call, bound: frozenset[str], found: Reads, *, asked: bool) -> None:
    asked = asked or (tree.base is None and tree.name in _ASKED)
    _walk(tree.base, bound, found, asked=asked)
    given = tree.arguments if tree.named is None else [value for _, value in tree.named]
    _walk(given, bound, found, asked=asked)
    if tree.base is None and tree.name not in bound:
        found.calls.append((tree.name, len(given), tuple(name for name, _ in tree.named or ())))


def wrong_calls(found: Reads) -> Iterator[tuple[str, str]]:
    """Yield what cannot be called as it is: what is wrong, and what to do."""
    for name, count, named in found.calls:
        if name not in BUILTINS:
            yield f"FEEL has no function {name!r}.", _instead(name)
        elif named:
            yield from _wrong_names(name, named)
        elif wanted := _wrong_count(name, count):
            yield _arguments(name, wanted, count)


def _wrong_names(name: str, named: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    forms = [form.params for form in BUILTINS[name]]
    if not any(set(named) <= set(params) for params in forms):
        known = " or ".join(f"({', '.join(params)})" for params in forms)
        yield f"{name}() has no arguments named {', '.join(named)}.", f"Its arguments are {known}."


def _wrong_count(name: str, count: int) -> str:
    forms = BUILTINS[name]
    if any(count == len(one.params) or (one.varargs and count > len(one.params)) for one in forms):
        return ""
    return " or ".join(str(number) for number in sorted({len(one.params) for one in forms})) + " or more" * any(
        one.varargs for one in forms
    )


def _arguments(name: str, wanted: str, count: int) -> tuple[str, str]:
    return f"{name}() takes {wanted} arguments, not {count}.", "Correct the call; as it is, it gives null."


def _instead(name: str) -> str:
    close = get_close_matches(name, BUILTINS, 1)
    return f"Did you mean {close[0]!r}?" if close else "As it is, it gives null: see FEEL's built-in functions."


def comparisons_of(tree: Any) -> Iterator[tuple[Path, Any]]:
    """Yield what is compared with a value that is written out, where the whole depends on it.

    What is negated, looked for in a list, or computed in a loop is left out.
    """
    if isinstance(tree, syntax.Logic):
        for operand in tree.operands:
            yield from comparisons_of(operand)
    elif isinstance(tree, syntax.If):
        for condition, _ in tree.branches:
            yield from comparisons_of(condition)
    elif isinstance(tree, syntax.Comparison) and tree.operator == "=":
        for one, other in ((tree.left, tree.right), (tree.right, tree.left)):
            if isinstance(other, syntax.Constant) and (path := plain_path(one)):
                yield path, other.value


def plain_path(tree: Any) -> Path:
    """Return what a tree reads that is a variable, or a part of one, and nothing else; empty of any other."""
    keys: list[str] = []
    while isinstance(tree, syntax.Path):
        keys.append(tree.key)
        tree = tree.base
    return (tree.name, *reversed(keys)) if isinstance(tree, syntax.Name) else ()

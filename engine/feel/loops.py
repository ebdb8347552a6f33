"""What visits the items of lists: `for`, `some`, `every`, filters.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-list-expressions/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from zeebe_fleet.engine.feel import numbers, syntax
from zeebe_fleet.engine.feel.compiler import Compiler, compiles
from zeebe_fleet.engine.feel.limits import Run
from zeebe_fleet.engine.feel.numbers import NUMBER_TYPES
from zeebe_fleet.engine.feel.values import Code, Lookup, inner

_Iterators = list[tuple[str, Code]]
#: Conditions that never give a number, so they are no index.
_BOOLEAN = (
    syntax.Comparison,
    syntax.Call,
    syntax.Logic,
    syntax.Between,
    syntax.InstanceOf,
    syntax.In,
    syntax.Quantified,
)


@compiles(syntax.Steps)
def _steps(compiler: Compiler, tree: syntax.Steps, bound: frozenset[str]) -> Code:
    start, end = compiler.code(tree.start, bound), compiler.code(tree.end, bound)

    def code(look: Lookup, run: Run) -> Any:
        first, last = start(look, run), end(look, run)
        if type(first) is int and type(last) is int:
            first, last = numbers.whole(first), numbers.whole(last)
        if type(first) is int and type(last) is int:
            return range(first, last + 1) if first < last else range(first, last - 1, -1)
        if type(first) not in NUMBER_TYPES or type(last) not in NUMBER_TYPES:
            return None
        return _fractions(first, last)

    return code


def _fractions(first: numbers.Number, last: numbers.Number) -> Iterator[numbers.Number]:
    step = 1 if first < last else -1
    while (first <= last) if step == 1 else (first >= last):
        yield first
        first = numbers.total(first, step)


@compiles(syntax.For)
def _for(compiler: Compiler, tree: syntax.For, bound: frozenset[str]) -> Code:
    iterators, names = _iterators(compiler, tree.iterators, bound)
    before = set(compiler.names)
    body, steps = compiler.body(tree.body, (bound | names) - {"partial"})
    partial = "partial" in compiler.names
    if "partial" not in before:
        compiler.names.discard("partial")

    def code(look: Lookup, run: Run) -> Any:
        rounds = _rounds(iterators, look, run)
        if rounds is None:
            return None
        results: list[Any] = []
        for names in rounds:
            run.spend(steps)
            if partial:
                run.spend(len(results))
                names["partial"] = results.copy()
            results.append(body(inner(look, names), run))
        return results

    return code


@compiles(syntax.Quantified)
def _quantified(compiler: Compiler, tree: syntax.Quantified, bound: frozenset[str]) -> Code:
    iterators, names = _iterators(compiler, tree.iterators, bound)
    condition, steps = compiler.body(tree.condition, bound | names)
    decisive = tree.decisive

    def code(look: Lookup, run: Run) -> Any:
        rounds = _rounds(iterators, look, run)
        result: bool | None = None if rounds is None else not decisive
        for names in rounds or ():
            run.spend(steps)
            value = condition(inner(look, names), run)
            if value is decisive:
                return decisive
            if type(value) is not bool:
                result = None
        return result

    return code


@compiles(syntax.Filter)
def _filter(compiler: Compiler, tree: syntax.Filter, bound: frozenset[str]) -> Code:
    base = compiler.code(tree.base, bound)
    condition, steps = compiler.body(tree.condition, bound | {"item"})
    compiler.runs = True
    may_be_index = not isinstance(tree.condition, _BOOLEAN)

    def code(look: Lookup, run: Run) -> Any:
        items = base(look, run)
        if type(items) is not list:
            return None
        index: Any = condition(inner(look, {"item": None}), run) if may_be_index else None
        if type(index) in NUMBER_TYPES:
            return _item(items, index)
        return _matching(items, condition, steps, look, run)

    return code


def _matching(items: list[Any], condition: Code, steps: int, look: Lookup, run: Run) -> Any:
    found = []
    for position, item in enumerate(items):
        run.spend(steps)
        value = condition(_item_scope(look, item), run)
        if value is True:
            found.append(item)
        elif position == 0 and type(value) in NUMBER_TYPES:
            return _item(items, value)
    return found


def _item(items: list[Any], index: int | Decimal) -> Any:
    position = index - 1 if index > 0 else len(items) + index
    return items[int(position)] if 0 <= position < len(items) else None


def _item_scope(scope: Lookup, item: Any) -> Lookup:
    entries: dict[str, Any] = item if type(item) is dict else {}

    def look(name: str) -> Any:
        if name in entries:
            return entries[name]
        return item if name == "item" else scope(name)

    return look


def _iterators(
    compiler: Compiler, iterators: list[tuple[str, Any]], bound: frozenset[str]
) -> tuple[_Iterators, frozenset[str]]:
    compiler.runs = True
    compiled = [(name, compiler.code(source, bound)) for name, source in iterators]
    return compiled, frozenset(name for name, source in iterators)


def _rounds(iterators: _Iterators, look: Lookup, run: Run) -> Iterator[dict[str, Any]] | None:
    sources = [(name, source(look, run)) for name, source in iterators]
    for position, (name, source) in enumerate(sources):
        if source is None or not isinstance(source, (list, range, Iterator)):
            return None
        if position and isinstance(source, Iterator):
            sources[position] = name, _kept(source, run)
    return _combined(sources, run)


def _kept(source: Iterable[Any], run: Run) -> list[Any]:
    kept = []
    for item in source:
        run.spend(1)
        kept.append(item)
    return kept


def _combined(sources: list[tuple[str, Any]], run: Run) -> Iterator[dict[str, Any]]:
    name, items = sources[0]
    for item in items:
        run.spend(1)
        if len(sources) == 1:
            yield {name: item}
        else:
            for names in _combined(sources[1:], run):
                yield names | {name: item}

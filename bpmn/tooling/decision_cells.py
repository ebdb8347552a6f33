"""The cells of a decision table that ask for values which are written out.

Source: DMN 1.3, 7.3.7 (unary tests) and 8.3.3
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.bpmn.tooling.document import Element, kind, line_of
from zeebe_fleet.bpmn.tooling.feel_reads import Path, plain_path, reads_of
from zeebe_fleet.engine.feel import FeelSyntaxError, syntax
from zeebe_fleet.engine.feel.grammar import tests_of


@dataclass(frozen=True, slots=True)
class Cell:
    """What a rule wants of a variable.

    Args:
        line: where it stands.
        element_id: of the cell.
        path: of the variable.
        values: of which it has to be one.
    """

    line: int
    element_id: str
    path: Path
    values: tuple[Any, ...]


def cells_of(table: Element) -> Iterator[Cell]:
    """Yield the cells of a table that list values, in columns that ask for a variable or a part of one."""
    columns = [_path(one) for one in table.iterchildren("{*}input")]
    for rule in table.iterchildren("{*}rule"):
        for path, cell in zip(columns, rule.iterchildren("{*}inputEntry"), strict=False):
            values = _values(_text(cell)) if path else ()
            if values:
                yield Cell(line_of(cell), cell.get("id", rule.get("id", "")), path, values)


def _path(column: Element) -> Path:
    for expression in column.iterchildren("{*}inputExpression"):
        with suppress(FeelSyntaxError):
            return plain_path(reads_of(_text(expression)).tree)
    return ()


def _values(text: str) -> tuple[Any, ...]:
    """Return the values of a cell; none where it asks for something else too."""
    with suppress(FeelSyntaxError):
        is_negated, tests = tests_of(text)
        found = [_value(one) for one in tests]
        return () if is_negated or None in found else tuple(found)
    return ()


def _value(test: Any) -> Any:
    if isinstance(test, syntax.ValueTest) or (isinstance(test, syntax.CompareTest) and test.operator == "="):
        return test.operand.value if isinstance(test.operand, syntax.Constant) else None
    return None


def _text(node: Element) -> str:
    return next(((one.text or "").strip() for one in node if kind(one) == "text"), "")

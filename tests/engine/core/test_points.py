"""The list of points that the documents show is the list that the tests name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "engine-points.md"
POINTS = range(1, 59)


def named() -> dict[int, list[str]]:
    """Return the tests that name each point at the beginning of their docstrings."""
    found: dict[int, list[str]] = {}
    for test in _tests():
        leading = re.match(r"((?:B\d+(?:, )?)+):", ast.get_docstring(test) or "")
        for point in re.findall(r"B(\d+)", leading[1] if leading else ""):
            found.setdefault(int(point), []).append(test.name)
    return found


def _tests() -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for file in sorted((ROOT / "tests" / "engine").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield node


def listed(heading: str) -> list[int]:
    """Return the points under a heading of the page."""
    text = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [int(point) for point in re.findall(r"^- B(\d+) ", text, re.MULTILINE)]


def test_points_held_are_those_that_tests_name() -> None:
    """Every point on the page has a test, and every point that has one is on the page."""
    assert listed("Held by tests") == sorted(named())


def test_every_point_is_in_one_of_the_lists() -> None:
    """None is forgotten, none is in both."""
    assert sorted(listed("Held by tests") + listed("Held in other rooms, or left")) == list(POINTS)


def test_other_rooms_have_tests() -> None:
    """A room that the page names for a point has tests."""
    rooms = re.findall(r": (tests/engine/\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)

    assert rooms
    assert [room for room in rooms if not list((ROOT / room).glob("test_*.py"))] == []

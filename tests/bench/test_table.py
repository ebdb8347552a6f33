"""The page's table is renewed row by row."""

from __future__ import annotations

from bench.table import renewed

_PAGE = """# Page

<!-- measured -->

<!-- /measured -->

More.
"""
_LINE = {
    "name": "idle",
    "measured": "59 MB",
    "target": "≤ 80 MB",
    "holds": True,
    "engine": "in the box, as 8.9",
    "at": "2026-11-29T17:00:00+00:00",
    "commit": "abc",
    "load": 1.5,
}


def test_row_tells_engine_day_commit_and_load() -> None:
    """Whoever reads a figure sees on what it was measured."""
    row = "| idle | 59 MB | ≤ 80 MB | yes | in the box, as 8.9 | 2026-11-29 abc, load 1.5 |"

    assert row in renewed(_PAGE, [_LINE]).splitlines()


def test_what_was_not_measured_again_stays() -> None:
    """A row of an earlier day keeps its place, its figure and its day; the rest of the page stays as it is."""
    page = renewed(renewed(_PAGE, [_LINE, _LINE | {"name": "ready", "holds": False}]), [_LINE | {"measured": "61 MB"}])

    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[:2] for row in rows[1:]] == [["| idle", "61 MB"], ["| ready", "59 MB"]]
    assert "**short**" in rows[2]
    assert page.endswith("<!-- /measured -->\n\nMore.\n")

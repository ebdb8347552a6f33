"""Writes what was measured last into the page that tells of it: `python -m bench.table`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_FILES = (Path("build/bench-start.json"), Path("build/bench.json"))
"""What both have measured is taken from the later one, whose heats are more."""
_BEGIN, _END = "<!-- measured -->", "<!-- /measured -->"
_HEAD = ["| what | measured | target | holds | engine | measured at |", "|---|---|---|---|---|---|"]
_HOLDS = {True: "yes", False: "**short**", None: "–"}


def main() -> None:
    """Put the lines of the two files into the page's table."""
    lines = [line for file in _FILES if file.exists() for line in json.loads(file.read_text("utf-8"))]
    _PAGE.write_text(renewed(_PAGE.read_text("utf-8"), lines), "utf-8")


def renewed(page: str, lines: list[Mapping[str, Any]]) -> str:
    """Return the page with these lines in its table; rows that were not measured again stay as they are."""
    before, _, rest = page.partition(_BEGIN)
    table, _, after = rest.partition(_END)
    rows = {_name(row): row for row in table.splitlines() if row.startswith("| ") and row not in _HEAD}
    rows |= {line["name"]: _row(line) for line in lines}
    return "\n".join([before + _BEGIN, "", *_HEAD, *rows.values(), "", _END + after])


def _name(row: str) -> str:
    return row.split(" | ")[0].removeprefix("| ")


def _row(line: Mapping[str, Any]) -> str:
    cells = (line["name"], line["measured"], line["target"] or "–", _HOLDS[line["holds"]], line.get("engine") or "–")
    return f"| {' | '.join(cells)} | {_how(line)} |"


def _how(line: Mapping[str, Any]) -> str:
    when = f"{str(line.get('at', ''))[:10]} {line.get('commit', '')}".strip()
    load = f", load {line['load']}" if "load" in line else ""
    return f"{when}{load}{', quick' if line.get('quick') else ''}"


if __name__ == "__main__":
    main()

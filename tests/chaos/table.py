"""Writes what was measured last into the page that tells of it: `python -m tests.chaos.table`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.chaos.rows import TABLE

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- measured -->", "<!-- /measured -->"


def main() -> None:
    """Replace the table between the marks by the lines of `build/chaos.json`, in the order of the suite."""
    found = {line["name"]: line for line in json.loads(Path("build/chaos.json").read_text())}
    lines = [found[row.name] for row in TABLE if row.name in found]
    rows = [
        f"| {line['name']} | {line['target']} | {line['measured']} | {line['scale']:g} | {line['seed']} | "
        f"{line.get('engine', 'Zeebe 8.6.0')} | "
        f"{str(line.get('at', ''))[:10]} {line.get('commit', '')} | "
        f"{_holds(line)} |"
        for line in lines
    ]
    head = [
        "| what | target | measured | size | seed | engine | measured at | holds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    page = _PAGE.read_text()
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    _PAGE.write_text("\n".join([before + _BEGIN, "", *head, *rows, "", _END + after]))


def _holds(line: Mapping[str, Any]) -> str:
    at_size = "" if line["scale"] == 1 else f", at {line['scale']:g}"
    return f"yes{at_size}" if line["holds"] else "**no**"


if __name__ == "__main__":
    main()

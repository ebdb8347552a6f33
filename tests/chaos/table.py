"""Writes what was measured last into the page that tells of it: `python -m tests.chaos.table`."""

from __future__ import annotations

import json
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- measured -->", "<!-- /measured -->"


def main() -> None:
    """Replace the table between the marks by the lines of `build/chaos.json`."""
    lines = json.loads(Path("build/chaos.json").read_text())
    rows = [
        f"| {line['name']} | {line['target']} | {line['measured']} | {line['scale']:g} | {line['seed']} | "
        f"{'yes' if line['holds'] else '**no**'} |"
        for line in lines
    ]
    head = ["| what | target | measured | size | seed | holds |", "|---|---|---|---|---|---|"]
    page = _PAGE.read_text()
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    _PAGE.write_text("\n".join([before + _BEGIN, "", *head, *rows, "", _END + after]))


if __name__ == "__main__":
    main()

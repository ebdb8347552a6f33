"""Writes what was measured last into the page that tells of it: `python -m bench.table`."""

from __future__ import annotations

import json
from pathlib import Path

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_FILES = (Path("build/bench-start.json"), Path("build/bench.json"))
"""What both have measured is taken from the later one, whose heats are more."""
_BEGIN, _END = "<!-- measured -->", "<!-- /measured -->"
_HOLDS = {True: "yes", False: "**short**", None: "–"}


def main() -> None:
    """Replace the table between the marks by the lines of the two files."""
    found = [line for file in _FILES if file.exists() for line in json.loads(file.read_text("utf-8"))]
    lines = list({line["name"]: line for line in found}.values())
    rows = [
        f"| {line['name']} | {line['measured']} | {line['target'] or '–'} | {_HOLDS[line['holds']]} | "
        f"{line.get('engine') or '–'} | {_how(line)} |"
        for line in lines
    ]
    head = ["| what | measured | target | holds | engine | measured at |", "|---|---|---|---|---|---|"]
    before, _, rest = _PAGE.read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    _PAGE.write_text("\n".join([before + _BEGIN, "", *head, *rows, "", _END + after]), "utf-8")


def _how(line: dict[str, object]) -> str:
    when = f"{str(line.get('at', ''))[:10]} {line.get('commit', '')}".strip()
    load = f", load {line['load']}" if "load" in line else ""
    return f"{when}{load}{', quick' if line.get('quick') else ''}"


if __name__ == "__main__":
    main()

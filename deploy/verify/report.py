"""What is found: on the terminal, and in a file that holds versions and statuses only."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from zeebe_fleet.deploy.verify.run import Finding, Plays
from zeebe_fleet.workers.contract.errors import FleetError

_MARKS = {"ok": "✓", "missed": "✗", "skipped": "–"}
_COLOURS = {"ok": "green", "missed": "red", "skipped": "yellow"}
_WIDTH = 24


def show(finding: Finding, console: Console) -> None:
    """Print one point, and what was seen in its place."""
    console.print(_MARKS[finding.verdict], style=_COLOURS[finding.verdict], end="")
    console.print(f" {finding.name:<{_WIDTH}}{finding.expects}")
    if finding.seen:
        word = "seen" if finding.verdict == "missed" else "not asked"
        told = f"{finding.seen}. {finding.said}".strip()
        console.print(f"  {'':<{_WIDTH}}→ {word}: {told}")


def summary(findings: Sequence[Finding]) -> str:
    """Return the count of each verdict in a sentence."""
    count = {verdict: sum(one.verdict == verdict for one in findings) for verdict in _MARKS}
    return f"{count['ok']} points hold, {count['missed']} do not, {count['skipped']} could not be asked."


def write(path: Path, plays: Plays, findings: Sequence[Finding]) -> None:
    """Write a report: markdown where the name ends so, else JSON.

    Raises:
        FleetError: it cannot be written.
    """
    content = _content(plays, findings)
    text = _markdown(content) if path.suffix in (".md", ".markdown") else json.dumps(content, indent=2) + "\n"
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise FleetError(f"The report cannot be written to {path}: {error.strerror or error}.") from error


def _content(plays: Plays, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "report": "fleet verify-engine",
        "fleet": version("zeebe-fleet"),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "engine": asdict(plays),
        "summary": summary(findings),
        "points": [
            {
                "point": one.name,
                "expected": one.expects,
                "verdict": one.verdict,
                "seen": one.seen,
                "took_s": round(one.took_s, 3),
            }
            for one in findings
        ],
    }


def _markdown(content: dict[str, Any]) -> str:
    engine = content["engine"]
    rows = [
        f"| {_MARKS[one['verdict']]} | {one['point']} | {_cell(one['expected'])} | {_cell(one['seen'])} |"
        for one in content["points"]
    ]
    head = [
        "# fleet verify-engine",
        "",
        f"Engine {engine['version'] or 'unknown'}, {engine['partitions']} partitions; fleet {content['fleet']}, "
        f"Python {content['python']}; {content['at']}. {content['summary']}",
        "",
        "| | point | expected | seen |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

"""What was measured beside what was promised."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console(width=160, soft_wrap=True, highlight=False)


@dataclass(frozen=True)
class Figure:
    """One row: a promise, what was found, and how it was found.

    Args:
        measured: with its unit, as a person reads it.
        target: likewise; empty for what is only measured.
        holds: `None` when nothing is promised.
        details: the numbers behind it.
    """

    name: str
    measured: str
    target: str
    holds: bool | None
    details: dict[str, Any] = field(default_factory=dict)


def show(figures: Sequence[Figure], title: str) -> None:
    """Print measured beside target."""
    table = Table(title=title, title_justify="left")
    for column in ("what", "measured", "target", "holds"):
        table.add_column(column)
    for figure in figures:
        table.add_row(figure.name, figure.measured, figure.target, _word(figure.holds))
    console.print(table)


def write(figures: Sequence[Figure], file: Path, **how: Any) -> None:
    """Write them as JSON, each with when and how it was measured; those not measured this time stay as they are.

    Args:
        how: `engine` names the one that was there, if any.
    """
    # How many processes wanted to run in the last minute: the bench itself is two or three of them.
    load = round(os.getloadavg()[0], 1)
    stamp = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), "load": load, **how}
    merge([asdict(figure) | stamp for figure in figures], file)


def merge(lines: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Put lines in the place of those of the same name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {line["name"]: line for line in json.loads(file.read_text("utf-8"))} if file.exists() else {}
    kept |= {line["name"]: line for line in lines}
    file.write_text(json.dumps(list(kept.values()), indent=2) + "\n", "utf-8")


def commit() -> str:
    """Name the commit that is measured; with a plus sign when files differ from it, empty without git."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()


def _word(holds: bool | None) -> str:
    return {True: "yes", False: "[bold red]SHORT[/]", None: "–"}[holds]

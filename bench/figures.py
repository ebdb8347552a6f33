"""What was measured beside what was promised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
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


def write(figures: Sequence[Figure], file: Path) -> None:
    """Write them as JSON; rows of an earlier run that were not measured again stay out."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n", "utf-8")
    console.print(f"Written to {file}.")


def _word(holds: bool | None) -> str:
    return {True: "yes", False: "[bold red]SHORT[/]", None: "–"}[holds]

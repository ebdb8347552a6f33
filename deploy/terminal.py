"""Where commands print: what others wrote is printed as it is, square brackets too."""

from __future__ import annotations

from rich.console import Console

from zeebe_fleet.workers.contract.addresses import without_userinfo
from zeebe_fleet.workers.contract.errors import FleetError


def terminal(*, stderr: bool = False, soft_wrap: bool = True) -> Console:
    """Return a console that reads no markup; colours are given by `style` or `Text`.

    Args:
        soft_wrap: leave long lines to the terminal; not for pictures that move.
    """
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=soft_wrap)


def show_error(error: FleetError) -> None:
    """Say on standard error what is wrong and what to do next."""
    console = terminal(stderr=True)
    console.print(without_userinfo(error.message), style="bold red")
    if error.suggestion:
        console.print(f"→ {without_userinfo(error.suggestion)}")

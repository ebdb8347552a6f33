"""The name of the operating system's run."""

from __future__ import annotations

import subprocess
import sys

from zeebe_fleet.engine.search import boot


def test_boot_has_one_name_for_every_process() -> None:
    """On Linux and on a Mac; what has none would have every index checked that was not closed."""
    asked = "from zeebe_fleet.engine.search import boot; print(boot.name())"
    other = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
    assert other == boot.name() != boot.UNKNOWN

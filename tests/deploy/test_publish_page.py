"""The page on publishing: its commands, run as they stand there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.test_docs import ROOT, blocks

PAGE = ROOT / "docs/how-to/publish.md"


def test_commands_of_the_page_run(tmp_path: Path) -> None:
    """One after the other, in an empty folder: a process is made, published and listed."""
    script = "\n".join(["set -eu", *blocks(PAGE, "sh")])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLEET_")}
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "refund 0.1.0 is published by ci as refund_v0.1.0.yaml" in done.stdout
    assert [one.name for one in (tmp_path / "published").glob("*.yaml")] == ["refund_v0.1.0.yaml"]

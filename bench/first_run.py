"""What `make demo` fetches on a bare machine: its lock's wheels, and the packages that the page is built of."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from bench.figures import Figure, console
from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.node import packages

_LOCK = Path(__file__).parents[1] / "requirements" / "demo.txt"
_MOST_MB = 165
_MB = 1_000_000


def downloads() -> Figure:
    """Fetch it all once more, into a folder that is thrown away, and weigh it."""
    console.print("\n[bold]What a first run fetches[/]")
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        wheels = _wheels_mb(Path(folder, "wheels"))
        page_mb = _page_mb(Path(folder, "page"))
    total = sum(wheels.values()) + page_mb
    heaviest = sorted(wheels.items(), key=lambda item: -item[1])[:4]
    said = ", ".join(f"{name} {size:.0f}" for name, size in heaviest)
    return Figure(
        "make demo on a bare machine downloads",
        f"{total:.0f} MB (the page's packages {page_mb:.0f}, {len(wheels)} wheels {total - page_mb:.0f}: {said}, …)",
        f"≤ {_MOST_MB} MB",
        total <= _MOST_MB,
        {"wheels_mb": wheels, "page_mb": page_mb},
    )


def _wheels_mb(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--require-hashes", "-r", str(_LOCK), "-d", str(folder)], check=True)
    return {file.name.split("-")[0]: file.stat().st_size / _MB for file in folder.iterdir()}


def _page_mb(folder: Path) -> float:
    """Weigh npm's cache after it has fetched what the page is built of."""
    with patch.dict("os.environ", {"npm_config_cache": str(folder / "npm")}):
        packages(Cache(folder / "cache"))
    contents = (folder / "npm" / "_cacache" / "content-v2").rglob("*")
    return sum(file.stat().st_size for file in contents if file.is_file()) / _MB

"""Build the site into `build/site`; what does not resolve, or is loaded from elsewhere, is an error.

python -m docs.site
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build/site"
_LOADED = re.compile(
    r"""<(?:script|img|iframe)[^>]+src=["']?(?:https?:)?//|<link(?![^>]+canonical)[^>]+href=["']?(?:https?:)?//"""
)


def main() -> int:
    """Build, and look the pages over."""
    # Not --quiet: that would hide the warnings which --strict counts.
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    foreign = [page for page in SITE.rglob("*.html") if _LOADED.search(page.read_text("utf-8"))]
    said = [f"{page.relative_to(SITE)} loads something from elsewhere." for page in foreign]
    if built.returncode or foreign:
        print("\n".join([built.stdout, *said]), file=sys.stderr)
        return 1
    print(f"The site is at {SITE.relative_to(ROOT)}/index.html; with its search: python -m http.server -d build/site")
    return 0


if __name__ == "__main__":
    sys.exit(main())

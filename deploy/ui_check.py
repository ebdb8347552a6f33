"""Checks the UI of a checkout: its types, and that `operations.ts` is what the schema makes of it.

python -m zeebe_fleet.deploy.ui_check [--write-types]

What was checked once is known by its hash, so that a second look costs nothing.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.node import MODULES, SOURCES, fingerprint, node, packages, run_node, sources
from zeebe_fleet.workers.contract.errors import FleetError

_SCHEMA = SOURCES.parent / "schema.graphql"
_MADE = Path("src") / "operations.ts"
_WRITTEN = Path("src") / "operations.graphql"
_KNOWN = SOURCES.parent / "persisted" / "page.graphql"
"""What the API executes in production; a wheel has no sources of the page."""


def check_ui(cache: Cache | None = None) -> bool:
    """Check the UI unless it was checked as it is; tells whether there was anything to do.

    Raises:
        FleetError: something is wrong with it.
    """
    if not SOURCES.is_dir():
        return False  # installed from a wheel
    cache = cache or Cache()
    stamps = cache.root / "ui-checked"
    stamp = stamps / fingerprint([*sources(), SOURCES / "codegen.mjs", _SCHEMA])
    if stamp.exists():
        return False
    with tempfile.TemporaryDirectory() as folder:
        work = _copy(Path(folder), packages(cache, development=True))
        run_node([str(node()), "codegen.mjs"], work)
        if (work / _MADE).read_bytes() != (SOURCES / _MADE).read_bytes():
            raise FleetError("operations.ts is not what the schema makes of operations.graphql.", "Run make ui-types.")
        run_node([str(node()), f"{MODULES}/typescript/bin/tsc", "--noEmit", "--pretty", "false"], work)
    stamps.mkdir(parents=True, exist_ok=True)
    stamp.touch()
    return True


def write_types(cache: Cache | None = None) -> None:
    """Write `operations.ts` anew, and the list of what the page sends.

    Raises:
        FleetError: an operation does not fit the schema.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = _copy(Path(folder), packages(cache, development=True))
        run_node([str(node()), "codegen.mjs"], work)
        shutil.copyfile(work / _MADE, SOURCES / _MADE)
    shutil.copyfile(SOURCES / _WRITTEN, _KNOWN)


def _copy(folder: Path, modules: Path) -> Path:
    work = folder / "ui"
    shutil.copytree(SOURCES, work, ignore=shutil.ignore_patterns(MODULES, "dist"))
    shutil.copyfile(_SCHEMA, folder / _SCHEMA.name)
    (work / MODULES).symlink_to(modules)
    return work


def main() -> int:
    """Check, or write the types; say what is wrong."""
    try:
        if "--write-types" in sys.argv[1:]:
            write_types()
        else:
            check_ui()
    except FleetError as error:
        print(f"{error.message} {error.suggestion}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

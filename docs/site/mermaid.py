"""Mermaid, which draws the diagrams, kept on this machine for all checkouts."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.node import npm, run_node

_LOCKED = ("package.json", "package-lock.json", ".npmrc")
_SCRIPT = "node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"


def mermaid(cache: Cache | None = None) -> Path:
    """Return its script, fetched by the lock beside this file when it is not here yet."""
    cache, here = cache or Cache(), Path(__file__).parent
    name = "site-" + hashlib.sha256(b"".join((here / one).read_bytes() for one in _LOCKED)).hexdigest()[:20]
    with cache.lock("site", lambda: None):
        if not (cache.root / name).is_dir():
            with cache.build(name) as folder:
                for one in _LOCKED:
                    shutil.copy(here / one, folder)
                run_node([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    return cache.root / name / _SCRIPT

"""JSON Schemas put beside packages, for editors that complete and check YAML by them."""

from __future__ import annotations

from pathlib import Path

import zeebe_fleet.bpmn

_PUBLISHED = Path(zeebe_fleet.bpmn.__path__[0]) / "schemas"
_BESIDE = ".schemas"
"""Begins with a dot, so that nobody takes it for a package."""


def write_schemas(packages: Path) -> None:
    """Write the schemas of this version beside packages, over those of another."""
    folder = packages / _BESIDE
    folder.mkdir(parents=True, exist_ok=True)
    for schema in sorted(_PUBLISHED.glob("*.schema.json")):
        (folder / schema.name).write_bytes(schema.read_bytes())

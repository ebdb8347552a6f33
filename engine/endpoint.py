"""Where the engine of a data directory answers: noted beside its data, for commands that are told the directory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "endpoint.json"


@contextmanager
def noted(data: Path, grpc: str, rest: str) -> Iterator[None]:
    """Have it written down where an engine answers, as long as it does."""
    note = data / _NAME
    note.write_text(json.dumps({"grpc": grpc, "rest": rest}), "utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def rest_of(data: Path) -> str:
    """Return host and port of the REST API; empty when none runs there. One that was killed leaves its own behind."""
    try:
        return str(json.loads((data / _NAME).read_text("utf-8"))["rest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""

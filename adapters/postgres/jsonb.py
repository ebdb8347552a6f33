"""JSON and text as PostgreSQL takes them."""

from __future__ import annotations

import json
import re
from typing import Any

_UNFIT = re.compile("[\x00\ud800-\udfff]")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def to_jsonb(value: Any) -> str:
    """Write a value as text for a `jsonb` parameter; what `jsonb` refuses, NUL and half characters, becomes a mark."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not written.isascii():
        written = written.encode("utf-8", "replace").decode("utf-8")
    return _NUL.sub(r"\1\\ufffd", written) if "\\u0000" in written else written


def to_text(said: str) -> str:
    """Write words as a `text` parameter; what no text can hold, NUL and half characters, becomes a mark."""
    return _UNFIT.sub("\ufffd", said)


def from_jsonb(stored: str | None) -> Any:
    """Read what `to_jsonb` wrote; nothing stays nothing."""
    return None if stored is None else json.loads(stored)

"""The built-in functions of FEEL, one module per page of the documentation, and those that Zeebe adds."""

from __future__ import annotations

from zeebe_fleet.engine.feel.builtins import (
    boolean,
    context,
    conversion,
    list_statistics,
    lists,
    numeric,
    ranges,
    strings,
    temporal,
    zeebe,
)

__all__ = [
    "boolean",
    "context",
    "conversion",
    "list_statistics",
    "lists",
    "numeric",
    "ranges",
    "strings",
    "temporal",
    "zeebe",
]

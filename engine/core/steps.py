"""What can be run later, by name; the arguments are plain data, for they may have to wait on the disk."""

from __future__ import annotations

from collections.abc import Callable

from zeebe_fleet.engine.core import catching, lifecycle, loops

STEPS: dict[str, Callable[..., None]] = {
    "arrive": lifecycle.arrive,
    "activate": lifecycle.activate,
    "completing": lifecycle.completing,
    "terminate": lifecycle.terminate,
    "ended_inside": lifecycle.ended_inside,
    "emptied": lifecycle.emptied,
    "catch": lifecycle.catch,
    "spawn": loops.spawn,
    "buffered": catching.buffered,
}

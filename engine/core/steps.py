"""What can be run later, by name; the arguments are plain data, for they may have to wait on the disk."""

from __future__ import annotations

from collections.abc import Callable

from zeebe_fleet.engine.core import (
    by_hand,
    catching,
    joining,
    lifecycle,
    loops,
    starts,
    sweeping,
    termination,
    transitions,
)

STEPS: dict[str, Callable[..., None]] = {
    "arrive": lifecycle.arrive,
    "activate": lifecycle.activate,
    "completing": lifecycle.completing,
    "terminate": termination.terminate,
    "ended_inside": termination.ended_inside,
    "emptied": termination.emptied,
    "catch": by_hand.catch,
    "spawn": loops.spawn,
    "buffered": catching.buffered,
    "joined": joining.joined,
    "swept": sweeping.swept,
    "unlocked": starts.unlocked,
    "heard": transitions.heard,
}

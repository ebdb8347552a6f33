"""Growing pauses with jitter, for what is tried again for as long as it takes."""

from __future__ import annotations

import asyncio
import random

_FIRST_S = 0.01
_CAP_S = 3.0


class Backoff:
    """From ten milliseconds to three seconds; chance spreads those who wait for the same thing."""

    def __init__(self) -> None:
        self._next_s = _FIRST_S

    def reset(self) -> None:
        """Begin again: it worked."""
        self._next_s = _FIRST_S

    def next_s(self) -> float:
        """Return how long to wait this time, in seconds; longer each time."""
        pause_s = self._next_s * random.uniform(0.5, 1.5)
        self._next_s = min(self._next_s * 2, _CAP_S)
        return pause_s

    async def pause(self) -> None:
        """Wait, longer each time."""
        await asyncio.sleep(self.next_s())

"""Waiting for what happens within one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(question: Callable[[], object]) -> None:
    """Wait for a state."""
    async with asyncio.timeout(10):
        while not question():
            await asyncio.sleep(0.001)

"""All rows of the engine itself, one after another; under four minutes on two quiet cores."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bench.engine.crowd import crowd
from bench.engine.promptness import promptness
from bench.engine.readiness import readiness
from bench.engine.speed import speed
from bench.figures import Figure

TIMES = 7
"""Differences under 15 % are noise: seven heats of each, in turns."""


async def engine(*, quick: bool) -> AsyncIterator[list[Figure]]:
    """Measure them; each group is given as soon as it is there."""
    times = 3 if quick else TIMES
    yield await readiness(times)
    yield await promptness(50 if quick else 200, times)
    yield await speed(100 if quick else 600, times)
    yield await crowd(5_000 if quick else 100_000, 100 if quick else 400, times)

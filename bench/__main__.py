"""Measures every figure the fleet promises, prints it beside its target and keeps it in `build/bench.json`.

Ratios come from one run each, the contestants alternating, the median of five heats (two with `--quick`); of the engine
itself, of seven (three).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path

from bench import bounds, throughput
from bench.ceiling import ceiling
from bench.engine import rows as engine_rows
from bench.figures import Figure, console, show, write
from bench.heat import Size
from bench.java.build import Java, java
from bench.latency import low_load
from bench.site import ENGINE, Site, site

_FILE = Path("build/bench.json")
ROWS = ("engine", "ceiling", "throughput", "latency", "concurrency", "memory", "backpressure")


class Bench:
    """All rows, full or quick; each is kept as soon as it is measured.

    Args:
        quick: a fraction of the work, for a look; its figures are marked as such.
        times: heats per contestant.
    """

    def __init__(self, *, quick: bool, times: int) -> None:
        self._quick = quick
        self._times = times
        self._size = Size(instances=400, warm_up=100) if quick else Size(instances=2_000, warm_up=400)

    async def run(self, rows: list[str]) -> list[Figure]:
        """Measure the named rows, in the order in which they disturb each other least."""
        figures: list[Figure] = []
        if "engine" in rows:
            async for some in engine_rows.engine(quick=self._quick):
                figures += self._kept(some)
        if "ceiling" in rows:
            measured = await ceiling(self._java, 3.0 if self._quick else 8.0, self._times)
            figures += self._kept(measured, engine="")  # the mock gateway is none
        if set(rows) & {"throughput", "latency", "concurrency", "memory"}:
            async with site() as place:
                figures += await self._on_one_engine(place, rows)
        if "backpressure" in rows:
            figures += self._kept(await throughput.pushing_back(self._size, self._times))
        return figures

    async def _on_one_engine(self, place: Site, rows: list[str]) -> list[Figure]:
        every: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
            "throughput": lambda: throughput.quiet_engine(place, self._java, self._size, self._times),
            "latency": lambda: low_load(place, self._java, 20 if self._quick else 60, self._times),
            "concurrency": lambda: _listed(bounds.concurrency(place, 40 if self._quick else 300)),
            "memory": lambda: _listed(
                bounds.memory(place, 5_000 if self._quick else 100_000, 5.0 if self._quick else 20.0)
            ),
        }
        return [figure for row, measure in every.items() if row in rows for figure in self._kept(await measure())]

    @cached_property
    def _java(self) -> Java:
        return java()

    def _kept(self, figures: list[Figure], engine: str = ENGINE) -> list[Figure]:
        write(figures, _FILE, engine=engine, quick=self._quick)
        return figures


async def _listed(figure: Awaitable[Figure]) -> list[Figure]:
    return [await figure]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", choices=[[], *ROWS], metavar="ROW", help=f"of {', '.join(ROWS)}; all if none"
    )
    parser.add_argument("--quick", action="store_true", help="a look in minutes, not a record")
    parser.add_argument("--times", type=int, help="heats per contestant (5; 2 with --quick)")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    times = asked.times or (2 if asked.quick else 5)
    figures = asyncio.run(Bench(quick=asked.quick, times=times).run(asked.rows or list(ROWS)))
    title = f"Figures{' (quick: not for the record)' if asked.quick else ''}"
    show(figures, title)
    console.print(f"Kept in {_FILE}.")


if __name__ == "__main__":
    main()

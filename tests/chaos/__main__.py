"""Measures what the fleet promises while everything is killed: `python -m tests.chaos`."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

# Before gRPC is loaded: the engine is started while it runs, and a fork with its threads would crash.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from bench.figures import commit, merge
from tests.chaos.row import Finding, Row
from tests.chaos.rows import TABLE, kill_points
from tests.chaos.world import World
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.local.stack import LocalStack

OUT = Path("build")
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run the chosen rows; the exit status tells whether all hold."""
    chosen = _arguments()
    rows = [row for row in TABLE if not chosen.only or any(part in row.name for part in chosen.only)]
    if chosen.quick:
        rows, chosen.scale = list(kill_points.ROWS), kill_points.QUICK
    OUT.mkdir(exist_ok=True)
    lines = []
    for engine, same in itertools.groupby(rows, key=lambda row: row.engine):
        with stack_with(engine) as stack:
            lines += asyncio.run(run(stack, list(same), seed=chosen.seed, scale=chosen.scale))
    return 0 if all(line["holds"] for line in lines) else 1


@contextmanager
def stack_with(engine: Sequence[str]) -> Iterator[LocalStack]:
    """Run a stack of its own, whose engine has these arguments more."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as state:
        stack = LocalStack(Path(state), report=ConsoleReport(), engine_settings=engine)
        stack.up()
        try:
            yield stack
        finally:
            stack.down()


async def run(stack: LocalStack, rows: Sequence[Row], *, seed: int, scale: float) -> list[dict[str, object]]:
    """Run rows one after the other, each in a world of its own, and print them."""
    folder = OUT / "chaos-logs"
    folder.mkdir(parents=True, exist_ok=True)
    console.print(f"seed {seed}, scale {scale:g}")
    lines = []
    for row in rows:
        begun = time.monotonic()
        try:
            async with World(stack, random.Random(f"{seed}/{row.name}"), scale, folder) as world:
                finding = await row.measure(world)
        except Exception as error:
            console.print_exception()
            finding = Finding(f"broke: {type(error).__name__}: {error}", holds=False)
        mark = "[green]holds[/]" if finding.holds else "[bold red]SHORT[/]"
        took_s = time.monotonic() - begun
        console.print(f"{mark} {row.name}\n      measured {finding.measured}\n      target   {row.target}")
        how = {"scale": scale, "seed": seed, "took_s": round(took_s, 1), "commit": commit()}
        lines.append(row.written(finding) | how | {"at": datetime.now(UTC).isoformat(timespec="seconds")})
        # At once: what was measured stays, whatever becomes of the rest; so do rows that do not run this time.
        merge(lines[-1:], OUT / "chaos.json")
    return lines


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="where every choice comes from")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--quick", action="store_true", help="the size for CI: 20 kill points over 500 instances")
    parser.add_argument("--only", action="append", help="part of a row's name; may be given several times")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())

"""Measures the pages, prints what was found beside its target, and writes `build/bench-ui.json`.

make bench-ui
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Browser

from bench.figures import Figure, console, show, write
from bench.site import ENGINE
from bench.ui import screen
from bench.ui.stage import PROCESS, Stage, stage
from zeebe_fleet.deploy.ui_build import build_ui

_FILE = Path("build/bench-ui.json")
_ACTIVITIES = 10_000
_PEOPLE = 200
_FILTERS = (
    ("type", "case-04", "CASE-04"),
    ("type", "CASE-00731", "CASE-00731"),
    ("type", "discount", "Approve discount"),
    ("press", "Mine", "rita"),
    ("press", "My groups", "Review application"),
    ("press", "Overdue", "overdue"),
)


async def weight(browser: Browser, url: str) -> list[Figure]:
    """Load the inbox with an empty cache, then an activity with form and diagram."""
    async with screen.signed_in(browser, url, "rita") as context:
        page = await context.new_page()
        weighed = screen.Weight(page)
        await page.goto("/inbox")
        await page.locator(".row").first.wait_for()
        light_kb = await weighed.kb()
        await page.goto("/start/hello_world")
        await page.locator(".camunda-form[data-ready=true]").wait_for()
        await page.goto("/processes/hello_world")
        await page.locator(".canvas[data-state=ready]").wait_for()
        full_kb = await weighed.kb()
    return [
        Figure("first load, gzipped, without form-js and bpmn-js", f"{light_kb:.0f} KB", "≤ 300 KB", light_kb <= 300),
        Figure("the same with both", f"{full_kb:.0f} KB", "≤ 600 KB", full_kb <= 600),
    ]


async def speed(browser: Browser, url: str, times: int) -> list[Figure]:
    """Open and filter an inbox full of activities."""
    opened = [await screen.first_rows_ms(browser, url, "rita") for _ in range(times)]
    painted, rows = ([one[name] for one in opened] for name in ("painted", "rows"))
    took: dict[str, list[float]] = {}
    async with screen.signed_in(browser, url, "rita") as context:
        page = await context.new_page()
        await page.goto("/inbox")
        await page.locator(".row").first.wait_for()
        for _ in range(times):
            for kind, value, expected in _FILTERS:
                await page.goto("/inbox")
                await page.locator(".row").first.wait_for()
                took.setdefault(f"{kind} {value}", []).append(await screen.filter_ms(page, kind, value, expected))
    all_ms = [one for each in took.values() for one in each]
    slowest = max(took, key=lambda name: statistics.median(took[name]))
    filter_ms = screen.p95(all_ms)
    return [
        Figure(
            f"inbox of {_ACTIVITIES:,}: first paint, and with its rows, median",
            f"{statistics.median(painted):.0f} ms, {statistics.median(rows):.0f} ms",
            "< 1 s, with its rows",
            statistics.median(rows) < 1000,
            {"painted_ms": painted, "rows_ms": rows},
        ),
        Figure(
            f"inbox of {_ACTIVITIES:,}: filter, p95",
            f"{filter_ms:.0f} ms (median {statistics.median(all_ms):.0f} ms; slowest: {slowest})",
            "< 200 ms",
            filter_ms < 200,
            {"ms": took},
        ),
    ]


async def crowd(browser: Browser, on: Stage, changes: int) -> list[Figure]:
    """Let many people look on while the engine makes work, and see when it is on a screen."""
    before_mb = on.api_bytes() / 1024**2
    async with screen.signed_in(browser, on.url, "rita") as context:
        page = await context.new_page()
        await page.goto("/inbox")
        await page.locator(".row").first.wait_for()
        with _people(on.url, _PEOPLE) as people:
            cpu_s = on.api_cpu_s()
            begun: dict[int, float] = {}
            for _ in range(changes):
                at_s = time.time()
                (key,) = await on.site.load.create(PROCESS, 1)
                begun[key] = at_s
                await asyncio.sleep(0.4)
            await asyncio.sleep(2)
            cpu_s = on.api_cpu_s() - cpu_s
            with_mb = on.api_bytes() / 1024**2
            said, _ = people.communicate("", timeout=60)
        seen = await screen.seen(page)
    heard = json.loads(said)
    keys = await on.instance_keys([*heard["heard"], *seen])
    screens = [at_s - begun[keys[one]] for one, at_s in seen.items() if keys.get(one) in begun]
    wires = [at_s - begun[keys[one]] for one, each in heard["heard"].items() if keys[one] in begun for at_s in each]
    screen_s, wire_s = screen.p95(screens), screen.p95(wires)
    complete = len(screens) == changes and len(wires) >= changes * _PEOPLE and not heard["lost"]
    details = {
        "changes": changes,
        "on_screen": len(screens),
        "heard": len(wires),
        "lost": heard["lost"],
        "screen_p50_s": statistics.median(screens),
        "heard_p95_s": wire_s,
        "api_cpu_ms_per_change": 1000 * cpu_s / changes,
    }
    return [
        Figure(
            f"from the engine to the screen, {_PEOPLE} people connected, p95",
            f"{screen_s * 1000:.0f} ms (median {statistics.median(screens) * 1000:.0f} ms; "
            f"at everybody's: {wire_s * 1000:.0f} ms)",
            "≤ 1 s",
            complete and max(screen_s, wire_s) <= 1,
            details,
        ),
        Figure(
            f"API's memory with {_PEOPLE} people connected",
            f"{with_mb:.0f} MB ({with_mb - before_mb:.0f} MB more than without)",
            "< 300 MB",
            with_mb < 300,
            {"before_mb": before_mb, "with_mb": with_mb},
        ),
    ]


@contextmanager
def _people(url: str, count: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.ui.people", url, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "connected\n":
            raise SystemExit("Not everybody could connect.")
        yield process
    finally:
        if process.poll() is None:
            process.kill()


async def measure(*, quick: bool) -> list[Figure]:
    """Measure everything, on one stage."""
    await asyncio.to_thread(build_ui)
    async with stage() as on, screen.browser() as browser:
        await on.fill(_ACTIVITIES)
        console.print("\n[bold]Weight[/]")
        figures = await weight(browser, on.url)
        console.print("[bold]Speed[/]")
        figures += await speed(browser, on.url, 2 if quick else 7)
        console.print("[bold]A crowd[/]")
        return figures + await crowd(browser, on, 10 if quick else 60)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.ui", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look, not a record")
    asked = parser.parse_args()
    figures = asyncio.run(measure(quick=asked.quick))
    show(figures, f"The pages{' (quick: not for the record)' if asked.quick else ''}")
    write(figures, _FILE, engine=ENGINE, quick=asked.quick)


if __name__ == "__main__":
    main()

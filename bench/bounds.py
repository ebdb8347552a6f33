"""What must never grow: jobs under way at a time, and memory while many wait."""

from __future__ import annotations

import asyncio
import time

from bench.contestant import Target, fleet, running
from bench.figures import Figure, console
from bench.heat import Size, heat
from bench.site import Site
from bench.workload import fresh_prefix, many_waiting

_SLOTS = 8
_EACH = 100


async def concurrency(site: Site, size: Size) -> Figure:
    """Let actions count how many of their type are under way at once, in every mode."""
    console.print("\n[bold]Concurrency over the bound[/]")
    found: dict[str, int] = {}
    for mode in ("both", "stream", "poll"):
        contestant = fleet(f"fleet, {mode}, {_SLOTS} slots", mode=mode, slots=str(_SLOTS), work_s="0.02")
        # Instances that wait already are never streamed: a worker that only streams has nothing to do here.
        warm = Size(0, size.instances, 3.0) if mode == "stream" else size
        result = await heat(site, contestant, warm)
        found[mode] = max(int(result.said["most"]) - _SLOTS, 0)
        console.print(f"  {mode}: at most {result.said['most']} of {_SLOTS}, {result.said['done']} jobs")
    over = max(found.values())
    return Figure("concurrency over the bound, ever", str(over), "0", over == 0, {"over": found, "slots": _SLOTS})


async def memory(site: Site, waiting: int, watch_s: float) -> Figure:
    """Let very many jobs wait for one slow task, and watch the worker's memory."""
    console.print(f"\n[bold]Memory with {waiting:,} waiting jobs[/]")
    prefix = fresh_prefix()
    before = await site.activated()
    await site.deploy(prefix, many_waiting(prefix, _EACH))
    target = Target(prefix, site.addresses.engine_grpc, site.addresses.database_url)
    worker = fleet("fleet, slow task", work_s="1.0")
    async with running(worker, target) as process:
        keys = await site.load.create(prefix, waiting // _EACH)
        while await site.activated() - before < waiting:
            await asyncio.sleep(0.5)
        console.print("  they wait")
        end_s = time.monotonic() + watch_s
        while time.monotonic() < end_s:
            await asyncio.sleep(0.5)
        peak_mb = process.usage().peak_bytes / 1024**2
        said = await process.end()
    await site.load.cancel(keys)
    details = {"waiting": waiting, "done": said.get("done"), "most_at_once": said.get("most")}
    name = f"worker memory with {waiting:,} waiting jobs"
    return Figure(name, f"{peak_mb:.0f} MB at most", "< 150 MB", peak_mb < 150, details)

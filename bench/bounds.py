"""What must never grow: jobs under way at a time, and memory while many wait."""

from __future__ import annotations

import asyncio
import time

from bench.contestant import Target, fleet, running
from bench.figures import Figure, console
from bench.site import Site
from bench.workload import fresh_prefix, many_waiting

_SLOTS = 8
_EACH = 100
_CONNECTED_S = 1.0
_WATCH_S = 5.0
_MADE_WITHIN_S = 180.0


async def concurrency(site: Site, instances: int) -> Figure:
    """Let actions count how many are under way at once, in every mode, while instances wait and more arrive."""
    console.print("\n[bold]Concurrency over the bound[/]")
    found = {mode: await _most_at_once(site, mode, instances) for mode in ("both", "stream", "poll")}
    over = max(max(most - _SLOTS, 0) for most in found.values())
    reached = min(found.values()) == _SLOTS
    return Figure(
        "concurrency over the bound, ever", str(over), "0", over == 0 and reached, {"most": found, "slots": _SLOTS}
    )


async def _most_at_once(site: Site, mode: str, instances: int) -> int:
    prefix = fresh_prefix()
    contestant = fleet(mode, mode=mode, slots=str(_SLOTS), work_s="0.02")
    await site.deploy(prefix, contestant.model(prefix))
    keys = await site.load.create(prefix, instances)
    async with running(contestant, Target(prefix, site.addresses.engine_grpc, site.addresses.database_url)) as worker:
        await asyncio.sleep(_CONNECTED_S)
        keys += await site.load.create(prefix, instances)
        await asyncio.sleep(_WATCH_S)
        said = await worker.end()
    await site.load.cancel(keys)
    console.print(f"  {mode}: at most {said['most']} of {_SLOTS}, {said['done']} jobs")
    return int(said["most"])


async def memory(site: Site, waiting: int, watch_s: float) -> Figure:
    """Let very many jobs wait for one slow task, and watch the worker's memory.

    What is left stays in the engine, which would take longer to cancel it than all else: nothing can come after this.
    """
    console.print(f"\n[bold]Memory with {waiting:,} waiting jobs[/]")
    prefix = fresh_prefix()
    before = await site.activated()
    await site.deploy(prefix, many_waiting(prefix, _EACH))
    target = Target(prefix, site.addresses.engine_grpc, site.addresses.database_url)
    worker = fleet("fleet, slow task", work_s="1.0")
    async with running(worker, target) as process:
        await site.load.create(prefix, waiting // _EACH)
        limit_s = time.monotonic() + _MADE_WITHIN_S
        while (made := await site.activated() - before) < waiting and time.monotonic() < limit_s:
            await asyncio.sleep(0.5)
        console.print(f"  {made:,} jobs were made")
        end_s = time.monotonic() + watch_s
        while time.monotonic() < end_s:
            await asyncio.sleep(0.5)
        peak_mb = process.usage().peak_bytes / 1024**2
        said = await process.end()
    details = {"waiting": made, "done": said.get("done"), "most_at_once": said.get("most")}
    name = "worker memory with 100,000 waiting jobs"
    measured = f"{peak_mb:.0f} MB at most with {made:,}"
    return Figure(name, measured, "< 150 MB", peak_mb < 150 and made >= waiting, details)

"""Jobs that end or paralyse the process they run in, among neighbours that must not suffer."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress

import httpx

from tests.chaos import models
from tests.chaos.load import Load
from tests.chaos.oracle import judge
from tests.chaos.poison import KINDS
from tests.chaos.row import Finding, Row
from tests.chaos.world import World, free_port, until

NEIGHBOURS = 400
WITHIN_S = 420.0
_PARALYSED_S = 10.0


async def poisoned(world: World) -> Finding:
    """One job of each kind, while neighbours run on the same worker."""
    kinds = list(KINDS)[: max(world.times(len(KINDS)), 6)]
    await world.deploy(
        poison=models.process(
            f"{world.prefix}-poison",
            models.start(),
            models.task("taken", f"{world.prefix}.poison"),
            models.end(),
            models.flow("start", "taken", "end"),
        ),
        chain=models.chain(world.prefix, ["write"]),
    )
    world.keep("relay")
    world.aside(_supervised(world))
    load = Load(world, "chain", Counter(["write", "finish"]), most=max(world.times(NEIGHBOURS), 40), ahead=20)
    begun_s = time.monotonic()
    doses = {f"{world.prefix}-poison-{kind}": {"kind": kind} for kind in kinds}
    await world.start("poison", doses)
    query = "SELECT count(*) AS n FROM workflow WHERE business_key = ANY ($1) AND incident IS NOT NULL"
    with suppress(TimeoutError):
        await world.wait_for(lambda rows: rows[0]["n"] == len(doses), query, list(doses), timeout_s=WITHIN_S)
    took_s = time.monotonic() - begun_s
    await load.all_given()
    await world.finished(load.items, timeout_s=600)
    await asyncio.sleep(2)
    wrong = await _without_one_incident(world, doses)
    verdict = await judge(world, load.items, but=doses)
    hurt = (
        await world.sql(
            "SELECT count(*) AS n FROM workflow WHERE incident IS NOT NULL AND business_key <> ALL ($1)", list(doses)
        )
    )[0]["n"]
    measured = (
        f"{len(doses) - len(wrong)} of {len(doses)} kinds have one incident after {took_s:.0f} s"
        f"{' (not: ' + ', '.join(wrong) + ')' if wrong else ''}; neighbours: {hurt} incidents, {verdict}"
    )
    return Finding(measured, not wrong and not hurt and verdict.clean)


async def _without_one_incident(world: World, doses: dict[str, dict[str, str]]) -> list[str]:
    """Name the kinds whose instance has not exactly one open incident, by the engine's own word."""
    rows = await world.sql(
        "SELECT business_key, process_instance_key FROM workflow WHERE business_key = ANY ($1)", list(doses)
    )
    counts = {row["business_key"]: len(await world.engine.find_incidents(row["process_instance_key"])) for row in rows}
    return [dose["kind"] for item, dose in doses.items() if counts.get(item, 0) != 1]


async def _supervised(world: World) -> None:
    """Keep a worker alive as an orchestrator does: start it again when it ended, or when it shows no sign of life."""
    while True:
        port = free_port()
        worker = await world.spawn("worker", FLEET_HEALTH__PORT=str(port))
        watch = asyncio.create_task(_paralysed(port))
        ended = asyncio.create_task(worker.wait())
        await asyncio.wait({watch, ended}, return_when=asyncio.FIRST_COMPLETED)
        watch.cancel()
        await world.kill(worker)
        await asyncio.sleep(0.2)


async def _paralysed(port: int) -> None:
    """Return when a process that had answered does not any more."""
    async with httpx.AsyncClient(timeout=_PARALYSED_S) as http:

        async def alive() -> bool:
            try:
                return (await http.get(f"http://127.0.0.1:{port}/health/live")).is_success
            except httpx.HTTPError:
                return False

        await until(alive, bool, 60)
        while await alive():
            await asyncio.sleep(1)


ROWS = (
    Row(
        "20 kinds of poison job",
        "one incident each within the limit; neighbours: no incident, lost 0, double 0, stuck 0",
        poisoned,
    ),
)

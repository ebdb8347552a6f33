"""Runs the points one after the other, and removes what they needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import grpc

from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.deploy.verify.bench import Bench, Missed, Skipped, VerifiedEngine
from zeebe_fleet.deploy.verify.points import POINTS, Point
from zeebe_fleet.workers.contract.errors import EngineDenied, EngineError, EngineUnavailable, FleetError

POINT_S = 60.0
Verdict = Literal["ok", "missed", "skipped"]
REMOVAL = "removal"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one point.

    Args:
        seen: what was seen instead, or why it was not asked; statuses and figures of ours only, for a report.
        said: what the engine said, for whoever sits at the terminal.
    """

    name: str
    expects: str
    verdict: Verdict
    seen: str = ""
    said: str = ""
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Plays:
    """What an engine says of itself; empty where it says nothing."""

    version: str = ""
    partitions: int = 0
    incident_search: bool = False


async def verify(connection: EngineConnection, points: Sequence[Point] = ()) -> AsyncIterator[Finding]:
    """Yield what is found, in order; the last says whether all of ours is gone again."""
    async with VerifiedEngine(connection) as engine:
        bench = Bench(engine)
        silent = ""
        try:
            for point in points or POINTS:
                if silent:
                    yield Finding(point.name, point.expects, "skipped", silent)
                    continue
                finding = await checked(point, bench)
                if point is POINTS[0] and finding.verdict == "missed":
                    silent = "the engine did not answer"
                yield finding
        finally:
            with suppress(EngineError):
                await bench.tidy()
        yield await _removal(bench, silent)


async def plays(connection: EngineConnection) -> Plays:
    """Ask an engine what it is."""
    async with VerifiedEngine(connection) as engine:
        try:
            can = await engine.capabilities()
        except EngineError:
            return Plays()
        return Plays(can.version, can.partitions, can.incident_search)


async def checked(point: Point, bench: Bench) -> Finding:
    """Run one point, and end what it began."""
    begun_s = time.monotonic()
    verdict, seen, said = await _outcome(point, bench)
    took_s = time.monotonic() - begun_s
    await bench.tidy()
    return Finding(point.name, point.expects, verdict, seen, said, took_s)


async def _outcome(point: Point, bench: Bench) -> tuple[Verdict, str, str]:
    try:
        async with asyncio.timeout(POINT_S):
            await point.run(bench)
    except Missed as missed:
        return "missed", f"{missed}", ""
    except Skipped as skipped:
        return "skipped", f"{skipped}", ""
    except TimeoutError:
        return "missed", f"no end within {POINT_S:.0f} s", ""
    except FleetError as error:
        return "missed", status_of(error), error.message
    return "ok", "", ""


async def _removal(bench: Bench, silent: str) -> Finding:
    expects = "Processes and instances of this check are gone again."
    if silent:
        return Finding(REMOVAL, expects, "skipped", "there is nothing to remove")
    try:
        await bench.remove()
    except (EngineUnavailable, EngineDenied) as error:
        return Finding(REMOVAL, expects, "missed", f"{status_of(error)}: {bench.name} stays", error.message)
    except EngineError as error:
        seen = f"{status_of(error)}: this engine does not delete; {bench.name} stays, with no instance of it"
        return Finding(REMOVAL, expects, "skipped", seen, error.message)
    return Finding(REMOVAL, expects, "ok")


def status_of(error: FleetError) -> str:
    """Return the status an error came with: no words of the engine, which may name what is nobody's business."""
    cause = error.__cause__
    status = f" ({cause.code().name})" if isinstance(cause, grpc.aio.AioRpcError) else ""
    return f"{type(error).__name__}{status}"

"""The command: which engine, which report, which exit status."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console

from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.deploy.up import missing_parts
from zeebe_fleet.deploy.verify.report import show, summary, write
from zeebe_fleet.deploy.verify.run import Finding, plays, verify
from zeebe_fleet.workers.contract.errors import FleetError


def verify_engine(settings: Settings, report: Path | None, console: Console) -> bool:
    """Run every point against the engine of the settings; returns whether none is missed."""
    return asyncio.run(_verified(_engine_of(settings), report, console))


async def _verified(zeebe: ZeebeSettings, report: Path | None, console: Console) -> bool:
    connection = connection_to(zeebe)
    it = await plays(connection)
    console.print(f"Engine {it.version or 'that does not answer'}")
    findings: list[Finding] = []
    async for finding in verify(connection):
        findings.append(finding)
        show(finding, console)
    console.print(summary(findings))
    if report is not None:
        write(report, it, findings)
        console.print(f"The report is in {report}.")
    return all(one.verdict != "missed" for one in findings)


def _engine_of(settings: Settings) -> ZeebeSettings:
    """Where the engine is: named, or the local stack's."""
    if "engine" not in missing_parts(settings):
        return settings.zeebe
    stack = LocalStack(settings.state, parts=["engine"])
    if all(part.state != "running" for part in stack.status()):
        raise FleetError(
            "There is no engine: none is named, and the local one does not run.",
            "Start it with `fleet stack up`, or set FLEET_ZEEBE__ADDRESS.",
        )
    found = stack.addresses()
    return settings.zeebe.model_copy(update={"address": found.engine_grpc, "rest_address": found.engine_rest})

"""What workflows do, as a viewer of the demo is told it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.workers.contract.errors import FleetError

_LOOK_AGAIN_S = 0.25
_AGAIN_S = 1.0
_WAITING = ("OPEN", "CLAIMED")


@dataclass(frozen=True, slots=True)
class News:
    """How a workflow stands.

    Args:
        stands: where it is, in words: a step, who is waited for, or what went wrong.
        took_s: from its start to its end; nothing while it lives.
    """

    workflow_id: str
    process_name: str
    state: str
    stands: str
    took_s: float | None


async def news(url: str) -> AsyncIterator[Sequence[News]]:
    """Yield the latest workflows, the newest first, whenever one has moved; an API that is away is waited for."""
    before: list[News] = []
    while True:
        try:
            async with FleetClient(url) as client:
                await client.sign_in("ada")
                while True:
                    latest = [_read(workflow) for workflow in await client.latest()]
                    if latest != before:
                        yield (before := latest)
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except (httpx.HTTPError, FleetError):
            await asyncio.sleep(_AGAIN_S)


def _read(workflow: Mapping[str, Any]) -> News:
    ended = workflow["endedAt"]
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(workflow["createdAt"]) if ended else None
    return News(
        workflow_id=workflow["workflowId"],
        process_name=workflow["processName"],
        state=workflow["state"],
        stands="" if ended else _where(workflow),
        took_s=took.total_seconds() if took else None,
    )


def _where(workflow: Mapping[str, Any]) -> str:
    if workflow["incident"]:
        return f"stopped: {str(workflow['incident']).splitlines()[0]}"
    waiting = [one for one in workflow["activities"] if one["state"] in _WAITING]
    if waiting:
        return ", ".join(map(_waits, waiting))
    steps = [step["elementId"] for step in workflow["steps"] if step["kind"] != "LISTENER"]
    return steps[-1].replace("_", " ") if steps else ""


def _waits(activity: Mapping[str, Any]) -> str:
    if activity["assignee"]:
        return f"{activity['assignee']} is at {activity['name']}"
    return f"{activity['name']} waits for {', '.join(activity['candidateGroups']) or 'somebody'}"

"""People at work on the shipped processes that need nothing from outside: what they start, answer and read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.workers.contract.records import LIVE

_STEPS = """
query ($id: UUID!) { workflow(workflowId: $id) { steps { elementId state kind error } } }
"""


@dataclass(frozen=True)
class Office:
    """The shipped app, running, for an administrator; where others find it; and the database as it really is."""

    client: FleetClient
    url: str
    records: asyncpg.Connection[asyncpg.Record]

    async def start(self, process_name: str, **variables: Any) -> str:
        """Start a workflow."""
        return await self.client.start(process_name, variables)

    async def turn(self, workflow_id: str) -> dict[str, Any]:
        """Wait for a person's turn; returns the open activity."""
        workflow = await self.client.until(workflow_id, _waiting, what="a person's turn")
        assert not workflow["incident"], workflow["incident"]
        return open_activities(workflow)[0]

    async def answer(self, workflow_id: str, **result: Any) -> None:
        """Complete the open activity when it is there."""
        await self.client.complete(await self.turn(workflow_id), result)

    async def ended(self, workflow_id: str) -> dict[str, Any]:
        """Wait for the end; returns what the workflow ended with."""
        workflow = await self.client.until(workflow_id, _over, what="its end")
        assert workflow["state"] == "COMPLETED", workflow
        output: dict[str, Any] = workflow["output"]
        return output

    async def steps(self, workflow_id: str) -> list[tuple[str, str]]:
        """Return elements and states of the steps that were actions."""
        steps = (await self.client.ask(_STEPS, id=workflow_id))["workflow"]["steps"]
        return [(one["elementId"], one["state"]) for one in steps if one["kind"] != "LISTENER"]

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Ask the database."""
        return [dict(row) for row in await self.records.fetch(query, *arguments)]

    @asynccontextmanager
    async def as_person(self, name: str) -> AsyncIterator[FleetClient]:
        """Come in as a persona for as long as the block lasts."""
        async with FleetClient(self.url) as person:
            await person.sign_in(name)
            yield person


def open_activities(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what waits for a person."""
    return [one for one in workflow["activities"] if one["state"] == "OPEN"]


def _waiting(workflow: Mapping[str, Any]) -> bool:
    return bool(open_activities(workflow) or workflow["incident"])


def _over(workflow: Mapping[str, Any]) -> bool:
    return workflow["state"] not in LIVE or bool(workflow["incident"])

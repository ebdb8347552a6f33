"""Jobs that may not be worked on: the reason is kept where people look for it."""

from __future__ import annotations

from uuid import UUID

from zeebe_fleet.adapters.postgres.jsonb import to_text
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.records import Refused


async def refuse(connection: Connection, job: Job, workflow_id: UUID, reason: str) -> Refused:
    """Note the reason with the workflow; the engine gets it as an incident."""
    query = "UPDATE workflow SET incident = $2, incident_key = NULL WHERE workflow_id = $1"
    await connection.execute(query, workflow_id, to_text(reason))
    return Refused(job, reason)

"""By which call a process was begun: its parent, the call activities on the way, and what it is a re-run of.

A job names neither its parent instance nor the call activity. The parent is known by a variable that is handed down;
the call activity from the parent's model, as the only one that calls this process. Where several do, the path holds
them all, joined by `|`, and where the model is not known, `?`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import Record

from zeebe_fleet.adapters.postgres.incidents import refuse
from zeebe_fleet.adapters.postgres.jsonb import from_jsonb
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.adapters.postgres.takeover import run_of
from zeebe_fleet.workers.contract.job import FLEET_INSTANCE, RESERVED_VARIABLES, Job
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.records import Refused

ModelOf = Callable[[int], Awaitable[ProcessModel]]

_PARENT = """
SELECT workflow_id, definition_key, call_path, rerun_of FROM workflow
WHERE process_instance_key = $1::bigint OR ($1::bigint IS NULL AND workflow_id = $2)
ORDER BY position DESC LIMIT 1
"""

#: called by what this one's parent runs again, and not yet run again themselves; one adoption at a time
_EARLIER = """
WITH earlier AS (SELECT * FROM fleet_runs_of($1) WHERE generation > 0)
SELECT called.workflow_id, called.input
FROM earlier JOIN workflow called ON called.parent_workflow_id = earlier.workflow_id
WHERE called.process_name = $2 AND called.call_path = $3 AND coalesce(called.loop_counter, 0) = $4
    AND NOT EXISTS (SELECT 1 FROM workflow again WHERE again.rerun_of = called.workflow_id)
ORDER BY earlier.generation, called.position
"""


@dataclass(frozen=True, slots=True)
class Called:
    """What is known of the call that began an instance."""

    parent_id: UUID | None = None
    call_path: Sequence[str] = ()
    loop_counter: int | None = None
    rerun_of: UUID | None = None


UNCALLED = Called()


async def called(connection: Connection, job: Job, model_of: ModelOf) -> Called | Refused:
    """Find out by which call the instance of a job was begun; refuses when it may be one of several that ran before."""
    inherited = job.variables.get(FLEET_INSTANCE)
    parent = await connection.fetchrow(_PARENT, None if inherited is None else int(inherited), job.workflow_id)
    if parent is None:
        return UNCALLED
    path = [*parent["call_path"], _call_activity(await _model(parent, model_of), job)]
    run = run_of(job)
    earlier: UUID | None = None
    if parent["rerun_of"] is not None:
        await connection.execute("SELECT FROM workflow WHERE workflow_id = $1 FOR NO KEY UPDATE", parent["workflow_id"])
        rows = await connection.fetch(_EARLIER, parent["workflow_id"], job.process_name, path, run)
        earlier = _counterpart(rows, job, is_known="|" not in path[-1] and path[-1] != "?")
        if rows and earlier is None:
            return await refuse(connection, job, parent["workflow_id"], _ambiguous(job, len(rows)))
    return Called(parent["workflow_id"], path, run or None, earlier)


def given(job: Job) -> dict[str, Any]:
    """Return a job's variables without those that the fleet sets."""
    return {name: value for name, value in job.variables.items() if name not in RESERVED_VARIABLES}


async def _model(parent: Record, model_of: ModelOf) -> ProcessModel:
    return await model_of(parent["definition_key"]) if parent["definition_key"] is not None else ProcessModel()


def _call_activity(model: ProcessModel, job: Job) -> str:
    return "|".join(sorted(one for one, name in model.calls.items() if name in (job.process_name, ""))) or "?"


def _counterpart(rows: Sequence[Record], job: Job, *, is_known: bool) -> UUID | None:
    """Return the only one that it can be, or else the first that began with the same variables."""
    if is_known and len(rows) == 1:
        return UUID(str(rows[0]["workflow_id"]))
    alike = (row["workflow_id"] for row in rows if from_jsonb(row["input"]) == given(job))
    return next(alike, None)


def _ambiguous(job: Job, count: int) -> str:
    return (
        f"Process {job.process_name!r} was called {count} times in the workflow that is run again, and none of those "
        "calls that are left began with these variables: whose finished steps count here cannot be told. Cancel this "
        "workflow and start a new one, or take the rest of its work in hand yourself."
    )

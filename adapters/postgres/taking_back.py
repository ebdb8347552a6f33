"""Workflows that were given up and are over: what they did is taken back, the last first, one after the other."""

from __future__ import annotations

from collections.abc import Collection

from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.family import FAMILY, STEPS, read
from zeebe_fleet.adapters.postgres.jsonb import to_jsonb
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.workers.contract.giving_up import Fate, GiveUpPlan, PlannedStep, plan_of
from zeebe_fleet.workers.contract.principal import FLEET
from zeebe_fleet.workers.contract.records import WorkflowState

#: one worker at a time looks after one of them
_GIVEN_UP = """
SELECT workflow_id, state FROM workflow
WHERE given_up_at IS NOT NULL AND taken_back_at IS NULL AND state NOT IN ('REQUESTED', 'STARTING', 'RUNNING')
ORDER BY random() LIMIT $1 FOR UPDATE SKIP LOCKED
"""

#: also what was called in the last moment
_CLAIM_FAMILY = (
    FAMILY.format(of="$1::uuid")
    + """
UPDATE workflow SET given_up_for = $1
WHERE workflow_id IN (SELECT workflow_id FROM family) AND given_up_for IS DISTINCT FROM $1
"""
)

_KEEP = "UPDATE step SET state = 'KEPT' WHERE step_id = ANY ($1)"

_OVER = """
WITH over AS (
    UPDATE workflow SET taken_back_at = now(), state = CASE WHEN $2 THEN 'COMPENSATED' ELSE state END, incident = NULL
    WHERE workflow_id = $1
), freed AS (
    UPDATE workflow SET incident = NULL WHERE given_up_for = $1 AND workflow_id <> $1 AND incident IS NOT NULL
)
INSERT INTO workflow_event (workflow_id, kind, principal, data) VALUES ($1, 'GIVEN_UP', $3, $4)
"""

_NOTED = {"taken_back": Fate.BEFORE, "stays": Fate.STAYS, "unclear": Fate.UNCLEAR}
_ENDED_BY_ITSELF = (WorkflowState.COMPLETED, WorkflowState.COMPENSATED)


class TakingBack:
    """Says which step is to be taken back next, for one worker."""

    def __init__(self, model_of: ModelOf) -> None:
        self._model_of = model_of

    async def next_steps(self, connection: Connection, job_types: Collection[str], limit: int) -> list[PlannedStep]:
        """Return steps whose turn it is and whose handlers these job types are; ends what has none left.

        Args:
            connection: in a transaction, in which the handlers are begun.
            job_types: of this worker's tasks.
        """
        found = []
        for row in await connection.fetch(_GIVEN_UP, limit):
            workflow_id = row["workflow_id"]
            await connection.execute(_CLAIM_FAMILY, workflow_id)
            plan = await self._plan(connection, workflow_id)
            if row["state"] in _ENDED_BY_ITSELF:
                await _end(connection, workflow_id, GiveUpPlan(()))
            elif turn := plan.of(Fate.TAKEN_BACK):
                if turn[0].handler_job_type in job_types and _is_quiet(plan):
                    found.append(turn[0])
            elif _is_quiet(plan):
                await _end(connection, workflow_id, plan)
        return found

    async def _plan(self, connection: Connection, workflow_id: object) -> GiveUpPlan:
        steps = [read(dict(row)) for row in await connection.fetch(STEPS.format(of="$1::uuid"), workflow_id)]
        models = {key: await self._model_of(key) for key in {step.definition_key for step in steps}}
        return plan_of(steps, models)


def _is_quiet(plan: GiveUpPlan) -> bool:
    """Tell whether nothing is being done or taken back now, or waits for a person: so the order is kept."""
    return not plan.of(Fate.UNDER_WAY, Fate.STUCK)


async def _end(connection: Connection, workflow_id: object, plan: GiveUpPlan) -> None:
    stays = [one.step_id for one in plan.of(Fate.STAYS) if one.step_id is not None]
    await connection.execute(_KEEP, stays)
    counts = {name: len(plan.of(fate)) for name, fate in _NOTED.items() if plan.of(fate)}
    is_taken_back = bool(plan.of(Fate.BEFORE))
    await connection.execute(_OVER, workflow_id, is_taken_back, to_jsonb(FLEET.to_json()), to_jsonb(counts))

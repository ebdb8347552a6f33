"""What people decided in the run before, for a workflow that runs again: nobody is asked the same thing twice.

A decision counts again when the same user task gives a person the same things to decide on, and the run it was made in
was not taken back; otherwise a person is asked anew. Of a case, all human steps are one user task: they are told apart
by their names and actions.
"""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.postgres.tables import Activity, ActivityEvent, OwedRow
from zeebe_fleet.workers.contract.principal import FLEET
from zeebe_fleet.workers.contract.records import ActivityState

_EARLIER = text("""
WITH RECURSIVE earlier AS (
    SELECT rerun_of AS workflow_id, 1 AS generation FROM workflow WHERE workflow_id = :workflow_id
    UNION ALL
    SELECT workflow.rerun_of, generation + 1 FROM earlier JOIN workflow USING (workflow_id)
    WHERE workflow.rerun_of IS NOT NULL AND workflow.state <> 'COMPENSATED'
)
SELECT activity.activity_id
FROM earlier JOIN workflow USING (workflow_id) JOIN activity USING (workflow_id)
    JOIN activity asked ON asked.activity_id = :activity_id
WHERE workflow.state <> 'COMPENSATED' AND activity.element_id = :element_id AND activity.state = 'COMPLETED'
    AND activity.step_id IS NULL AND activity.input = asked.input
    AND activity.actions IS NOT DISTINCT FROM asked.actions
    AND (asked.actions IS NULL OR activity.name = asked.name)
    AND NOT EXISTS (SELECT 1 FROM activity again WHERE again.workflow_id = :workflow_id
        AND again.rerun_of = activity.activity_id)
ORDER BY earlier.generation, activity.position LIMIT 1
""")

#: one activity of a re-run at a time: two shall not stand for the same decision
_LOCK = text(
    "SELECT rerun_of FROM workflow WHERE workflow_id = :workflow_id AND rerun_of IS NOT NULL FOR NO KEY UPDATE"
)


async def recall_decision(session: AsyncSession, activity: Activity) -> None:
    """Complete a new activity with what was decided before, if it was; the engine is owed the completion."""
    if activity.job_key is None or await session.scalar(_LOCK, {"workflow_id": activity.workflow_id}) is None:
        return
    asked = {
        "workflow_id": activity.workflow_id,
        "element_id": activity.element_id,
        "activity_id": activity.activity_id,
    }
    earlier_id = await session.scalar(_EARLIER, asked)
    if earlier_id is None:
        return
    earlier = await session.get_one(Activity, earlier_id)
    activity.state, activity.result, activity.assignee = ActivityState.COMPLETING, earlier.result, earlier.assignee
    activity.rerun_of = earlier_id
    activity.version += 1
    activity.probed_at = (await session.scalars(select(func.now()))).one()
    data = {"activity_id": str(earlier_id), "by": earlier.assignee}
    session.add(ActivityEvent(activity_id=activity.activity_id, kind="RECALLED", principal=FLEET.to_json(), data=data))
    session.add(
        OwedRow(
            verb="COMPLETE",
            activity_id=activity.activity_id,
            workflow_id=activity.workflow_id,
            job_key=activity.job_key,
            payload={"variables": earlier.result or {}},
            principal=FLEET.to_json(),
        )
    )

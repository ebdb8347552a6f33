"""Starts of re-runs that wait until the workflow they run again is cancelled; read by processes without SQLAlchemy."""

from __future__ import annotations

#: what waited for a cancellation; one that came to its end after all needs no second run
RELEASE = """
WITH waiting AS (
    SELECT owed.owed_id, again.workflow_id, earlier.state AS earlier_state
    FROM owed
    JOIN workflow again ON again.workflow_id = owed.workflow_id
    JOIN workflow earlier ON earlier.workflow_id = again.rerun_of
    WHERE owed.verb = 'START' AND owed.next_try = 'infinity'
        AND earlier.state NOT IN ('REQUESTED', 'STARTING', 'RUNNING')
    FOR UPDATE OF owed SKIP LOCKED
), released AS (
    UPDATE owed SET next_try = now() FROM waiting
    WHERE owed.owed_id = waiting.owed_id AND waiting.earlier_state <> 'COMPLETED'
), struck AS (
    DELETE FROM owed USING waiting WHERE owed.owed_id = waiting.owed_id AND waiting.earlier_state = 'COMPLETED'
)
UPDATE workflow SET state = 'CANCELLED', ended_at = now(),
    incident = 'The workflow that was to be run again came to its end after all.'
FROM waiting WHERE workflow.workflow_id = waiting.workflow_id AND waiting.earlier_state = 'COMPLETED'
"""

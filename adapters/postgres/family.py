"""All that belongs to a workflow: those it called, the runs before it, and what those called; and their steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeebe_fleet.workers.contract.giving_up import DoneStep
from zeebe_fleet.workers.contract.records import StepKind, StepState

FAMILY = """
WITH RECURSIVE family AS (
    SELECT workflow_id, rerun_of FROM workflow WHERE workflow_id = {of}
    UNION
    SELECT other.workflow_id, other.rerun_of FROM family
    JOIN workflow other ON other.parent_workflow_id = family.workflow_id OR other.workflow_id = family.rerun_of
)
"""

#: of one that works on it, the lease is not known; after a while it counts as gone, and what it still finishes as late
STEPS = (
    FAMILY
    + """
SELECT step_id, workflow_id, definition_key, job_key, kind, element_id, loop_counter, state, compensated_by,
    step.rerun_of, finished_at, state = 'CLAIMED' AND claimed_at > now() - interval '60 seconds' AS is_fresh
FROM family JOIN step USING (workflow_id) WHERE kind <> 'LISTENER'
"""
)


def read(row: Mapping[str, Any]) -> DoneStep:
    """Read a row of `STEPS`."""
    return DoneStep(**{**row, "kind": StepKind(row["kind"]), "state": StepState(row["state"])})

"""The runs before a re-run, as the beginning of a statement."""

#: `earlier` holds the runs before workflow `$1`, with how many runs ago each was
EARLIER_RUNS = """
WITH RECURSIVE earlier AS (
    SELECT rerun_of AS workflow_id, 1 AS generation FROM workflow WHERE workflow_id = $1
    UNION ALL
    SELECT workflow.rerun_of, generation + 1 FROM earlier JOIN workflow USING (workflow_id)
    WHERE workflow.rerun_of IS NOT NULL
)
"""

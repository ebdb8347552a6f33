"""What is erased from a record, and what stays: that something was done, when, by which step, and how it ended.

Blanked are the values: input, output, results, errors, incidents, business keys, and what was written to activities.
Kept are ids and keys, names of processes, elements and job types, states, times, counts, forms and who did what; of a
person who is erased, a name that says nothing stands in that place. Rows of data models are the project's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from zeebe_fleet.workers.contract.refusals import RequestRefused

FOUND = "SELECT workflow_id FROM workflow WHERE workflow_id = ANY ($1) OR business_key = ANY ($2)"

_SAID = """'{"message": "erased"}'"""

#: the last one: a digest of what was sent; a repeated request is a conflict from now on, and starts nothing
BLANK = (
    """
UPDATE workflow SET input = '{}', output = CASE WHEN output IS NOT NULL THEN '{}'::jsonb END, business_key = NULL,
    incident = NULL, erased_at = now()
WHERE workflow_id = ANY ($1)
""",
    f"""
UPDATE step SET input = '{{}}', input_hash = NULL, result = CASE WHEN result IS NOT NULL THEN '{{}}'::jsonb END,
    error = CASE WHEN error IS NOT NULL THEN {_SAID}::jsonb END
WHERE workflow_id = ANY ($1)
""",
    f"""
UPDATE step_attempt SET error = {_SAID} FROM step
WHERE step.step_id = step_attempt.step_id AND step.workflow_id = ANY ($1) AND step_attempt.error IS NOT NULL
""",
    """
UPDATE activity SET input = '{}', result = CASE WHEN result IS NOT NULL THEN '{}'::jsonb END, version = version + 1
WHERE workflow_id = ANY ($1)
""",
    """
UPDATE activity_event SET data = '{}' FROM activity
WHERE activity.activity_id = activity_event.activity_id AND activity.workflow_id = ANY ($1)
""",
    """
UPDATE request_key SET body_hash = ''
WHERE response ->> 'workflow_id' IN (SELECT unnest($1::uuid[])::text)
    OR response ->> 'activity_id' IN (SELECT activity_id::text FROM activity WHERE workflow_id = ANY ($1))
""",
)

NOTED = "INSERT INTO workflow_event (workflow_id, kind, principal) SELECT unnest($1::uuid[]), 'ERASE', $2"

HELD = "SELECT count(*) FROM activity WHERE assignee = $1 AND state IN ('CLAIMED', 'COMPLETING')"

_PERSON = "jsonb_build_object('subject', $2::text)"

RENAME = (
    f"UPDATE workflow SET principal = {_PERSON} WHERE principal ->> 'subject' = $1",
    f"UPDATE workflow_event SET principal = {_PERSON} WHERE principal ->> 'subject' = $1",
    f"UPDATE activity_event SET principal = {_PERSON} WHERE principal ->> 'subject' = $1",
    f"UPDATE owed SET principal = {_PERSON} WHERE principal ->> 'subject' = $1",
    "UPDATE activity_event SET data = jsonb_set(data, '{by}', to_jsonb($2::text)) WHERE data ->> 'by' = $1",
    "UPDATE activity SET assignee = $2 WHERE assignee = $1",
    "UPDATE activity SET candidate_users = array_replace(candidate_users, $1, $2) WHERE $1 = ANY (candidate_users)",
    "UPDATE request_key SET principal = $2 || substr(principal, length($1) + 1) "
    "WHERE principal = $1 OR starts_with(principal, $1 || chr(31))",
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What to erase: the values of workflows, named or found by their business keys; and the names of people."""

    workflow_ids: Sequence[UUID] = ()
    business_keys: Sequence[str] = ()
    subjects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """How many workflows were blanked, and in how many rows a name was replaced."""

    workflows: int
    names: int


class NotOver(RequestRefused):
    """What is to be erased is still needed."""

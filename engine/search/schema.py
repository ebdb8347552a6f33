"""The tables of the index.

Rows name only what the events say; element ids, types and names are joined when somebody searches.
"""

from __future__ import annotations

from collections.abc import Sequence

FORMAT = 4
"""Raised with every change of the tables, or of what the feed writes: an index of another format is made anew."""

UNFINISHED = -1
"""The position of an index that is being made anew: nobody goes on with it."""

VARIABLE_KEYS = 1 << 62
"""The engine gives variables no keys: the index numbers them from here, far from all keys of the engine."""

TABLES = {
    "definition": (
        "key",
        "process_id",
        "name",
        "version",
        "version_tag",
        "resource_name",
        "deleted",
        "xml",
        "start_form_id",
    ),
    "decision_requirements": ("key", "identity", "name", "version", "resource_name", "deleted"),
    "decision": ("key", "identity", "name", "version", "requirements_key"),
    "process_instance": (
        "key",
        "definition_key",
        "parent_key",
        "caller_key",
        "root_key",
        "state",
        "started_ms",
        "ended_ms",
    ),
    "element_instance": (
        "key",
        "process_instance_key",
        "definition_key",
        "scope_key",
        "element_id",
        "body",
        "state",
        "started_ms",
        "ended_ms",
    ),
    "job": (
        "key",
        "process_instance_key",
        "instance_key",
        "type",
        "kind",
        "retries",
        "state",
        "worker",
        "headers",
        "deadline_ms",
        "error_message",
        "error_code",
        "failed_with_retries",
        "denied",
        "denied_reason",
        "created_ms",
        "updated_ms",
        "ended_ms",
    ),
    "user_task": (
        "key",
        "process_instance_key",
        "instance_key",
        "state",
        "assignee",
        "candidate_groups",
        "candidate_users",
        "due_ms",
        "follow_up_ms",
        "priority",
        "form_key",
        "external_reference",
        "headers",
        "created_ms",
        "ended_ms",
    ),
    "incident": (
        "key",
        "process_instance_key",
        "instance_key",
        "job_key",
        "type",
        "message",
        "state",
        "created_ms",
    ),
    "message_subscription": (
        "key",
        "process_instance_key",
        "instance_key",
        "element_id",
        "name",
        "correlation",
        "state",
        "open",
        "updated_ms",
    ),
}
"""Columns by table; the first is its key. Variables, nodes, flows and decisions made have tables of another kind."""

DECISION_INSTANCE = (
    "evaluation_key",
    "number",
    "process_instance_key",
    "instance_key",
    "root_key",
    "decision_id",
    "kind",
    "state",
    "output",
    "failure",
    "evaluated_ms",
    "inputs",
    "rules",
)
"""Each decision of an evaluation, from 1; the process instance of one that nobody's is 0."""

_INDEXED = ("element_instance", "job", "user_task", "incident", "message_subscription", "decision_instance")
OF_INSTANCES = (*_INDEXED, "variable", "sequence_flow")
"""Tables whose rows go with their process instance."""


def _typed(columns: Sequence[str]) -> str:
    """Declare what keys are: without a type, an index is of no use where one is compared with another column."""
    return ", ".join(f"{column} INTEGER" if column.endswith("_key") else column for column in columns)


SCHEMA = "\n".join(
    [
        *(f"CREATE TABLE {name} (key INTEGER PRIMARY KEY, {_typed(columns[1:])});" for name, columns in TABLES.items()),
        "CREATE TABLE node (definition_key INTEGER, element_id, type, name, PRIMARY KEY (definition_key, element_id))"
        " WITHOUT ROWID;",
        "CREATE TABLE variable (id INTEGER PRIMARY KEY, process_instance_key INTEGER, scope_key INTEGER, name, value,"
        " UNIQUE (process_instance_key, scope_key, name));",
        "CREATE TABLE sequence_flow (process_instance_key INTEGER, flow_id,"
        " PRIMARY KEY (process_instance_key, flow_id)) WITHOUT ROWID;",
        f"CREATE TABLE decision_instance ({_typed(DECISION_INSTANCE)}, PRIMARY KEY (evaluation_key, number))"
        " WITHOUT ROWID;",
        *(f"CREATE INDEX {name}_of ON {name} (process_instance_key);" for name in _INDEXED),
        "CREATE INDEX required ON decision (requirements_key);",
        "CREATE INDEX ended ON process_instance (ended_ms) WHERE ended_ms IS NOT NULL;",
        "CREATE INDEX called ON process_instance (parent_key) WHERE parent_key IS NOT NULL;",
        "CREATE INDEX open ON incident (instance_key) WHERE state = 'ACTIVE';",
        "CREATE TABLE progress (position INTEGER NOT NULL, open_in TEXT NOT NULL);",
        "INSERT INTO progress VALUES (0, '');",
        f"PRAGMA user_version = {FORMAT};",
    ]
)

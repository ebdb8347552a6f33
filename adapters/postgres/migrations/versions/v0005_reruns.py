"""Runs of what failed once more, the calls that lead to a step, who asked for what, and history that is given up.

All of it is added: the version before neither reads nor writes these columns.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE workflow
    ADD COLUMN call_path TEXT[] DEFAULT '{}' NOT NULL,
    ADD COLUMN loop_counter INTEGER,
    ADD COLUMN erased_at TIMESTAMP WITH TIME ZONE;

CREATE UNIQUE INDEX workflow_rerun_of ON workflow (rerun_of) WHERE rerun_of IS NOT NULL;

CREATE INDEX workflow_incident ON workflow (position) WHERE incident IS NOT NULL;

CREATE INDEX workflow_created ON workflow USING brin (created_at);

ALTER TABLE step
    ADD COLUMN rerun_of BIGINT,
    ADD COLUMN recalled BOOLEAN DEFAULT false NOT NULL;

ALTER TABLE activity
    ADD COLUMN rerun_of UUID;

CREATE TABLE workflow_event (
    event_id BIGINT GENERATED ALWAYS AS IDENTITY,
    workflow_id UUID NOT NULL,
    kind TEXT NOT NULL,
    principal JSONB NOT NULL,
    data JSONB DEFAULT '{}' NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (event_id),
    FOREIGN KEY(workflow_id) REFERENCES workflow (workflow_id)
);

CREATE INDEX ix_workflow_event_workflow_id ON workflow_event (workflow_id);
"""


def upgrade() -> None:
    """Add the columns, what finds them, and the table of requests."""
    for statement in CHANGES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE workflow_event")
    op.execute("DROP INDEX workflow_created, workflow_incident, workflow_rerun_of")
    op.execute("ALTER TABLE activity DROP COLUMN rerun_of")
    op.execute("ALTER TABLE step DROP COLUMN recalled, DROP COLUMN rerun_of")
    op.execute("ALTER TABLE workflow DROP COLUMN erased_at, DROP COLUMN loop_counter, DROP COLUMN call_path")

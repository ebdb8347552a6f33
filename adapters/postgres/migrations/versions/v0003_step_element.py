"""Whether an element of a workflow ran before, asked at each first delivery."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let one index serve both questions: which steps a workflow has, and which of them are an element's."""
    op.execute("CREATE INDEX step_element ON step (workflow_id, element_id, coalesce(loop_counter, 0))")
    op.execute("DROP INDEX step_workflow")


def downgrade() -> None:
    """Put the old one back."""
    op.execute("CREATE INDEX step_workflow ON step (workflow_id, step_id)")
    op.execute("DROP INDEX step_element")

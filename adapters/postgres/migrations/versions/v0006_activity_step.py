"""Which activities ask about a step: looked for when the step is pruned."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index; few activities are questions."""
    op.execute("CREATE INDEX activity_step ON activity (step_id) WHERE step_id IS NOT NULL")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX activity_step")

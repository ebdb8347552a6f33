"""What somebody has claimed is found without going through everybody's activities."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index; most activities wait in a group, or were completed long ago."""
    op.execute("CREATE INDEX activity_assignee ON activity (assignee, position) WHERE assignee IS NOT NULL")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX activity_assignee")

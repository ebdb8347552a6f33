"""Which incident of the engine holds a workflow up: by it the records see that it was resolved elsewhere."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE workflow ADD COLUMN incident_key bigint")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE workflow DROP COLUMN incident_key")

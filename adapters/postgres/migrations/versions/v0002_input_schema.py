"""What a process starts with, beside its model; due dates in order, for whoever works by them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that the version before ignores, and an index."""
    op.execute("ALTER TABLE process_definition ADD COLUMN input_schema JSONB")
    op.execute("CREATE INDEX activity_due ON activity (coalesce(due_at, 'infinity'), position)")


def downgrade() -> None:
    """Take both back."""
    op.execute("DROP INDEX activity_due")
    op.execute("ALTER TABLE process_definition DROP COLUMN input_schema")

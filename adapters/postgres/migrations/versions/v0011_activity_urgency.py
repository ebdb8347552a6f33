"""From when an activity is to be looked at, and how urgent it is; both can be sorted by."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the version before does not know and leaves at its default."""
    op.execute("ALTER TABLE activity ADD COLUMN follow_up_at timestamp with time zone")
    op.execute("ALTER TABLE activity ADD COLUMN priority integer NOT NULL DEFAULT 50")
    op.execute("CREATE INDEX activity_follow_up ON activity (coalesce(follow_up_at, 'infinity'), position)")
    op.execute("CREATE INDEX activity_priority ON activity ((-priority), position)")


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE activity DROP COLUMN follow_up_at, DROP COLUMN priority")

"""What a person can decide in an activity, as its definition had it when it was made."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the version before does not know; it makes no activities with actions."""
    op.execute("ALTER TABLE activity ADD COLUMN actions jsonb")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE activity DROP COLUMN actions")

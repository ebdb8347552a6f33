"""Workflows that were given up: since when, for which one, and when nothing was left to take back."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the version before does not know."""
    op.execute(
        "ALTER TABLE workflow ADD COLUMN given_up_at timestamp with time zone, "
        "ADD COLUMN taken_back_at timestamp with time zone, ADD COLUMN given_up_for uuid"
    )
    op.execute(
        "CREATE INDEX workflow_giving_up ON workflow (given_up_at) "
        "WHERE given_up_at IS NOT NULL AND taken_back_at IS NULL"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX workflow_giving_up")
    op.execute("ALTER TABLE workflow DROP COLUMN given_up_at, DROP COLUMN taken_back_at, DROP COLUMN given_up_for")

"""Answered requests of principals whose names are the same at several providers."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the version before does not know."""
    op.execute("ALTER TABLE request_key ADD COLUMN issuer text")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE request_key DROP COLUMN issuer")

"""Sessions that were signed out, and ways back from a provider that were walked: good for nothing any more."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the version before does not know; there, a session ends with its time alone."""
    op.execute(
        "CREATE TABLE spent_token (token_id text PRIMARY KEY, until timestamp with time zone NOT NULL, "
        "spent_at timestamp with time zone NOT NULL DEFAULT now())"
    )
    op.execute("CREATE INDEX spent_token_until ON spent_token (until)")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE spent_token")

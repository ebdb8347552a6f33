"""Who may start a process and see its workflows, as its manifest said when it was deployed."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the version before does not know; without it, operators alone."""
    op.execute("ALTER TABLE process_definition ADD COLUMN access JSONB")
    op.execute("CREATE INDEX workflow_starter ON workflow ((principal->>'subject'), position)")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX workflow_starter")
    op.execute("ALTER TABLE process_definition DROP COLUMN access")

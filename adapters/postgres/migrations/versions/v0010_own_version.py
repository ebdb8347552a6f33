"""How far the database is, is said in a table of the fleet's own, which also says which code it serves.

The row is moved over before Alembic looks for it, by `version.move_over`; here the table gets what only ours has.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what says which code is served; the other tables are as the version before knows them."""
    op.execute("ALTER TABLE fleet_version ADD COLUMN IF NOT EXISTS oldest varchar(32)")
    op.execute("REVOKE ALL ON fleet_version FROM PUBLIC, fleet_action, fleet_persister")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE fleet_version DROP COLUMN oldest")

"""The stored procedures of the period's end."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MAKE = """
CREATE PROCEDURE make_accounting_snapshot(until date) LANGUAGE sql SECURITY INVOKER AS $$
    INSERT INTO ext_mycompany_snapshot (closed_until) VALUES (until);
    INSERT INTO ext_mycompany_balance (snapshot_closed_until, account, amount) VALUES (until, 'cash', 100);
$$
"""

MEDDLE = """
CREATE PROCEDURE end_all_workflows() LANGUAGE sql SECURITY INVOKER AS $$
    UPDATE workflow SET state = 'COMPLETED';
$$
"""


def upgrade() -> None:
    """Make them."""
    op.execute(MAKE)
    op.execute(MEDDLE)


def downgrade() -> None:
    """Take them back."""
    op.execute("DROP PROCEDURE make_accounting_snapshot, end_all_workflows")

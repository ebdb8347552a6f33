"""The procedures that make accounting snapshots and remove them.

They run with the rights of the action that calls them. Whoever closes or reopens the same books waits for the other's
commit, and is then told what the other has done.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MAKE = """
CREATE PROCEDURE finance_make_snapshot(of_books text, until date, by_workflow uuid, INOUT refusal text DEFAULT NULL)
LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    latest ext_finance_snapshot;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ext_finance books ' || of_books, 0));
    SELECT * INTO latest FROM ext_finance_snapshot WHERE books = of_books ORDER BY closed_until DESC LIMIT 1;
    IF latest.closed_until >= until THEN
        refusal := format('The books "%s" are closed until %s already, by workflow %s.', of_books, latest.closed_until,
            latest.workflow_instance_id);
        RETURN;
    END IF;
    INSERT INTO ext_finance_snapshot (books, closed_until, workflow_instance_id) VALUES (of_books, until, by_workflow);
    INSERT INTO ext_finance_balance (books, closed_until, account, amount_cents)
        SELECT of_books, until, account, sum(amount_cents) FROM ext_finance_posting
        WHERE books = of_books AND posted_on <= until GROUP BY account;
END $$
"""

REMOVE = """
CREATE PROCEDURE finance_remove_snapshot(of_books text, until date, INOUT refusal text DEFAULT NULL)
LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    latest ext_finance_snapshot;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ext_finance books ' || of_books, 0));
    SELECT * INTO latest FROM ext_finance_snapshot WHERE books = of_books ORDER BY closed_until DESC LIMIT 1;
    IF latest.closed_until > until THEN
        refusal := format('The books "%s" were closed until %s meanwhile, by workflow %s: reopen that period first.',
            of_books, latest.closed_until, latest.workflow_instance_id);
        RETURN;
    END IF;
    DELETE FROM ext_finance_snapshot WHERE books = of_books AND closed_until = until;
END $$
"""


def upgrade() -> None:
    """Make them."""
    op.execute(MAKE)
    op.execute(REMOVE)


def downgrade() -> None:
    """Take them back."""
    op.execute("DROP PROCEDURE finance_make_snapshot, finance_remove_snapshot")

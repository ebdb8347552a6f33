"""History is kept: triggers object to whoever deletes it, or changes what is over, and is not the login for that.

Which login that is, is said where the triggers are made, by `grants`. An attempt that ended its process gets no second
end: the version before writes one, and goes on without.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEPT = """
CREATE FUNCTION fleet_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are history, which is kept.', TG_TABLE_NAME
    USING ERRCODE = 'FL005', HINT = 'fleet records prune and fleet records erase give it up.';
END $$
"""

OVER = """
CREATE FUNCTION fleet_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'step_attempt' AND to_jsonb(OLD) ->> 'outcome' = 'DIED' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'Rows of % are history, which is not changed.', TG_TABLE_NAME
    USING ERRCODE = 'FL005', HINT = 'fleet records erase removes what people entered.';
END $$
"""


def upgrade() -> None:
    """Add the functions; the triggers are made with the rights."""
    op.execute(KEPT)
    op.execute(OVER)


def downgrade() -> None:
    """Drop them, with the triggers."""
    op.execute("DROP FUNCTION fleet_kept, fleet_over CASCADE")

"""What an action's transaction begins and ends by: functions that ask for the claim's secret, and a mark.

The mark is a row that no transaction ever commits: it is there from `fleet_begin` to `fleet_finish`, and whoever sees
one is between the two. Its phase is A as long as the action acts, and P from when the persister does. Business tables
ask for the one, tables of workflow state for the other, and a transaction that commits with its mark is refused.

The version before keeps no secret and has no mark; it goes on as the owner, whom the triggers of business tables let
pass. Names are qualified, for whoever calls chooses where names are looked for.
"""

from alembic import op

from zeebe_fleet.adapters.postgres.migrations.versions.v0004_roles import CHAIN_LINK as LINK_BEFORE
from zeebe_fleet.adapters.postgres.migrations.versions.v0008_rerun_rows import CHAIN_ROW as ROW_BEFORE
from zeebe_fleet.adapters.postgres.migrations.versions.v0008_rerun_rows import RUNS as RUNS_BEFORE

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MARKS = """
CREATE UNLOGGED TABLE @.fleet_finishing (
    xact bigint PRIMARY KEY DEFAULT txid_current(), step_id bigint NOT NULL, workflow_id uuid NOT NULL,
    secret_hash bytea NOT NULL, phase text NOT NULL
)
"""

BEGIN = """
CREATE FUNCTION @.fleet_begin(of_step bigint, of_fence integer, secret bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    acting uuid;
BEGIN
    SELECT workflow_id INTO acting FROM @.step
    WHERE step_id = of_step AND fence = of_fence AND state = 'CLAIMED' AND secret_hash = sha256(secret) FOR UPDATE;
    IF acting IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO @.fleet_finishing (step_id, workflow_id, secret_hash, phase)
    VALUES (of_step, acting, sha256(secret), 'A');
    RETURN true;
END $$
"""

PERSIST = """
CREATE FUNCTION @.fleet_persist(of_step bigint, secret bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE @.fleet_finishing SET phase = 'P'
    WHERE xact = txid_current() AND step_id = of_step AND secret_hash = sha256(secret);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The transaction that finishes the step was ended before.'
        USING ERRCODE = 'FL004',
            HINT = 'Leave COMMIT and ROLLBACK to the fleet; for a part that may fail, use begin_nested().';
    END IF;
END $$
"""

FINISH = """
CREATE FUNCTION @.fleet_finish(
    of_step bigint, of_fence integer, secret bytea, to_state text, with_result jsonb, with_error jsonb, verb text,
    job_key bigint, payload jsonb, due_in_s float8, principal jsonb
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM @.fleet_finishing
    WHERE xact = txid_current() AND fleet_finishing.step_id = of_step AND secret_hash = sha256(secret);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The transaction that finishes the step was ended before.'
        USING ERRCODE = 'FL004',
            HINT = 'Leave COMMIT and ROLLBACK to the fleet; for a part that may fail, use begin_nested().';
    END IF;
    UPDATE @.step SET state = to_state, result = with_result, error = with_error, finished_at = now()
    WHERE step.step_id = of_step AND step.fence = of_fence AND step.state = 'CLAIMED';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE @.step_attempt SET ended_at = now(), outcome = to_state, error = with_error
    WHERE step_attempt.step_id = of_step AND step_attempt.fence = of_fence AND ended_at IS NULL;
    IF job_key IS NOT NULL THEN
        INSERT INTO @.owed (verb, step_id, job_key, payload, fence, principal, next_try)
        VALUES (verb, of_step, job_key, payload, of_fence, principal, now() + make_interval(secs => due_in_s));
    END IF;
    RETURN true;
END $$
"""

#: deferred, it speaks at COMMIT; told to speak at once, it finds the mark as well
UNFINISHED = """
CREATE FUNCTION @.fleet_unfinished() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM @.fleet_finishing WHERE xact = NEW.xact) THEN
        RAISE EXCEPTION 'The transaction of an action is committed by the fleet alone.'
        USING ERRCODE = 'FL004',
            HINT = 'Leave COMMIT and ROLLBACK to the fleet; for a part that may fail, use begin_nested().';
    END IF;
    RETURN NULL;
END $$
"""

AT_COMMIT = """
CREATE CONSTRAINT TRIGGER fleet_unfinished AFTER INSERT ON @.fleet_finishing
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION @.fleet_unfinished()
"""

_IN_PHASE = """
CREATE FUNCTION @.fleet_in_{who}() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM @.fleet_finishing AS mark
        WHERE mark.xact OPERATOR(pg_catalog.=) pg_catalog.txid_current_if_assigned()
            AND mark.phase OPERATOR(pg_catalog.=) '{phase}'
    ) THEN
        RAISE EXCEPTION '{said}', TG_TABLE_NAME USING ERRCODE = 'FL004', HINT = '{hint}';
    END IF;
    RETURN NULL;
END $$
"""

IN_ACTION = _IN_PHASE.format(
    who="action",
    phase="A",
    said="Rows of % are written by an action alone, in the transaction that finishes its step.",
    hint="Actions write declared data models, persisters workflow state; leave COMMIT and ROLLBACK to the fleet.",
)
IN_PERSISTER = _IN_PHASE.format(
    who="persister",
    phase="P",
    said="Rows of % are written by a persister alone, in the transaction that finishes its step.",
    hint="Actions write declared data models, persisters workflow state.",
)

_FROM_SETTING = "acting uuid := nullif(current_setting('fleet.workflow_id', true), '')::uuid;"
_FROM_MARK = """acting uuid := coalesce(
        (SELECT mark.workflow_id FROM fleet_finishing mark
            WHERE mark.xact = txid_current_if_assigned() AND mark.phase = 'A'),
        CASE WHEN current_user = 'fleet_action' THEN nullif(current_setting('fleet.workflow_id', true), '')::uuid END
    );"""
_INVOKER = "LANGUAGE plpgsql SECURITY INVOKER AS $$"
_IN_PLACE = "LANGUAGE plpgsql SECURITY INVOKER SET search_path = @, pg_temp AS $$"

CHAIN_ROW = (
    ROW_BEFORE.replace(_FROM_SETTING, _FROM_MARK)
    .replace("IF run.workflow_id IS NULL OR current_user <> 'fleet_action' THEN", "IF run.workflow_id IS NULL THEN")
    .replace(_INVOKER, _IN_PLACE)
)
CHAIN_LINK = LINK_BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(_INVOKER, _IN_PLACE)
RUNS = RUNS_BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "JOIN workflow ON workflow.workflow_id = run.id", "JOIN @.workflow ON workflow.workflow_id = run.id"
)


def upgrade() -> None:
    """Add the secret, the mark, and what asks for them."""
    place = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    op.execute("ALTER TABLE step ADD COLUMN secret_hash bytea")
    for one in (MARKS, BEGIN, PERSIST, FINISH, UNFINISHED, AT_COMMIT, IN_ACTION, IN_PERSISTER):
        op.execute(one.replace("@.", f"{place}."))
    for one in (RUNS, CHAIN_ROW, CHAIN_LINK):
        op.execute(one.replace("@", str(place)))
    op.execute("REVOKE ALL ON FUNCTION fleet_begin, fleet_persist, fleet_finish FROM PUBLIC")
    op.execute("GRANT SELECT (xact, workflow_id, phase) ON fleet_finishing TO PUBLIC")


def downgrade() -> None:
    """Take all of it back."""
    for one in (RUNS_BEFORE, ROW_BEFORE, LINK_BEFORE):
        op.execute(one.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute("DROP FUNCTION fleet_in_action, fleet_in_persister CASCADE")
    op.execute("DROP FUNCTION fleet_begin, fleet_persist, fleet_finish")
    op.execute("DROP TABLE fleet_finishing")
    op.execute("DROP FUNCTION fleet_unfinished")
    op.execute("ALTER TABLE step DROP COLUMN secret_hash")

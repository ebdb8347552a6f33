"""A workflow that is run again has what the runs before it left: their managed rows, and their state.

What an earlier run wrote stays under its own id. The re-run may change it, carries on from it where it writes a row of
its own, and whoever carries on from the re-run carries on from that row.
"""

from alembic import op

from zeebe_fleet.adapters.postgres.migrations.versions.v0004_roles import CHAIN_ROW as WITHOUT_RUNS

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: a workflow and the runs before it, the latest first
RUNS = """
CREATE FUNCTION fleet_runs_of(of_workflow uuid) RETURNS TABLE (workflow_id uuid, generation integer)
LANGUAGE sql STABLE SECURITY INVOKER AS $$
    WITH RECURSIVE run AS (
        SELECT of_workflow AS id, 0 AS ago
        UNION ALL
        SELECT workflow.rerun_of, ago + 1 FROM run JOIN workflow ON workflow.workflow_id = run.id
        WHERE workflow.rerun_of IS NOT NULL
    )
    SELECT id, ago FROM run
$$
"""

#: as before, but for `row_of`: the row that a workflow, or a run before it, left
CHAIN_ROW = """
CREATE OR REPLACE FUNCTION fleet_chain_row() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    acting uuid := nullif(current_setting('fleet.workflow_id', true), '')::uuid;
    run workflow;
    named text;
    earlier uuid;
    carried_on uuid;
    known integer;
    row_of text := format('SELECT managed.workflow_instance_id FROM fleet_runs_of($1) run JOIN %I.%I managed '
        'ON managed.workflow_instance_id = run.workflow_id WHERE run.generation >= $2 ORDER BY run.generation LIMIT 1',
        TG_TABLE_SCHEMA, TG_TABLE_NAME);
BEGIN
    SELECT * INTO run FROM workflow WHERE workflow_id = acting;
    IF run.workflow_id IS NULL OR current_user <> 'fleet_action' THEN
        RAISE EXCEPTION 'Rows of % are written by workflows alone.', TG_TABLE_NAME
        USING ERRCODE = 'FL001', HINT = 'Start a workflow whose action makes the change.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'Rows of % are never deleted: they are the audit trail.', TG_TABLE_NAME
        USING ERRCODE = 'FL001', HINT = 'Say in a column that the row no longer holds.';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.child_workflow_instance_id IS DISTINCT FROM OLD.child_workflow_instance_id THEN
            EXECUTE format('SELECT count(*) FROM %I.%I WHERE workflow_instance_id = $1 '
                'AND parent_workflow_instance_id = $2', TG_TABLE_SCHEMA, TG_TABLE_NAME)
                INTO known USING acting, OLD.workflow_instance_id;
            IF known = 1 AND OLD.child_workflow_instance_id IS NULL AND NEW.child_workflow_instance_id = acting
                AND to_jsonb(NEW) - 'child_workflow_instance_id' = to_jsonb(OLD) - 'child_workflow_instance_id' THEN
                RETURN NEW;
            END IF;
        END IF;
        IF (NEW.workflow_instance_id, NEW.parent_workflow_instance_id, NEW.child_workflow_instance_id, NEW.created_at)
            IS DISTINCT FROM
            (OLD.workflow_instance_id, OLD.parent_workflow_instance_id, OLD.child_workflow_instance_id, OLD.created_at)
        THEN
            RAISE EXCEPTION 'The chain of % is kept by the fleet.', TG_TABLE_NAME
            USING ERRCODE = 'FL001', HINT = 'Leave the columns of WorkflowManagedMixin alone.';
        END IF;
        IF OLD.child_workflow_instance_id IS NOT NULL
            OR NOT EXISTS (SELECT FROM fleet_runs_of(acting) WHERE workflow_id = OLD.workflow_instance_id) THEN
            RAISE EXCEPTION 'The row of % that workflow % made is not workflow %''s to change.', TG_TABLE_NAME,
                OLD.workflow_instance_id, acting
            USING ERRCODE = 'FL001', HINT = 'Add a row of the workflow''s own: it becomes the next one of the chain.';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.workflow_instance_id IS DISTINCT FROM acting THEN
        RAISE EXCEPTION 'Workflow % cannot write the row of workflow % in %.', acting, NEW.workflow_instance_id,
            TG_TABLE_NAME
        USING ERRCODE = 'FL001', HINT = 'Leave workflow_instance_id out: the fleet fills it in.';
    END IF;
    NEW.child_workflow_instance_id := NULL;
    NEW.created_at := now();
    named := nullif(run.input ->> 'parent_workflow_instance_id', '');
    IF NEW.parent_workflow_instance_id IS NULL AND named IS NOT NULL THEN
        IF named !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN
            RAISE EXCEPTION 'Workflow % was started with a parent_workflow_instance_id that is no UUID.', acting
            USING ERRCODE = 'FL001', HINT = 'Start it again, with the workflow_instance_id of the row to carry on.';
        END IF;
        NEW.parent_workflow_instance_id := named::uuid;
    ELSIF NEW.parent_workflow_instance_id IS NULL AND run.parent_workflow_id IS NOT NULL THEN
        EXECUTE row_of INTO NEW.parent_workflow_instance_id USING run.parent_workflow_id, 0;
    END IF;
    EXECUTE row_of INTO earlier USING acting, 1;
    IF earlier IS NOT NULL THEN
        NEW.parent_workflow_instance_id := earlier;
    ELSIF NEW.parent_workflow_instance_id IS NOT NULL THEN
        EXECUTE row_of INTO earlier USING NEW.parent_workflow_instance_id, 0;
        NEW.parent_workflow_instance_id := coalesce(earlier, NEW.parent_workflow_instance_id);
    END IF;
    IF NEW.parent_workflow_instance_id IS NOT NULL THEN
        EXECUTE format('SELECT child_workflow_instance_id FROM %I.%I WHERE workflow_instance_id = $1 FOR UPDATE',
            TG_TABLE_SCHEMA, TG_TABLE_NAME)
            INTO carried_on USING NEW.parent_workflow_instance_id;
        GET DIAGNOSTICS known = ROW_COUNT;
        IF known = 0 THEN
            RAISE EXCEPTION 'Workflow % made no row of % that another could carry on.',
                NEW.parent_workflow_instance_id, TG_TABLE_NAME
            USING ERRCODE = 'FL003', HINT = 'Give parent_workflow_instance_id of a row that is there.';
        END IF;
        IF carried_on IS NOT NULL THEN
            RAISE EXCEPTION 'Workflow %''s row of % was carried on already, by workflow %.',
                NEW.parent_workflow_instance_id, TG_TABLE_NAME, carried_on
            USING ERRCODE = 'FL002', HINT = 'A chain does not branch: carry on from its last row.';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Make the one, replace the other."""
    op.execute(RUNS)
    op.execute(CHAIN_ROW)


def downgrade() -> None:
    """Take them back."""
    op.execute(WITHOUT_RUNS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute("DROP FUNCTION fleet_runs_of")

"""Who may write what: actions the business tables, persisters the workflow tables; and the chain of managed rows.

Both were roles that a worker took on inside the transaction that finishes a step; what it runs as now, `rights` makes.
PostgreSQL has roles for the whole server, so they may be there already. A table that a later version adds is closed to
actions unless it says otherwise.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES = """
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['fleet_action', 'fleet_persister'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'The role % may not create the roles fleet_action and fleet_persister.', current_user
        USING ERRCODE = 'FL000', HINT = 'Have an administrator run: CREATE ROLE fleet_action NOLOGIN; '
            'CREATE ROLE fleet_persister NOLOGIN;';
END $$
"""

GRANTS = """
REVOKE ALL ON process_definition, request_key, workflow, step, step_attempt, activity, activity_event, owed
    FROM PUBLIC, fleet_action;
GRANT SELECT ON workflow TO fleet_action;
GRANT SELECT, INSERT, UPDATE, DELETE ON workflow, step, step_attempt, owed, activity, activity_event TO fleet_persister
"""

#: before a row is written: whose it is, and which row it carries on from
CHAIN_ROW = """
CREATE FUNCTION fleet_chain_row() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    acting uuid := nullif(current_setting('fleet.workflow_id', true), '')::uuid;
    run workflow;
    named text;
    carried_on uuid;
    known integer;
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
        IF OLD.workflow_instance_id <> acting OR OLD.child_workflow_instance_id IS NOT NULL THEN
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
        EXECUTE format('SELECT workflow_instance_id FROM %I.%I WHERE workflow_instance_id = $1',
            TG_TABLE_SCHEMA, TG_TABLE_NAME)
            INTO NEW.parent_workflow_instance_id USING run.parent_workflow_id;
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

CHAIN_LINK = """
CREATE FUNCTION fleet_chain_link() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
    IF NEW.parent_workflow_instance_id IS NOT NULL THEN
        EXECUTE format('UPDATE %I.%I SET child_workflow_instance_id = $1 WHERE workflow_instance_id = $2',
            TG_TABLE_SCHEMA, TG_TABLE_NAME)
            USING NEW.workflow_instance_id, NEW.parent_workflow_instance_id;
    END IF;
    RETURN NULL;
END $$
"""

CHAIN_KEPT = """
CREATE FUNCTION fleet_chain_kept() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never deleted: they are the audit trail.', TG_TABLE_NAME
    USING ERRCODE = 'FL001', HINT = 'Say in a column that a row no longer holds.';
END $$
"""


def upgrade() -> None:
    """Make the roles, where they are not there, and the functions that managed tables have as triggers."""
    op.execute(ROLES)
    for grant in GRANTS.split(";\n"):
        op.execute(grant)
    for function in (CHAIN_ROW, CHAIN_LINK, CHAIN_KEPT):
        op.execute(function)


def downgrade() -> None:
    """Take the functions and rights back; the roles may be in use by another database."""
    op.execute("DROP FUNCTION fleet_chain_row, fleet_chain_link, fleet_chain_kept CASCADE")
    op.execute(
        "REVOKE ALL ON process_definition, request_key, workflow, step, step_attempt, activity, activity_event, owed "
        "FROM fleet_action, fleet_persister"
    )

"""The records: workflows, steps, attempts, activities, what is owed, and answered requests.

Expand/contract from here on: a migration only adds what the version before can ignore; what it stops using
is dropped one version later, so that two neighbouring versions run side by side.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE process_definition (
    definition_key BIGINT NOT NULL,
    process_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    version_tag TEXT,
    tenant_id TEXT DEFAULT '<default>' NOT NULL,
    resource_name TEXT NOT NULL,
    bpmn TEXT NOT NULL,
    deployed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (definition_key)
);

CREATE INDEX process_definition_name ON process_definition (process_name, version);

CREATE TABLE request_key (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    response JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (principal, key)
);

CREATE TABLE workflow (
    workflow_id UUID NOT NULL,
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    process_name TEXT NOT NULL,
    process_version INTEGER,
    definition_key BIGINT,
    process_instance_key BIGINT,
    parent_workflow_id UUID,
    rerun_of UUID,
    business_key TEXT,
    tenant_id TEXT DEFAULT '<default>' NOT NULL,
    input JSONB DEFAULT '{}' NOT NULL,
    output JSONB,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    principal JSONB NOT NULL,
    incident TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    probed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (workflow_id),
    UNIQUE (position),
    FOREIGN KEY(parent_workflow_id) REFERENCES workflow (workflow_id),
    FOREIGN KEY(rerun_of) REFERENCES workflow (workflow_id)
);

CREATE INDEX workflow_business_key ON workflow (business_key);

CREATE INDEX workflow_instance ON workflow (process_instance_key);

CREATE UNIQUE INDEX workflow_live_instance ON workflow (process_instance_key) WHERE state IN ('STARTING', 'RUNNING');

CREATE INDEX workflow_parent ON workflow (parent_workflow_id);

CREATE INDEX workflow_process ON workflow (process_name, position);

CREATE INDEX workflow_state ON workflow (state, position);

CREATE TABLE step (
    step_id BIGINT GENERATED ALWAYS AS IDENTITY,
    workflow_id UUID NOT NULL,
    job_key BIGINT,
    job_type TEXT NOT NULL,
    kind TEXT NOT NULL,
    element_id TEXT NOT NULL,
    element_instance_key BIGINT NOT NULL,
    process_instance_key BIGINT NOT NULL,
    definition_key BIGINT NOT NULL,
    call_path TEXT[] DEFAULT '{}' NOT NULL,
    loop_counter INTEGER,
    preceding TEXT[] DEFAULT '{}' NOT NULL,
    fence INTEGER DEFAULT '1' NOT NULL,
    round INTEGER DEFAULT '1' NOT NULL,
    delivery INTEGER DEFAULT '1' NOT NULL,
    deaths INTEGER DEFAULT '0' NOT NULL,
    intent_at TIMESTAMP WITH TIME ZONE,
    idempotency_key UUID DEFAULT gen_random_uuid() NOT NULL,
    state TEXT NOT NULL,
    input JSONB DEFAULT '{}' NOT NULL,
    input_hash TEXT,
    result JSONB,
    error JSONB,
    compensated_by BIGINT,
    claimed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (step_id),
    CONSTRAINT step_workflow_job UNIQUE (workflow_id, job_key),
    FOREIGN KEY(workflow_id) REFERENCES workflow (workflow_id),
    FOREIGN KEY(compensated_by) REFERENCES step (step_id)
);

CREATE INDEX step_compensated_by ON step (compensated_by) WHERE compensated_by IS NOT NULL;

CREATE INDEX step_progress ON step USING brin (claimed_at, finished_at);

CREATE INDEX step_unsettled ON step (step_id) WHERE state IN ('UNCERTAIN', 'ORPHANED');

CREATE INDEX step_without_job ON step (job_type) WHERE job_key IS NULL;

CREATE INDEX step_workflow ON step (workflow_id, step_id);

CREATE TABLE activity (
    activity_id UUID NOT NULL,
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    workflow_id UUID NOT NULL,
    element_id TEXT NOT NULL,
    element_instance_key BIGINT NOT NULL,
    process_instance_key BIGINT NOT NULL,
    definition_key BIGINT NOT NULL,
    job_key BIGINT,
    step_id BIGINT,
    name TEXT NOT NULL,
    form JSONB,
    input JSONB DEFAULT '{}' NOT NULL,
    result JSONB,
    candidate_groups TEXT[] DEFAULT '{}' NOT NULL,
    candidate_users TEXT[] DEFAULT '{}' NOT NULL,
    assignee TEXT,
    due_at TIMESTAMP WITH TIME ZONE,
    state TEXT NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    probed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (activity_id),
    CONSTRAINT activity_workflow_element UNIQUE (workflow_id, element_instance_key),
    UNIQUE (position),
    FOREIGN KEY(workflow_id) REFERENCES workflow (workflow_id),
    FOREIGN KEY(step_id) REFERENCES step (step_id)
);

CREATE INDEX activity_probe ON activity (probed_at) WHERE state IN ('OPEN', 'CLAIMED') AND job_key IS NOT NULL;

CREATE INDEX activity_state ON activity (state, position);

CREATE INDEX activity_workflow ON activity (workflow_id);

CREATE TABLE step_attempt (
    step_id BIGINT NOT NULL,
    fence INTEGER NOT NULL,
    round INTEGER NOT NULL,
    worker TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    error JSONB,
    PRIMARY KEY (step_id, fence),
    FOREIGN KEY(step_id) REFERENCES step (step_id)
);

CREATE TABLE activity_event (
    event_id BIGINT GENERATED ALWAYS AS IDENTITY,
    activity_id UUID NOT NULL,
    kind TEXT NOT NULL,
    principal JSONB NOT NULL,
    data JSONB DEFAULT '{}' NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (event_id),
    FOREIGN KEY(activity_id) REFERENCES activity (activity_id)
);

CREATE INDEX ix_activity_event_activity_id ON activity_event (activity_id);

CREATE TABLE owed (
    owed_id BIGINT GENERATED ALWAYS AS IDENTITY,
    verb TEXT NOT NULL,
    step_id BIGINT,
    activity_id UUID,
    workflow_id UUID,
    job_key BIGINT,
    payload JSONB DEFAULT '{}' NOT NULL,
    fence INTEGER,
    principal JSONB NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    next_try TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    last_error TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (owed_id),
    UNIQUE (step_id),
    FOREIGN KEY(step_id) REFERENCES step (step_id),
    UNIQUE (activity_id),
    FOREIGN KEY(activity_id) REFERENCES activity (activity_id),
    FOREIGN KEY(workflow_id) REFERENCES workflow (workflow_id)
);

CREATE INDEX owed_next_try ON owed (next_try);

CREATE UNIQUE INDEX owed_workflow_verb ON owed (workflow_id, verb) WHERE step_id IS NULL AND activity_id IS NULL;
"""

CHANGES = """
CREATE FUNCTION fleet_notify_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'workflow' THEN
        PERFORM pg_notify('fleet_changed', 'workflow:' || NEW.workflow_id);
    ELSE
        PERFORM pg_notify('fleet_changed', 'activity:' || NEW.activity_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER workflow_changed AFTER INSERT OR UPDATE OF state, incident, output ON workflow
    FOR EACH ROW EXECUTE FUNCTION fleet_notify_change();

CREATE TRIGGER activity_changed AFTER INSERT OR UPDATE OF state, assignee, version ON activity
    FOR EACH ROW EXECUTE FUNCTION fleet_notify_change();

CREATE FUNCTION fleet_notify_owed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('fleet_owed', NEW.verb);
    RETURN NULL;
END $$;

CREATE TRIGGER owed_by_request AFTER INSERT ON owed
    FOR EACH ROW WHEN (NEW.step_id IS NULL) EXECUTE FUNCTION fleet_notify_owed();
"""


def upgrade() -> None:
    """Create the tables, and tell listeners what changes in them."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for statement in CHANGES.split(";\n\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop everything, newest first."""
    op.execute(
        "DROP TABLE owed, request_key, activity_event, activity, step_attempt, step, workflow, process_definition"
    )
    op.execute("DROP FUNCTION fleet_notify_change, fleet_notify_owed")

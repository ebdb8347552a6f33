"""Published versions of definitions that are known here, and which of them a workflow was started by."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the version before does not know; it starts no workflow by a version."""
    op.execute(
        "CREATE TABLE process_artifact (name text NOT NULL, version text NOT NULL, kind text NOT NULL, "
        "sha256 text NOT NULL, signed_by text NOT NULL, published_at timestamp with time zone, "
        "description text NOT NULL, manifest jsonb NOT NULL, content bytea NOT NULL, model_sha256 text, "
        "definition_key bigint, known_at timestamp with time zone NOT NULL DEFAULT now(), "
        "CONSTRAINT process_artifact_pkey PRIMARY KEY (name, version))"
    )
    op.execute(
        "CREATE INDEX process_artifact_definition ON process_artifact (definition_key) WHERE definition_key IS NOT NULL"
    )
    op.execute(
        "ALTER TABLE workflow ADD COLUMN artifact_name text, ADD COLUMN artifact_version text, "
        "ADD COLUMN artifact_sha256 text"
    )
    op.execute(
        "ALTER TABLE workflow ADD CONSTRAINT workflow_artifact_fkey FOREIGN KEY (artifact_name, artifact_version) "
        "REFERENCES process_artifact (name, version) NOT VALID"
    )
    op.execute("CREATE INDEX workflow_artifact ON workflow (artifact_name, position) WHERE artifact_name IS NOT NULL")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE workflow DROP CONSTRAINT workflow_artifact_fkey")
    op.execute("DROP INDEX workflow_artifact")
    op.execute(
        "ALTER TABLE workflow DROP COLUMN artifact_name, DROP COLUMN artifact_version, DROP COLUMN artifact_sha256"
    )
    op.execute("DROP TABLE process_artifact")

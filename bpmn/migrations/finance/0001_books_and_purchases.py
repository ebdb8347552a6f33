"""Books and purchases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: what the version before must be able to ignore."""
    op.create_table(
        "ext_finance_period",
        sa.Column("books", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("closed_until", sa.Date(), nullable=True),
        sa.Column("workflow_instance_id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workflow_instance_id", name=op.f("ext_finance_period_pkey")),
    )
    op.create_table(
        "ext_finance_posting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("books", sa.String(length=50), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("account", sa.String(length=50), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ext_finance_posting_pkey")),
    )
    op.create_index(
        op.f("ix_ext_finance_posting_books_posted_on"), "ext_finance_posting", ["books", "posted_on"], unique=False
    )
    op.create_table(
        "ext_finance_purchase_request",
        sa.Column("item_description", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("comment", sa.String(length=2000), nullable=True),
        sa.Column("workflow_instance_id", sa.Uuid(), nullable=False),
        sa.Column("parent_workflow_instance_id", sa.Uuid(), server_default=sa.FetchedValue(), nullable=True),
        sa.Column("child_workflow_instance_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_workflow_instance_id"],
            ["ext_finance_purchase_request.workflow_instance_id"],
            name=op.f("ext_finance_purchase_request_child_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_workflow_instance_id"],
            ["ext_finance_purchase_request.workflow_instance_id"],
            name=op.f("ext_finance_purchase_request_parent_fkey"),
        ),
        sa.PrimaryKeyConstraint("workflow_instance_id", name=op.f("ext_finance_purchase_request_pkey")),
        sa.UniqueConstraint("child_workflow_instance_id", name=op.f("ext_finance_purchase_request_child_key")),
        sa.UniqueConstraint("parent_workflow_instance_id", name=op.f("ext_finance_purchase_request_parent_key")),
    )
    op.create_table(
        "ext_finance_snapshot",
        sa.Column("books", sa.String(length=50), nullable=False),
        sa.Column("closed_until", sa.Date(), nullable=False),
        sa.Column("workflow_instance_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("books", "closed_until", name=op.f("ext_finance_snapshot_pkey")),
    )
    op.create_table(
        "ext_finance_balance",
        sa.Column("books", sa.String(length=50), nullable=False),
        sa.Column("closed_until", sa.Date(), nullable=False),
        sa.Column("account", sa.String(length=50), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["books", "closed_until"],
            ["ext_finance_snapshot.books", "ext_finance_snapshot.closed_until"],
            name=op.f("ext_finance_balance_books_closed_until_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("books", "closed_until", "account", name=op.f("ext_finance_balance_pkey")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("ext_finance_balance")
    op.drop_table("ext_finance_snapshot")
    op.drop_table("ext_finance_purchase_request")
    op.drop_index(op.f("ix_ext_finance_posting_books_posted_on"), table_name="ext_finance_posting")
    op.drop_table("ext_finance_posting")
    op.drop_table("ext_finance_period")

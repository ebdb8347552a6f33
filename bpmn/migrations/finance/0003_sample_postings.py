"""Three months of the books "main": something to close, for there is no bookkeeping here."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

POSTING = sa.table(
    "ext_finance_posting",
    sa.column("books", sa.String),
    sa.column("posted_on", sa.Date),
    sa.column("account", sa.String),
    sa.column("amount_cents", sa.BigInteger),
)
#: what is paid in or out on a day, and for what
PAID = (
    (date(2026, 1, 5), "sales", 250_000),
    (date(2026, 1, 30), "rent", -80_000),
    (date(2026, 2, 12), "sales", 310_000),
    (date(2026, 2, 27), "rent", -80_000),
    (date(2026, 3, 9), "office", -45_900),
    (date(2026, 3, 20), "sales", 190_000),
)


def upgrade() -> None:
    """Post each amount twice, as books are kept: on cash, and on the other side of its account."""
    sides = [(day, account, -cents) for day, account, cents in PAID] + [(day, "cash", cents) for day, _, cents in PAID]
    rows = [
        {"books": "main", "posted_on": day, "account": account, "amount_cents": cents} for day, account, cents in sides
    ]
    op.bulk_insert(POSTING, rows)


def downgrade() -> None:
    """Take them back."""
    op.execute("DELETE FROM ext_finance_posting WHERE books = 'main' AND posted_on < '2026-04-01'")

"""Books: what is posted in them, the periods that are closed, and the snapshots that closing makes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from zeebe_fleet.bpmn.models import FinanceModel
from zeebe_fleet.workers.contract.data_models import register_data_model
from zeebe_fleet.workers.contract.managed import WorkflowStateMixin
from zeebe_fleet.workers.contract.principal import OPERATOR_ROLE
from zeebe_fleet.workers.contract.readable import Readable

_BOOKS_LENGTH = 50
_ACCOUNT_LENGTH = 50
_TO_OPERATORS = Readable(roles=frozenset({OPERATOR_ROLE}), filters=("books",))


@register_data_model(name="AccountingPeriod", readable=_TO_OPERATORS)
class AccountingPeriod(FinanceModel, WorkflowStateMixin):
    """Whether the period of a workflow is closed, and until when: kept by its persister alone."""

    _ext_table = "period"

    books: Mapped[str] = mapped_column(String(_BOOKS_LENGTH))
    status: Mapped[str] = mapped_column(String(10))
    closed_until: Mapped[date | None]


@register_data_model(name="Posting")
class Posting(FinanceModel):
    """An amount on an account, on a day."""

    _ext_table = "posting"
    __table_args__ = (Index(None, "books", "posted_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[str] = mapped_column(String(_BOOKS_LENGTH))
    posted_on: Mapped[date]
    account: Mapped[str] = mapped_column(String(_ACCOUNT_LENGTH))
    amount_cents: Mapped[int] = mapped_column(BigInteger)


@register_data_model(name="AccountingSnapshot", readable=_TO_OPERATORS)
class AccountingSnapshot(FinanceModel):
    """The books as they were when a period was closed: there as long as it is."""

    _ext_table = "snapshot"

    books: Mapped[str] = mapped_column(String(_BOOKS_LENGTH), primary_key=True)
    closed_until: Mapped[date] = mapped_column(primary_key=True)
    workflow_instance_id: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


@register_data_model(name="AccountBalance", readable=_TO_OPERATORS)
class AccountBalance(FinanceModel):
    """What an account had in a snapshot."""

    _ext_table = "balance"
    __table_args__ = (
        ForeignKeyConstraint(
            ["books", "closed_until"],
            ["ext_finance_snapshot.books", "ext_finance_snapshot.closed_until"],
            ondelete="CASCADE",
        ),
    )

    books: Mapped[str] = mapped_column(String(_BOOKS_LENGTH), primary_key=True)
    closed_until: Mapped[date] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(_ACCOUNT_LENGTH), primary_key=True)
    amount_cents: Mapped[int] = mapped_column(BigInteger)

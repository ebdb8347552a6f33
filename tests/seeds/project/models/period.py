"""Periods of the books: their state, kept by a persister, and the accounting snapshot, made by an action."""

from datetime import date

from myworkflows.models import MyModel
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from zeebe_fleet.data_models import Readable, WorkflowStateMixin, register_data_model


@register_data_model(name="PeriodState")
class PeriodState(MyModel, WorkflowStateMixin):
    """The end date of the closed period, and whether it is closed."""

    _ext_table = "period_state"

    status: Mapped[str]
    closed_until: Mapped[date | None]


@register_data_model(name="PeriodRemark")
class PeriodRemark(MyModel, WorkflowStateMixin):
    """What is said of a period: the rest of its state, in a table of its own."""

    _ext_table = "period_remark"

    remark: Mapped[str]


@register_data_model(
    name="Snapshot",
    readable=Readable(roles=frozenset({"operator"}), fields=("closed_until",), filters=("closed_until",)),
)
class Snapshot(MyModel):
    """An accounting snapshot."""

    _ext_table = "snapshot"

    closed_until: Mapped[date] = mapped_column(primary_key=True)
    balances: Mapped[list["Balance"]] = relationship(
        back_populates="snapshot", order_by="Balance.account", cascade="all, delete-orphan"
    )


@register_data_model(name="Balance")
class Balance(MyModel):
    """A balance in a snapshot."""

    _ext_table = "balance"

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_closed_until: Mapped[date] = mapped_column(
        ForeignKey("ext_mycompany_snapshot.closed_until", ondelete="CASCADE")
    )
    account: Mapped[str]
    amount: Mapped[int]
    snapshot: Mapped[Snapshot] = relationship(back_populates="balances")

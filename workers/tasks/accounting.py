"""The periods of books: closed, and opened again.

What a workflow knows of its period is stored by a persister. What follows from closing, an accounting snapshot, is the
business of the actions, which call stored procedures for it.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import structlog
from pydantic import BaseModel
from sqlalchemy import select, text

from zeebe_fleet.workers.contract.errors import BusinessError
from zeebe_fleet.workers.contract.flow import FlowEvent, Point
from zeebe_fleet.workers.persisters import ModelPersister
from zeebe_fleet.workers.service_task import ServiceTaskHelper
from zeebe_fleet.workers.task import task

REFUSED = "PERIOD_REFUSED"


class AccountTotal(BaseModel):
    """What an account has in a snapshot."""

    account: str
    amount: str


class PeriodChanged(BaseModel):
    """How the period stands, and what its snapshot says."""

    period: Literal["OPEN", "CLOSED"]
    balances: list[AccountTotal] = []


class Journal:
    """Logs each change of a period, once it is committed."""

    def notice(self, event: FlowEvent) -> None:
        """Write a line."""
        if event.point is Point.COMMIT:
            state = event.state
            structlog.get_logger("fleet.accounting").info(
                f"period.{event.action}", books=state["books"], closed_until=str(state["closed_until"] or "")
            )


def is_open(sth: ServiceTaskHelper) -> bool:
    """Say whether the period can be closed: one that was never closed is open."""
    return bool(sth.state.get("status", "OPEN") == "OPEN")


def is_closed(sth: ServiceTaskHelper) -> bool:
    """Say whether the period can be opened again."""
    return bool(sth.state.get("status") == "CLOSED")


def is_over(closed_until: str | None = None) -> None:
    """Refuse a date on which something can still be posted."""
    try:
        last_day = date.fromisoformat(closed_until or "")
    except ValueError:
        raise _refusal("A period is closed until a day: name one.") from None
    if last_day >= date.today():
        raise _refusal(f"{last_day} is not over: something may still be posted.")


FLOW: dict[str, Any] = {
    "persister": ModelPersister("AccountingPeriod"),
    "observers": [Journal()],
    "unavailable": REFUSED,
}


@task("accounting.change-period", action="close", conditions=[is_open], validators=[is_over], **FLOW)
def close(sth: ServiceTaskHelper, books: str, closed_until: date) -> PeriodChanged:
    """Close the period: a snapshot of the books is made, unless another workflow was there first."""
    named = {"books": books, "until": closed_until, "by": sth.workflow_instance_id}
    refusal = sth.db.scalar(text("CALL finance_make_snapshot(:books, :until, :by)"), named)
    if refusal:
        raise _refusal(refusal)
    sth.state.update(books=books, status="CLOSED", closed_until=closed_until)
    return PeriodChanged(period="CLOSED", balances=_balances(sth, books, closed_until))


@task("accounting.change-period", action="reopen", conditions=[is_closed], **FLOW)
def reopen(sth: ServiceTaskHelper) -> PeriodChanged:
    """Open the period again: its snapshot is removed, unless a later period was closed since."""
    named = {"books": sth.state["books"], "until": sth.state["closed_until"]}
    refusal = sth.db.scalar(text("CALL finance_remove_snapshot(:books, :until)"), named)
    if refusal:
        raise _refusal(refusal)
    sth.state.update(status="OPEN", closed_until=None)
    return PeriodChanged(period="OPEN")


def _balances(sth: ServiceTaskHelper, books: str, closed_until: date) -> list[AccountTotal]:
    Balance = sth.get_model("AccountBalance")
    of_snapshot = select(Balance).where(Balance.books == books, Balance.closed_until == closed_until)
    rows = sth.db.scalars(of_snapshot.order_by(Balance.account))
    return [AccountTotal(account=row.account, amount=f"{row.amount_cents / 100:,.2f}") for row in rows]


def _refusal(why: str) -> BusinessError:
    return BusinessError(REFUSED, why, {"refusal": why})

"""The project's actions, beside those that its process packages have themselves."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from zeebe_fleet import BusinessError, PermanentError, TaskContext, task
from zeebe_fleet.data_models import ModelPersister, ServiceTaskHelper


@task("purchase.create")
def create(sth: ServiceTaskHelper, item_description: str, amount: int) -> None:
    """Begin a chain."""
    PurchaseRequest = sth.get_model("PurchaseRequest")
    sth.db.add(PurchaseRequest(item_description=item_description, amount=amount, status="new"))


@task("purchase.note")
def note(sth: ServiceTaskHelper) -> dict[str, str]:
    """Change the row of this very workflow."""
    row = sth.db.get_one(sth.get_model("PurchaseRequest"), sth.workflow_instance_id)
    row.status = "noted"
    return {"status": row.status}


@task("purchase.correct")
def correct(sth: ServiceTaskHelper, parent_workflow_instance_id: UUID, amount: int) -> None:
    """Carry a chain on with a revised version."""
    PurchaseRequest = sth.get_model("PurchaseRequest")
    before = sth.db.scalars(PurchaseRequest.row_of(parent_workflow_instance_id)).one()
    sth.db.add(PurchaseRequest(item_description=before.item_description, amount=amount, status="corrected"))


OUT_OF_ORDER: set[str] = set()
"""What does not work at the moment."""


@task("purchase.price")
def price(sth: ServiceTaskHelper) -> None:
    """Change the row that this workflow, or the run before it, has made."""
    if "price" in OUT_OF_ORDER:
        raise PermanentError("There are no prices.")
    sth.db.scalars(sth.get_model("PurchaseRequest").row_of(sth.workflow_instance_id)).one().status = "priced"


@task("purchase.add-again")
def add_again(sth: ServiceTaskHelper) -> None:
    """Write a row, as another step of this workflow may have done in the run before it."""
    sth.db.add(sth.get_model("PurchaseRequest")(item_description="Once more", amount=1, status="again"))


@task("purchase.approve", action="finalize")
async def approve(sth: Any, parent_workflow_instance_id: UUID) -> dict[str, Any]:
    """Finalize it, as an async function."""
    PurchaseRequest = sth.get_model("PurchaseRequest")
    chain = (await sth.db.scalars(PurchaseRequest.chain_of(parent_workflow_instance_id))).all()
    last = chain[-1]
    sth.db.add(PurchaseRequest(item_description=last.item_description, amount=last.amount, status="approved"))
    return {"iterations": len(chain), "actions": [row.action for row in chain]}


@task("approval.fail")
def fail_after_writing(sth: ServiceTaskHelper) -> None:
    """Write to two tables, one of them by SQL, and fail."""
    Approval = sth.get_model("Approval")
    sth.db.add(Approval(id=f"failed-{sth.workflow_instance_id}"))
    sth.db.flush()
    sth.db.execute(text("INSERT INTO ext_mycompany_snapshot VALUES ('1999-12-31')"))
    raise PermanentError("It fails after it has written.")


@task("approval.query")
def query(sth: ServiceTaskHelper, status: str) -> dict[str, Any]:
    """Use a session as any SQLAlchemy project does: select, relationships, savepoints."""
    Approval = sth.get_model("Approval")
    try:
        with sth.db.begin_nested():
            sth.db.execute(text("INSERT INTO ext_mycompany_approval (id) VALUES ('once'), ('once')"))
    except DBAPIError:
        sth.log.info("approval.twice")
    sth.db.add(Approval(id=str(sth.workflow_instance_id), status=status))
    Snapshot, Balance = sth.get_model("Snapshot"), sth.get_model("Balance")
    until = date(1980, 1, 1)
    sth.db.merge(Snapshot(closed_until=until))
    sth.db.add(Balance(snapshot_closed_until=until, account="cash", amount=7))
    sth.db.flush()
    found = sth.db.scalars(select(Approval).where(Approval.status == status)).all()
    lazily = [one.amount for one in sth.db.get_one(Snapshot, until).balances]
    return {"found": len(found), "lazily": sum(lazily) % 7, "thread": threading.current_thread().name}


@task("approval.roll-back")
def roll_back(sth: ServiceTaskHelper) -> None:
    """Think better of it."""
    Approval = sth.get_model("Approval")
    sth.db.add(Approval(id=f"rolled-back-{sth.workflow_instance_id}"))
    sth.db.flush()
    sth.db.rollback()
    sth.db.add(Approval(id=f"kept-{sth.workflow_instance_id}"))


STATEMENTS = {
    "update workflow": "UPDATE workflow SET state = 'COMPLETED'",
    "insert step": "INSERT INTO step_attempt (step_id, fence, round, worker) VALUES (1, 99, 1, 'me')",
    "delete owed": "DELETE FROM owed",
    "call a procedure that does": "CALL end_all_workflows()",
    "write the state": "UPDATE ext_mycompany_period_state SET status = 'OPEN'",
    "change the role": "RESET ROLE",
    "pose as another": "SET LOCAL fleet.workflow_id = '00000000-0000-4000-8000-000000000001'",
    "undeclared table": "SELECT * FROM ext_mycompany_purchase_request",
    "own table": "CREATE TABLE mine (id int)",
}


@task("trespass.try")
def trespass(sth: ServiceTaskHelper, how: str) -> None:
    """Try what an action may not do, after it has done what it may."""
    sth.db.add(sth.get_model("Approval")(id=f"trespass-{sth.workflow_instance_id}"))
    sth.db.flush()
    if how in STATEMENTS:
        sth.db.execute(text(STATEMENTS[how]))
    elif how == "undeclared model":
        sth.get_model("PurchaseRequest")
    elif how == "undeclared class":
        from myworkflows.models.purchase_request import PurchaseRequest  # type: ignore[import-not-found]

        sth.db.scalars(select(PurchaseRequest)).all()
    elif how == "unknown model":
        sth.get_model("Aproval")
    elif how == "commit":
        sth.db.commit()
    elif how == "swallow":
        try:
            sth.db.execute(text("SELECT 1 / 0"))
        except DBAPIError:
            sth.log.info("trespass.swallowed")


@task("chain.break")
def break_chain(sth: ServiceTaskHelper, how: str, parent_workflow_instance_id: UUID) -> None:
    """Try what nobody may do to a chain."""
    PurchaseRequest = sth.get_model("PurchaseRequest")
    before = sth.db.get_one(PurchaseRequest, parent_workflow_instance_id)
    if how == "update":
        before.amount = 1_000_000
    elif how == "delete":
        sth.db.execute(text("DELETE FROM ext_mycompany_purchase_request"))
    elif how == "relink":
        before.child_workflow_instance_id = sth.workflow_instance_id
    elif how == "forge":
        other = UUID("00000000-0000-4000-8000-000000000001")
        sth.db.add(PurchaseRequest(workflow_instance_id=other, item_description="x", amount=1))
    elif how == "twice":
        for _ in range(2):
            sth.db.add(PurchaseRequest(item_description="x", amount=1))
    sth.db.flush()


SEEN: list[Any] = []
"""What the observer was told."""


class Recorder:
    """Keeps what it is told."""

    def notice(self, event: Any) -> None:
        """Keep it."""
        SEEN.append(event)


class Broken:
    """Raises at every event."""

    def notice(self, event: Any) -> None:
        """Raise."""
        raise RuntimeError("I always do")


class Hanging:
    """Never comes back from its first event."""

    def notice(self, event: Any) -> None:
        """Wait for what never comes."""
        threading.Event().wait()


def is_open(sth: ServiceTaskHelper) -> bool:
    """Say whether the period is open."""
    return bool(sth.state.get("status", "OPEN") == "OPEN")


async def is_closed(ctx: TaskContext) -> bool:
    """Say whether it is closed; conditions have access to the database."""
    row = await ctx.db.get(ctx.get_model("PeriodState"), ctx.workflow_instance_id)
    return row is not None and bool(row.status == "CLOSED")


def names_a_date(closed_until: str = "") -> str | None:
    """Check the input of the action that was picked."""
    try:
        date.fromisoformat(closed_until)
    except ValueError:
        return "closed_until is no date."
    return None


FLOW: dict[str, Any] = {
    "persister": ModelPersister("PeriodState"),
    "observers": [Broken(), Hanging(), Recorder()],
    "unavailable": "NOT_AVAILABLE",
}


@task("period.change", action="close", conditions=[is_open], validators=[names_a_date], **FLOW)
def close(sth: ServiceTaskHelper, closed_until: date) -> dict[str, str]:
    """Close the period: the consequence is a snapshot, which a stored procedure makes."""
    sth.db.execute(text("CALL make_accounting_snapshot(:until)"), {"until": closed_until})
    sth.state.update(status="CLOSED", closed_until=closed_until)
    return {"period": "CLOSED"}


@task("period.change", action="reopen", conditions=[is_closed], **FLOW)
async def reopen(ctx: TaskContext) -> dict[str, str]:
    """Open it again: no open period has a snapshot."""
    snapshot = await ctx.db.get_one(ctx.get_model("Snapshot"), ctx.state["closed_until"])
    await ctx.db.delete(snapshot)
    ctx.state.update(status="OPEN", closed_until=None)
    return {"period": "OPEN"}


def breaks() -> bool:
    """Break."""
    return bool(1 // 0)


@task("period.broken-condition", conditions=[breaks])
def never(sth: ServiceTaskHelper) -> None:
    """Never run."""
    raise BusinessError("NEVER")


class Overreaching:
    """A persister that does business."""

    def __init__(self, statement: str) -> None:
        self.statement = statement

    async def load(self, db: Any, workflow_instance_id: UUID) -> dict[str, Any]:
        """Begin with nothing."""
        return {}

    async def store(self, db: Any, workflow_instance_id: UUID, state: Any) -> None:
        """Overreach."""
        await db.execute(text(self.statement))


@task("period.persister-calls", persister=Overreaching("CALL make_accounting_snapshot('2001-01-01')"))
def persister_calls(sth: ServiceTaskHelper) -> None:
    """Its persister calls a stored procedure."""


@task("period.persister-writes", persister=Overreaching("INSERT INTO ext_mycompany_approval (id) VALUES ('persisted')"))
def persister_writes(sth: ServiceTaskHelper) -> None:
    """Its persister writes a business table."""


class Spread:
    """A persister that spreads the state over two tables."""

    def __init__(self) -> None:
        self.parts = {"status": ModelPersister("PeriodState"), "remark": ModelPersister("PeriodRemark")}

    async def load(self, db: Any, workflow_instance_id: UUID) -> dict[str, Any]:
        """Put the two together."""
        return {
            name: value
            for part in self.parts.values()
            for name, value in (await part.load(db, workflow_instance_id)).items()
        }

    async def store(self, db: Any, workflow_instance_id: UUID, state: Any) -> None:
        """Give each its part."""
        for name, part in self.parts.items():
            await part.store(db, workflow_instance_id, {name: state[name]})


@task("period.spread", persister=Spread())
def spread(sth: ServiceTaskHelper) -> dict[str, str]:
    """Go on from what is stored."""
    said = sth.state.get("remark", "")
    sth.state.update(status="OPEN", remark=f"{said}once more ")
    return {"remark": sth.state["remark"]}


@task("output.wrong")
def wrong_output(sth: ServiceTaskHelper) -> dict[str, int]:
    """Return what it does not declare, after it has written."""
    sth.db.add(sth.get_model("Approval")(id=f"wrong-{sth.workflow_instance_id}"))
    return {"amount": "a lot"}  # type: ignore[dict-item]

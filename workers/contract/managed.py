"""Mixins of data models: standard columns, and what PostgreSQL sees to about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import (
    DateTime,
    FetchedValue,
    ForeignKeyConstraint,
    ScalarSelect,
    Select,
    TableValuedAlias,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.sql.naming import conv

_LINKS = {"parent_workflow_instance_id": "parent", "child_workflow_instance_id": "child"}


def _link(table: str, column: str, name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [f"{table}.workflow_instance_id"], name=conv(f"{table}_{name}_fkey"))


def _row_id(table: Any, workflow_instance_id: UUID) -> ScalarSelect[UUID]:
    runs = runs_of(workflow_instance_id)
    its_row = select(table.workflow_instance_id).join(runs, table.workflow_instance_id == runs.c.workflow_id)
    return its_row.order_by(runs.c.generation).limit(1).scalar_subquery()


def runs_of(workflow_instance_id: UUID) -> TableValuedAlias:
    """Select a workflow and the runs before it by `workflow_id`; `generation` counts them from the latest."""
    runs = func.fleet_runs_of(bindparam(None, workflow_instance_id, Uuid()))
    return runs.table_valued("workflow_id", "generation", name="run")


class WorkflowManagedMixin:
    """Data that workflows alone produce: each iteration is a row of its own, and the rows form a chain.

    The columns are kept by the fleet. The parent is the row of the workflow that this one carries on: named by the
    variable `parent_workflow_instance_id` it was started with, or else the workflow that called it. A row may be
    changed by its own workflow until another one carries on from it, and is never deleted; outside a workflow
    nothing is written at all. PostgreSQL sees to that, whoever asks.
    """

    workflow_instance_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    #: the row this one carries on from
    parent_workflow_instance_id: Mapped[UUID | None] = mapped_column(Uuid(), server_default=FetchedValue())
    #: the row that carries on from this one
    child_workflow_instance_id: Mapped[UUID | None] = mapped_column(Uuid())
    #: what the workflow did to produce the row: its action's name unless said
    action: Mapped[str] = mapped_column(Text())
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """Link rows to rows of the same table."""
        table: str = cls.__tablename__  # type: ignore[attr-defined]
        return (
            *(_link(table, column, name) for column, name in _LINKS.items()),
            *(UniqueConstraint(column, name=conv(f"{table}_{name}_key")) for column, name in _LINKS.items()),
        )

    @classmethod
    def row_of(cls, workflow_instance_id: UUID) -> Select[Self]:
        """Select the row that a workflow left, or for a re-run without one the row that the run before it left."""
        table: Any = cls
        return select(cls).where(table.workflow_instance_id == _row_id(table, workflow_instance_id))

    @classmethod
    def chain_of(cls, workflow_instance_id: UUID) -> Select[Self]:
        """Select the whole chain that a workflow's row belongs to, first to last.

        Example:
            ```python
            chain = sth.db.scalars(PurchaseRequest.chain_of(sth.workflow_instance_id)).all()
            ```
        """
        table: Any = cls
        column = table.workflow_instance_id
        up = (
            select(column.label("id"), table.parent_workflow_instance_id.label("parent"), literal(0).label("distance"))
            .where(column == _row_id(table, workflow_instance_id))
            .cte("up", recursive=True)
        )
        above = select(column, table.parent_workflow_instance_id, up.c.distance + 1).join(up, column == up.c.parent)
        up = up.union(above)
        first = select(up.c.id).order_by(up.c.distance.desc()).limit(1).scalar_subquery()
        down = select(column.label("id"), literal(0).label("place")).where(column == first).cte("down", recursive=True)
        below = select(column, down.c.place + 1).join(down, table.parent_workflow_instance_id == down.c.id)
        down = down.union(below)
        return select(cls).join(down, column == down.c.id).order_by(down.c.place)


class WorkflowStateMixin:
    """The state of a workflow in a table of its own, beside the records: a persister writes it, an action reads it."""

    workflow_instance_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )

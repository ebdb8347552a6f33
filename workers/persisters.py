"""Persisters that come with the fleet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from zeebe_fleet.workers.contract.errors import PermanentError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

_KEPT = frozenset({"workflow_instance_id", "updated_at"})


class ModelPersister:
    """Keeps a workflow's state in the columns of a data model with `WorkflowStateMixin`, one row for each workflow.

    Args:
        name: the model, as registered; the workflow declares it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._loaded = f"fleet state of {name}"

    async def load(self, db: AsyncSession, workflow_instance_id: UUID) -> dict[str, Any]:
        """Read the row; steps of one workflow that run at once take turns from here to their commit.

        A re-run begins with the state that the run before it left.
        """
        from sqlalchemy import func, select

        from zeebe_fleet.workers.contract.managed import runs_of

        turn = func.hashtextextended(f"{self.name} {workflow_instance_id}", 0)
        await db.execute(select(func.pg_advisory_xact_lock(turn)))
        runs = runs_of(workflow_instance_id)
        of_runs = select(self._model).join(runs, self._model.workflow_instance_id == runs.c.workflow_id)
        row = await db.scalar(of_runs.order_by(runs.c.generation).limit(1))
        db.info[self._loaded] = row
        return {} if row is None else {name: getattr(row, name) for name in self._columns}

    async def store(self, db: AsyncSession, workflow_instance_id: UUID, state: Mapping[str, Any]) -> None:
        """Write the row anew.

        Raises:
            PermanentError: the state has what the model has no column for.
        """
        unknown = sorted(state.keys() - set(self._columns))
        if unknown:
            raise PermanentError(
                f"The state has {', '.join(unknown)}, for which data model {self.name!r} has no column.",
                f"It has {', '.join(self._columns)}.",
            )
        loaded = db.info.pop(self._loaded, None)
        if loaded is not None and loaded.workflow_instance_id != workflow_instance_id:
            await db.delete(loaded)  # the state is this run's now: no two workflows have it
        await db.merge(self._model(workflow_instance_id=workflow_instance_id, **state))

    @property
    def _model(self) -> type[Any]:
        from zeebe_fleet.workers.contract.data_models import data_model

        return data_model(self.name)

    @property
    def _columns(self) -> list[str]:
        return [name for name in self._model.__table__.columns.keys() if name not in _KEPT]  # noqa: SIM118

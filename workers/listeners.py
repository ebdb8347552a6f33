"""The fleet's own tasks: what its execution listeners do.

Adopting and ending are the ledger's work, in the transactions of claim and finish; these only answer the engine.
"""

from __future__ import annotations

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.job import FLEET_INSTANCE, WORKFLOW_ID
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED
from zeebe_fleet.workers.task import task

LEASE_S = 10.0
"""Short: they do no work of their own, and an instance stands still while one is held by a dead worker."""


@task(ADOPT, lease_s=LEASE_S, all_variables=True)
async def adopt(ctx: TaskContext) -> dict[str, str]:
    """Hand the workflow down to every later job and every called process."""
    return {WORKFLOW_ID: str(ctx.workflow_id), FLEET_INSTANCE: str(ctx.job.process_instance_key)}


@task(ENDED, lease_s=LEASE_S, all_variables=True)
async def ended(ctx: TaskContext) -> None:
    """Let the instance end."""

"""What giving a workflow up would do, as it is shown before anybody agrees to it."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from zeebe_fleet.graphql_api.described import described
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.workers.contract import giving_up

strawberry.enum(giving_up.Fate, description="What becomes of something when a workflow is given up.")


@described
class GiveUpStep:
    """A step, or an element that was never reached, and what becomes of it; `why` says so in words."""

    fate: giving_up.Fate
    why: str
    element_id: str
    workflow_id: UUID | None
    step_id: EngineKey | None
    loop_counter: int | None
    handler_element_id: str | None
    handler_job_type: str | None
    at: datetime | None


@described
class GiveUpPlan:
    """What is taken back, in the order in which it is; behind it, what is not. `giveUpWorkflow` is given its id."""

    plan_id: str
    steps: list[GiveUpStep]

    @classmethod
    def of(cls, plan: giving_up.GiveUpPlan) -> Self:
        """Show a plan."""
        return cls(plan_id=plan.plan_id, steps=[_step(one) for one in plan.steps])


def _step(step: giving_up.PlannedStep) -> GiveUpStep:
    return GiveUpStep(
        fate=step.fate,
        why=step.why,
        element_id=step.element_id,
        workflow_id=step.workflow_id,
        step_id=None if step.step_id is None else EngineKey(step.step_id),
        loop_counter=step.loop_counter,
        handler_element_id=step.handler_element_id,
        handler_job_type=step.handler_job_type,
        at=step.at,
    )

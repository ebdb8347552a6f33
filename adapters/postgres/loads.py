"""Where the live workflows of a definition stand, counted from the steps and activities they wait for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all

from zeebe_fleet.adapters.postgres.tables import Activity, Step, Workflow
from zeebe_fleet.workers.contract.records import LIVE, ActivityState, StepKind, StepState

_AT_WORK = (StepState.CLAIMED, StepState.HANDED_BACK, StepState.FAILED, StepState.INCIDENT)
_WAITING = (ActivityState.OPEN, ActivityState.CLAIMED, ActivityState.COMPLETING)


def loads_query(definition_keys: Sequence[int]) -> Select[Any]:
    """Select definition key, element id, how many are at work there, and how many an incident holds."""
    held = Step.state == StepState.INCIDENT
    steps = (
        select(Step.definition_key, Step.element_id, held.label("held"))
        .join(Workflow, Workflow.workflow_id == Step.workflow_id)
        .where(
            Step.definition_key.in_(definition_keys),
            Step.state.in_(_AT_WORK),
            Step.kind != StepKind.LISTENER,
            Workflow.state.in_(LIVE),
        )
    )
    activities = (
        select(Activity.definition_key, Activity.element_id, literal(value=False).label("held"))
        .join(Workflow, Workflow.workflow_id == Activity.workflow_id)
        .where(
            Activity.definition_key.in_(definition_keys),
            Activity.state.in_(_WAITING),
            Workflow.state.in_(LIVE),
        )
    )
    both = union_all(steps, activities).subquery()
    return (
        select(
            both.c.definition_key,
            both.c.element_id,
            func.count().filter(~both.c.held),
            func.count().filter(both.c.held),
        )
        .group_by(both.c.definition_key, both.c.element_id)
        .order_by(both.c.element_id)
    )

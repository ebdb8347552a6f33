"""Which activities a principal may see, wants to see, and which of them are to be probed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, exists, func, or_, select, text, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from zeebe_fleet.adapters.postgres.tables import Activity, Step, Workflow
from zeebe_fleet.adapters.postgres.workflows import in_sight
from zeebe_fleet.workers.contract.api_ports import ActivityFilter, Page, Urgency
from zeebe_fleet.workers.contract.audience import has_overview
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import LIVE, ActivityState

_WAITING = (ActivityState.OPEN, ActivityState.CLAIMED)
PROBE_WINDOW = 1_000
"""How many of the longest unseen activities are looked at in one probe, whatever their number."""


def seen_by(principal: Principal) -> ColumnElement[bool]:
    """Restrict to what the principal may see: its own, its candidates', and what is anybody's."""
    if has_overview(principal):
        return true()
    return or_(
        Activity.assignee == principal.subject,
        Activity.candidate_users.contains([principal.subject]),
        in_groups(principal),
        and_(
            Activity.assignee.is_(None),
            func.cardinality(Activity.candidate_users) == 0,
            func.cardinality(Activity.candidate_groups) == 0,
        ),
    )


def in_groups(principal: Principal) -> ColumnElement[bool]:
    """Restrict to what one of the principal's groups is a candidate for."""
    overlaps: ColumnElement[bool] = Activity.candidate_groups.op("&&", is_comparison=True)(
        cast(sorted(principal.groups), ARRAY(Text))
    )
    return overlaps


def filtered(principal: Principal, wanted: ActivityFilter, of: ColumnElement[bool] | None = None) -> Select[Any]:
    """Select the activities that are wanted among those the principal may see.

    Args:
        of: which workflows are runs of the process that is wanted, if one is.
    """
    query = select(Activity).where(seen_by(principal))
    if wanted.states is not None:
        query = query.where(Activity.state.in_(wanted.states))
    if wanted.mine:
        query = query.where(Activity.assignee == principal.subject)
    if wanted.my_groups:
        query = query.where(in_groups(principal))
    if wanted.overdue:
        query = query.where(Activity.due_at < func.now(), Activity.state.in_(_WAITING))
    if of is not None or wanted.search:
        query = query.join(Workflow, Workflow.workflow_id == Activity.workflow_id)
    if of is not None:
        query = query.where(_known(of, wanted))
    if wanted.search:
        by_key = _known(Workflow.business_key.icontains(wanted.search, autoescape=True), wanted)
        query = query.where(
            or_(
                Activity.name.icontains(wanted.search, autoescape=True),
                Activity.element_id.icontains(wanted.search, autoescape=True),
                by_key,
            )
        )
    return query


def _known(said: ColumnElement[bool], wanted: ActivityFilter) -> ColumnElement[bool]:
    """Restrict what is asked of an activity's workflow to workflows that are seen: guesses are not confirmed."""
    return said if wanted.seen is None else and_(said, in_sight(wanted.seen))


def _rank(activity: type[Activity], urgency: Urgency) -> ColumnElement[Any]:
    """Return what an activity is ordered by: dates with none last, priorities with the highest first."""
    if urgency is Urgency.PRIORITY:
        return -activity.priority
    date = activity.due_at if urgency is Urgency.DUE else activity.follow_up_at
    return func.coalesce(date, text("'infinity'"))


def behind_by_urgency(query: Select[Any], page: Page, urgency: Urgency) -> Select[Any]:
    """Order by a date or by priority, and go on behind a page's end."""
    rank = _rank(Activity, urgency)
    if page.after is not None:
        last = aliased(Activity)
        end = select(_rank(last, urgency)).where(last.position == page.after)
        query = query.where(tuple_(rank, Activity.position) > tuple_(end.scalar_subquery(), page.after))
    return query.order_by(rank, Activity.position)


def probes(limit: int) -> Select[Any]:
    """Select activities whose job may be gone, of those unseen for longest."""
    window = (
        select(Activity.activity_id, Activity.job_key, Activity.workflow_id, Activity.probed_at)
        .where(
            Activity.state.in_(_WAITING),
            Activity.job_key.is_not(None),
        )
        .order_by(Activity.probed_at)
        .limit(PROBE_WINDOW)
        .subquery()
    )
    went_on = or_(
        Workflow.state.not_in(LIVE),
        exists().where(Step.workflow_id == window.c.workflow_id, Step.claimed_at > window.c.probed_at),
    )
    return (
        select(window.c.activity_id, window.c.job_key)
        .join(Workflow, Workflow.workflow_id == window.c.workflow_id)
        .where(or_(went_on, window.c.probed_at < func.now() - text("interval '1 minute'")))
        .order_by(case((went_on, 0), else_=1), window.c.probed_at)
        .limit(limit)
    )

"""Human work as people do it: each change is one transaction under the activity's row lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.postgres.activity_actions import result_of
from zeebe_fleet.adapters.postgres.activity_queries import behind_by_urgency, filtered, probes, seen_by
from zeebe_fleet.adapters.postgres.activity_rows import insert_activity
from zeebe_fleet.adapters.postgres.decisions import recall_decision
from zeebe_fleet.adapters.postgres.paging import grouped, read_all, take_ordered, take_page
from zeebe_fleet.adapters.postgres.questions import answer
from zeebe_fleet.adapters.postgres.requests import Sessions, first_response, record, transaction
from zeebe_fleet.adapters.postgres.tables import Activity, ActivityEvent, OwedRow
from zeebe_fleet.adapters.postgres.workflows import runs_of
from zeebe_fleet.workers.contract.api_ports import ActivityFilter, Completion, CompletionCheck, Page, Requested, Slice
from zeebe_fleet.workers.contract.api_records import ActivityEventRecord, ActivityRecord
from zeebe_fleet.workers.contract.job import JobKey
from zeebe_fleet.workers.contract.ports import OpenActivity, UserTask
from zeebe_fleet.workers.contract.principal import ADMIN_ROLE, FLEET, Principal
from zeebe_fleet.workers.contract.records import ActivityState
from zeebe_fleet.workers.contract.refusals import (
    ActivityAlreadyClaimed,
    ActivityClosed,
    ActivityNotClaimed,
    ActivityNotFound,
    NotAllowed,
    VersionConflict,
)

WAITING = (ActivityState.OPEN, ActivityState.CLAIMED)


class PostgresActivities:
    """The activity records, behind the `Activities` port."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def create(self, task: UserTask) -> ActivityRecord:
        """Create the activity of a user task; the same task again returns the same activity."""
        async with transaction(self._sessions) as session:
            activity, is_new = await insert_activity(session, task)
            if is_new:
                _note(session, activity, "CREATED", FLEET)
                await session.flush()
                await recall_decision(session, activity)
            await session.flush()
            return record(ActivityRecord, activity)

    async def claim(self, principal: Principal, activity_id: UUID) -> ActivityRecord:
        """Take an open activity; taking one's own again changes nothing."""
        async with transaction(self._sessions) as session:
            activity = await _lock(session, principal, activity_id)
            _check_candidate(principal, activity)
            _check_waiting(activity)
            if activity.assignee != principal.subject:
                if activity.assignee is not None:
                    raise ActivityAlreadyClaimed(activity.assignee)
                _change(activity, state=ActivityState.CLAIMED, assignee=principal.subject)
                _note(session, activity, "CLAIMED", principal)
            return record(ActivityRecord, activity)

    async def release(self, principal: Principal, activity_id: UUID) -> ActivityRecord:
        """Give an activity back; an open one stays as it is."""
        async with transaction(self._sessions) as session:
            activity = await _lock(session, principal, activity_id)
            _check_waiting(activity)
            if activity.assignee is not None:
                if activity.assignee != principal.subject and not principal.has_role(ADMIN_ROLE):
                    raise ActivityNotClaimed(
                        f"{activity.assignee} holds this activity.", f"Ask {activity.assignee} to release it."
                    )
                _change(activity, state=ActivityState.OPEN, assignee=None)
                _note(session, activity, "RELEASED", principal)
            return record(ActivityRecord, activity)

    async def request_completion(
        self, principal: Principal, completion: Completion, check: CompletionCheck
    ) -> Requested:
        """Commit that an activity is done: its row, the event, the request key, and the COMPLETE that is owed."""
        activity_id = completion.activity_id
        body = {
            "completeActivity": str(activity_id),
            "version": completion.version,
            "result": completion.result,
        }
        if completion.action is not None:
            body["action"] = completion.action
        async with transaction(self._sessions) as session:
            activity = await _lock(session, principal, activity_id)
            given = await first_response(
                session, principal, completion.idempotency_key, body, {"activity_id": str(activity_id)}
            )
            if given is not None:
                return Requested(UUID(given["activity_id"]))
            _check_completable(principal, activity, completion)
            check(record(ActivityRecord, activity))
            return await _complete(session, principal, activity, result_of(activity, completion))

    async def seen(self, activity_ids: Sequence[UUID]) -> None:
        """Note that the jobs of these activities are alive."""
        statement = update(Activity).where(Activity.activity_id.in_(activity_ids)).values(probed_at=func.now())
        async with transaction(self._sessions) as session:
            await session.execute(statement)

    async def close(self, principal: Principal, activity_id: UUID, reason: str) -> ActivityRecord:
        """Cancel a waiting activity whose user task is gone; one that is over stays as it is."""
        async with transaction(self._sessions) as session:
            activity = await session.get(Activity, activity_id, with_for_update=True)
            if activity is None:
                raise ActivityNotFound
            if activity.state in WAITING:
                _change(activity, state=ActivityState.CANCELLED, ended_at=await session.scalar(select(func.now())))
                _note(session, activity, "CANCELLED", principal, reason=reason)
            return record(ActivityRecord, activity)

    async def to_probe(self, limit: int) -> list[OpenActivity]:
        """Return waiting activities whose job may be gone, the most suspicious first."""
        async with transaction(self._sessions) as session:
            rows = await session.execute(probes(limit))
            return [OpenActivity(row.activity_id, JobKey(row.job_key)) for row in rows]

    async def visible(self, principal: Principal, activity_ids: Sequence[UUID]) -> dict[UUID, ActivityRecord]:
        """Return those of these activities that the principal may see."""
        query = select(Activity).where(Activity.activity_id.in_(activity_ids), seen_by(principal))
        async with transaction(self._sessions) as session:
            return {one.activity_id: one for one in await read_all(session, query, ActivityRecord)}

    async def page(self, principal: Principal, wanted: ActivityFilter, page: Page) -> Slice[ActivityRecord]:
        """List activities that the principal may see."""
        async with transaction(self._sessions) as session:
            of = None if wanted.process_name is None else await runs_of(session, wanted.process_name)
            query = filtered(principal, wanted, of)
            if page.urgency is not None:
                ordered = behind_by_urgency(query, page, page.urgency)
                return await take_ordered(session, ordered, page, ActivityRecord)
            return await take_page(session, query, Activity.position, page, ActivityRecord)

    async def of_workflows(
        self, principal: Principal, workflow_ids: Sequence[UUID]
    ) -> dict[UUID, list[ActivityRecord]]:
        """Return the activities of these workflows that the principal may see, in order."""
        query = select(Activity).where(Activity.workflow_id.in_(workflow_ids), seen_by(principal))
        async with transaction(self._sessions) as session:
            rows = await read_all(session, query.order_by(Activity.position), ActivityRecord)
            return grouped(rows, lambda row: row.workflow_id)

    async def events(self, activity_ids: Sequence[UUID]) -> dict[UUID, list[ActivityEventRecord]]:
        """Return what happened to these activities, in order."""
        query = select(ActivityEvent).where(ActivityEvent.activity_id.in_(activity_ids))
        async with transaction(self._sessions) as session:
            rows = await read_all(session, query.order_by(ActivityEvent.event_id), ActivityEventRecord)
            return grouped(rows, lambda row: row.activity_id)


async def _lock(session: AsyncSession, principal: Principal, activity_id: UUID) -> Activity:
    """Return the activity under its row lock, if the principal may see it."""
    query = select(Activity).where(Activity.activity_id == activity_id, seen_by(principal)).with_for_update()
    activity = (await session.scalars(query)).one_or_none()
    if activity is None:
        raise ActivityNotFound
    return activity


def _check_candidate(principal: Principal, activity: Activity) -> None:
    anybody = not activity.candidate_groups and not activity.candidate_users
    if not (
        principal.has_role(ADMIN_ROLE)
        or activity.assignee == principal.subject
        or anybody
        or principal.subject in activity.candidate_users
        or principal.groups.intersection(activity.candidate_groups)
    ):
        raise NotAllowed("You are no candidate for this activity.", "Ask one of its candidate groups or users.")


def _check_waiting(activity: Activity) -> None:
    if activity.state not in WAITING:
        raise ActivityClosed(ActivityState(activity.state), activity.assignee, activity.ended_at)


def _check_completable(principal: Principal, activity: Activity, completion: Completion) -> None:
    """The first who completes wins: whoever comes second learns that it is over, not that it changed."""
    _check_candidate(principal, activity)
    _check_waiting(activity)
    if activity.assignee not in (None, principal.subject) and not principal.has_role(ADMIN_ROLE):
        raise ActivityAlreadyClaimed(str(activity.assignee))
    if activity.version != completion.version:
        raise VersionConflict(activity.version)


async def _complete(
    session: AsyncSession, principal: Principal, activity: Activity, result: dict[str, Any]
) -> Requested:
    done = ActivityState.COMPLETING if activity.job_key else ActivityState.COMPLETED
    ended_at = None if activity.job_key else await session.scalar(select(func.now()))
    _change(activity, state=done, assignee=principal.subject, result=result, ended_at=ended_at)
    _note(session, activity, str(done), principal)
    if activity.step_id is not None:
        owed = await answer(session, activity, principal)
        await session.flush()
        return Requested(activity.activity_id, (owed.owed_id,))
    if not activity.job_key:
        return Requested(activity.activity_id)
    owed = OwedRow(
        verb="COMPLETE",
        activity_id=activity.activity_id,
        workflow_id=activity.workflow_id,
        job_key=activity.job_key,
        payload={"variables": result},
        principal=principal.to_json(),
    )
    session.add(owed)
    await session.flush()
    return Requested(activity.activity_id, (owed.owed_id,))


def _change(activity: Activity, **values: Any) -> None:
    for name, value in values.items():
        setattr(activity, name, value)
    activity.version += 1


def _note(session: AsyncSession, activity: Activity, kind: str, principal: Principal, **data: Any) -> None:
    session.add(ActivityEvent(activity_id=activity.activity_id, kind=kind, principal=principal.to_json(), data=data))

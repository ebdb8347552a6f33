"""Messages to applicants and colleagues."""

from __future__ import annotations

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.task import task
from zeebe_fleet.workers.tasks.applicant import Applicant


@task("notify.escalate-review")
async def escalate_review(ctx: TaskContext) -> None:
    """Tell the reviewers that an application waits too long."""
    text = f"The application of workflow {ctx.workflow_id} waits for its review."
    await _send(ctx, "reviewers", "review-overdue", text)


@task("notify.declined")
async def declined(ctx: TaskContext, applicant: Applicant, decline_reason: str | None = None) -> None:
    """Tell the applicant; without a reason from a service, it was the review that declined."""
    await _send(ctx, applicant.email, "application-declined", decline_reason or "DECLINED_BY_REVIEW")


async def _send(ctx: TaskContext, to: str, template: str, text: str) -> None:
    await ctx.http("notifications").post("/notifications", json={"to": to, "template": template, "text": text})

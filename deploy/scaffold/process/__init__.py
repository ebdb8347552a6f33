"""What the service tasks of `myprocess` do."""

from __future__ import annotations

from zeebe_fleet import TaskContext, task


@task("my-process.prepare")
async def prepare(ctx: TaskContext, subject: str) -> dict[str, str]:
    """Write the summary of the process variable `subject`; what is returned becomes variables again."""
    ctx.log.info("request.prepared")
    return {"summary": f"Shall this be done? {subject}"}

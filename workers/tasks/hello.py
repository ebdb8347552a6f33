"""The smallest task there is."""

from __future__ import annotations

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.task import task


@task("hello.log-message")
async def log_message(ctx: TaskContext, message: str = "Hello, world!") -> None:
    """Write the message to the log."""
    ctx.log.info("hello", message=message)

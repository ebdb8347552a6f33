"""What the service tasks of the models do."""

from myflows.models import Greeting
from zeebe_fleet import TaskContext, task


@task("greeting.write")
async def write_greeting(ctx: TaskContext, name: str) -> Greeting:
    """Write a greeting for the process variable `name`."""
    ctx.log.info("greeting.written")
    return Greeting(greeting=f"Hello, {name}!")

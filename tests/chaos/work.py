"""The tasks of the suite: each leaves an effect where nothing of the fleet can take it back or merge it.

An effect is a row of `effect_log`, which constrains nothing, written in the transaction of `ctx.db`; or a call of a
sandbox service, which keeps its own log. Both name the item that a workflow is about, never a key of the fleet's.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import text

from tests.chaos.poison import poison
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.service_task import ServiceTaskHelper
from zeebe_fleet.workers.task import Task, TaskSettings, task

PREFIX = os.environ.get("CHAOS_PREFIX", "chaos")
LEASE_S = float(os.environ.get("CHAOS_LEASE_S", "3"))
SLOTS = 12
"""Of each type: what a killed worker had in hand is suspect, and runs alone before anything else is seen of it."""
_LOG = text("INSERT INTO effect_log (item, effect, detail) VALUES (:item, :effect, :detail)")


async def log_effect(ctx: TaskContext, item: str, effect: str, detail: str = "") -> None:
    """Do an effect in the database."""
    await ctx.db.execute(_LOG, {"item": item, "effect": effect, "detail": detail or f"retries={ctx.job.retries}"})


@task(f"{PREFIX}.write", lease_s=LEASE_S, slots=SLOTS)
async def write(ctx: TaskContext, item: str, nth: int | None = None) -> dict[str, Any]:
    """Write a row; in a loop, one for each time."""
    await log_effect(ctx, item, "write" if nth is None else f"write-{nth}")
    return {"written": item, **({} if nth is None else {"nth": nth + 1, "wrote": nth})}


@task(f"{PREFIX}.unwrite", lease_s=LEASE_S, slots=SLOTS)
async def unwrite(ctx: TaskContext) -> None:
    """Take back what the records say was written."""
    for step in ctx.undone:
        effect = "unwrite" if step.input.get("nth") is None else f"unwrite-{step.output['wrote']}"
        await log_effect(ctx, step.input["item"], effect)


@task(f"{PREFIX}.book", lease_s=LEASE_S, slots=SLOTS)
async def book(ctx: TaskContext, item: str) -> dict[str, str]:
    """Open an account outside."""
    applicant = {"name": item, "email": f"{item}@example.com", "country": "GB"}
    account = await ctx.http("accounts").post("/accounts", json={"applicant": applicant})
    return {"account_id": account["id"]}


@task(f"{PREFIX}.unbook", lease_s=LEASE_S, slots=SLOTS)
async def unbook(ctx: TaskContext) -> None:
    """Close the account."""
    for step in ctx.undone:
        await ctx.http("accounts").delete(f"/accounts/{step.output['account_id']}")


@task(f"{PREFIX}.tell", lease_s=LEASE_S, slots=SLOTS, repeatable=False)
async def tell(ctx: TaskContext, item: str) -> None:
    """Do what must not be repeated blindly."""
    message = {"to": f"{item}@example.com", "template": "chaos", "text": ""}
    await ctx.http("notifications").post("/notifications", json=message)


@task(f"{PREFIX}.finish", lease_s=LEASE_S, slots=SLOTS)
async def finish(ctx: TaskContext, item: str) -> None:
    """Come to the end of a process."""
    await log_effect(ctx, item, "finish")


@task(f"{PREFIX}.slow", lease_s=LEASE_S, slots=SLOTS)
async def slow(ctx: TaskContext, item: str, seconds: float) -> None:
    """Note the beginning at once, outside any transaction; take a while; then do the effect."""
    await note_beginning(item, os.getpid(), ctx.job.retries)
    await asyncio.sleep(seconds)
    await log_effect(ctx, item, "slow")


@task(f"{PREFIX}.cling", lease_s=LEASE_S, slots=SLOTS)
async def cling(ctx: TaskContext, item: str, seconds: float) -> None:
    """Take a while, and hear of no cancellation."""
    await note_beginning(item, os.getpid(), ctx.job.retries)
    ends_at = time.monotonic() + seconds
    while (left_s := ends_at - time.monotonic()) > 0:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(left_s)


@task(f"{PREFIX}.block", lease_s=LEASE_S, slots=SLOTS)
def block(sth: ServiceTaskHelper, item: str, seconds: float) -> None:
    """Hold a thread for a while."""
    sth.wait(note_beginning(item, os.getpid(), sth.job.retries))
    time.sleep(seconds)


@task(f"{PREFIX}.compute", lease_s=LEASE_S, cpu=True)
def compute(item: str, seconds: float) -> None:
    """Hold a process of the worker's for a while."""
    asyncio.run(note_beginning(item, os.getppid(), None))
    time.sleep(seconds)


async def note_beginning(item: str, pid: int, retries: int | None) -> None:
    """Note who works on an item, outside any transaction."""
    connection = await asyncpg.connect(os.environ["FLEET_DATABASE_URL"])
    await connection.execute("INSERT INTO beginning (item, pid, retries) VALUES ($1, $2, $3)", item, pid, retries)
    await connection.close()


@task(f"{PREFIX}.poison", lease_s=LEASE_S, slots=SLOTS)
async def take_poison(ctx: TaskContext, item: str, kind: str) -> Any:
    """Behave as badly as a task can."""
    return await poison(kind, ctx)


def _typed(nth: int) -> Any:
    async def act(ctx: TaskContext, item: str) -> None:
        await log_effect(ctx, item, f"type-{nth}")

    vars(act)["__fleet_task__"] = Task(f"{PREFIX}.type-{nth}", act, TaskSettings(lease_s=LEASE_S, slots=SLOTS))
    return act


for _nth in range(1, 13):
    globals()[f"type_{_nth}"] = _typed(_nth)

"""Measures how fast the records answer `workflows(first: 50)` with steps, on a million workflows, five million steps.

    python -m bench.records [--workflows 1000000] [--database-url postgresql://…]

The rows are made by SQL in a database of its own, which is dropped at the end. Timed is what the API itself runs, from
sending a statement to having its rows: the time in the database, and the way there and back.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from bench.figures import Figure, console, show, write
from zeebe_fleet.adapters.postgres.schema import migrate, sqlalchemy_url
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.workers.contract.api_ports import Page, WorkflowFilter
from zeebe_fleet.workers.contract.records import WorkflowState

_FILE = Path("build/bench.json")
_FIRST = 50
_STEPS = 5
_TIMES = 40
_TARGET_MS = 50.0
_AT_ONCE = 100_000

_WORKFLOWS = """
INSERT INTO workflow (workflow_id, process_name, process_version, definition_key, process_instance_key, business_key,
    input, output, state, origin, principal, incident, created_at, started_at, ended_at)
SELECT md5('w' || n)::uuid, 'process_' || n % 20, 1, 1 + n % 20, n, 'B-' || n,
    '{"applicant": {"name": "Ada Lovelace", "country": "GB"}, "requested_credit": 5000}', '{"approved": true}',
    CASE n % 100 WHEN 0 THEN 'RUNNING' WHEN 1 THEN 'CANCELLED' WHEN 2 THEN 'COMPENSATED' ELSE 'COMPLETED' END, 'API',
    '{"subject": "rita", "groups": [], "roles": []}', CASE WHEN n % 2000 = 0 THEN 'KYC does not answer.' END,
    now() - make_interval(secs => 10000000 - n), now(), CASE WHEN n % 100 <> 0 THEN now() END
FROM generate_series($1::bigint, $2::bigint) AS n
"""
_STEP_ROWS = """
INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, process_instance_key,
    definition_key, preceding, state, input, input_hash, result, claimed_at, finished_at)
SELECT md5('w' || n)::uuid, n * 10 + s, 'task.' || s, 'ACTION', 'element_' || s, n * 10 + s, n, 1 + n % 20,
    ARRAY['element_' || s - 1], 'COMPLETED', '{"applicant": {"name": "Ada Lovelace"}, "requested_credit": 5000}',
    'hash', '{"reference": "abcdefgh"}', now(), now()
FROM generate_series($1::bigint, $2::bigint) AS n CROSS JOIN generate_series(1, $3::int) AS s
"""
_ATTEMPTS = """
INSERT INTO step_attempt (step_id, fence, round, worker, ended_at, outcome)
SELECT step_id, 1, 1, 'bench', now(), 'COMPLETED' FROM step
"""


@dataclass(frozen=True)
class Read:
    """One way to ask for fifty workflows."""

    name: str
    wanted: WorkflowFilter
    after: int | None = None


class Stopwatch:
    """Sums the time of the statements that SQLAlchemy sends."""

    def __init__(self, database: AsyncEngine) -> None:
        self.spent_s, self.statements, self._began_s = 0.0, 0, 0.0
        event.listen(database.sync_engine, "before_cursor_execute", self._begin)
        event.listen(database.sync_engine, "after_cursor_execute", self._end)

    def _begin(self, *_: Any) -> None:
        self._began_s = time.perf_counter()

    def _end(self, *_: Any) -> None:
        self.spent_s += time.perf_counter() - self._began_s
        self.statements += 1

    def reset(self) -> None:
        """Begin at nothing."""
        self.spent_s, self.statements = 0.0, 0


async def measure(database_url: str, workflows: int) -> list[Figure]:
    """Fill a database of its own, read from it, and drop it."""
    async with _own_database(database_url) as url:
        await migrate(url)
        await _fill(url, workflows)
        database = create_async_engine(sqlalchemy_url(url))
        try:
            records = PostgresWorkflows(async_sessionmaker(database, expire_on_commit=False))
            watch = Stopwatch(database)
            return [await _figure(records, watch, read, workflows) for read in _reads(workflows)]
        finally:
            await database.dispose()


def _reads(workflows: int) -> list[Read]:
    return [
        Read("all", WorkflowFilter()),
        Read("from the middle", WorkflowFilter(), workflows // 2),
        Read("of one process and state", WorkflowFilter("process_2", (WorkflowState.COMPENSATED,))),
        Read("failed for good", WorkflowFilter(states=(WorkflowState.CANCELLED, WorkflowState.COMPENSATED))),
        Read("stuck on an incident", WorkflowFilter(has_incident=True)),
        Read("by business key", WorkflowFilter(business_key=f"B-{workflows // 3}")),
    ]


async def _figure(records: PostgresWorkflows, watch: Stopwatch, read: Read, workflows: int) -> Figure:
    spent_ms, rows, statements = [], 0, 0
    for _ in range(_TIMES + 3):
        watch.reset()
        rows = await _list(records, read)
        spent_ms.append(watch.spent_s * 1000)
        statements = watch.statements
    first_ms, warm_ms = spent_ms[0], spent_ms[3:]
    median, worst = statistics.median(warm_ms), sorted(warm_ms)[int(len(warm_ms) * 0.95)]
    name = f"records: workflows(first: {_FIRST}) with steps and attempts, {read.name}"
    details = {"first_ms": first_ms, "rows": rows, "statements": statements, "workflows": workflows}
    measured = f"{median:.1f} ms (95 %: {worst:.1f}, first: {first_ms:.0f}), {rows} rows in {statements} statements"
    return Figure(
        name, measured, f"< {_TARGET_MS:.0f} ms, 3 statements", worst < _TARGET_MS and statements == 3, details
    )


async def _list(records: PostgresWorkflows, read: Read) -> int:
    """Do what the API does for a page: the workflows, their steps, and the attempts of those."""
    page = await records.page(read.wanted, Page(_FIRST, read.after))
    steps = await records.steps([one.workflow_id for one in page.records])
    of_all = [step for found in steps.values() for step in found]
    attempts = await records.attempts([step.step_id for step in of_all])
    return len(page.records) + len(of_all) + sum(map(len, attempts.values()))


async def _fill(url: str, workflows: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        began_s = time.monotonic()
        # neither triggers nor foreign keys: the rows are right by construction
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        for begin in range(1, workflows + 1, _AT_ONCE):
            end = min(begin + _AT_ONCE - 1, workflows)
            await connection.execute(_WORKFLOWS, begin, end, timeout=600)
            await connection.execute(_STEP_ROWS, begin, end, _STEPS, timeout=600)
            console.print(f"  {end:,} workflows after {time.monotonic() - began_s:.0f} s")
        await connection.execute(_ATTEMPTS, timeout=1200)
        await connection.execute("VACUUM (ANALYZE)", timeout=1200)
    finally:
        await connection.close()


@asynccontextmanager
async def _own_database(database_url: str) -> AsyncIterator[str]:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    await _administer(database_url, f'CREATE DATABASE "{name}"')
    try:
        yield database_url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        await _administer(database_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(database_url: str, command: str) -> None:
    server = await asyncpg.connect(database_url)
    try:
        await server.execute(command)
    finally:
        await server.close()


def _with_database(database_url: str, work: Callable[[str], Awaitable[list[Figure]]]) -> list[Figure]:
    if database_url:
        return asyncio.run(_awaited(work(database_url)))
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", ignore_cleanup_errors=True) as folder:
        # The database runs as another user where we are root: it must be let in.
        os.chmod(folder, 0o755)
        stack = LocalStack(Path(folder), parts=("database",))
        try:
            return asyncio.run(_awaited(work(stack.up().database_url)))
        finally:
            stack.down()


async def _awaited(work: Awaitable[list[Figure]]) -> list[Figure]:
    return await work


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.records", description=__doc__)
    parser.add_argument("--workflows", type=int, default=1_000_000)
    parser.add_argument("--database-url", default="", help="a server to make the database on; a local one if left out")
    asked = parser.parse_args()
    figures = _with_database(asked.database_url, lambda url: measure(url, asked.workflows))
    write(figures, _FILE, times=_TIMES)
    show(figures, f"Records ({asked.workflows:,} workflows, {asked.workflows * _STEPS:,} steps)")


if __name__ == "__main__":
    main()

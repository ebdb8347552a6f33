"""PostgreSQL fails over, has no connection, no disk, another password: no process of ours ends for it."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from tests.chaos import models
from tests.chaos.load import Load, chained
from tests.chaos.oracle import judge
from tests.chaos.row import Finding, Row
from tests.chaos.rows.outages import moving
from tests.chaos.world import World, median
from tests.postgres_server import Server, comes_true

FAILOVERS = 20
OUTAGES = 10
_AWAY_S = 5.0
_MOVING_S = 20.0
_ROLES = ("relay", "worker", "worker", "human-tasks", "api")
_SYNCHRONOUS = "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
_LOGINS = ("fleet_fleet_records", "fleet_fleet_tasks", "fleet_fleet_history")
_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'fleet%'"


async def fails_over(world: World) -> Finding:
    """Crash the primary under load and promote its synchronous standby, again and again."""
    async with _servers(2) as (primary, standby):
        await asyncio.to_thread(primary.make)
        await asyncio.to_thread(standby.stand_by, primary)
        await _synchronous(primary)
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        url = f"postgresql://admin:{primary.password}@{hosts}/postgres?target_session_attrs=read-write&sslmode=disable"

        async def promote() -> None:
            nonlocal primary, standby
            await asyncio.to_thread(primary.stop, "immediate")
            await asyncio.to_thread(standby.promote)
            primary, standby = standby, primary

        async def protect() -> None:
            await asyncio.to_thread(standby.stand_by, primary)
            await _synchronous(primary)

        return await _measured(world, url, world.times(FAILOVERS), "failovers", promote, protect)


async def can_do_nothing(world: World) -> Finding:
    """Take connections, disk and password away in turn, for some seconds each."""
    async with _servers(1) as (server,):
        await asyncio.to_thread(server.make)
        passfile, disk = server.lay("passfile", b"*:*:*:fleet:0\n"), server.home / "disk"
        with _small_disk(server, disk):
            await server.run(
                "CREATE ROLE fleet LOGIN CREATEROLE PASSWORD '0'",
                f"CREATE TABLESPACE small LOCATION '{disk}'",
                "CREATE DATABASE fleet OWNER fleet TABLESPACE small",
            )
            turn = 0

            async def take_away() -> None:
                nonlocal turn
                turn += 1
                await (_no_connection, _no_disk, _other_password)[turn % 3](server, turn, passfile, disk)

            async def nothing() -> None:
                return

            url = f"postgresql://fleet@127.0.0.1:{server.port}/fleet?passfile={passfile}&sslmode=disable"
            return await _measured(world, url, world.times(OUTAGES), "outages", take_away, nothing)


async def _measured(
    world: World,
    url: str,
    times: int,
    what: str,
    outage: Callable[[], Awaitable[None]],
    after: Callable[[], Awaitable[None]],
) -> Finding:
    await world.move_to(url)
    types, expected = chained()
    await world.deploy(chain=models.chain(world.prefix, types))
    roles = [await world.spawn_ready(role) for role in _ROLES]
    load = Load(world, "chain", expected, ahead=40)
    await moving(world, types)
    slowest_s = []
    for _ in range(times):
        await outage()
        back = time.monotonic()
        await moving(world, types)
        slowest_s.append(time.monotonic() - back)
        await after()
    await load.stop()
    await world.finished(load.items, timeout_s=300)
    await world.settled()
    verdict = await judge(world, load.items)
    ended = sum(role.returncode is not None for role in roles)
    measured = (
        f"{verdict}, {verdict.retries_spent} retries spent; {ended} of {len(roles)} processes ended; all types moving "
        f"within {max(slowest_s):.1f} s (median {median(slowest_s):.1f} s); {times} {what}, {len(load.items)} instances"
    )
    for role in roles:
        await world.kill(role)
    holds = verdict.clean and not verdict.retries_spent and not ended and max(slowest_s) <= _MOVING_S
    return Finding(measured, holds)


@asynccontextmanager
async def _servers(number: int) -> AsyncIterator[list[Server]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Server()) for _ in range(number)]


@contextmanager
def _small_disk(server: Server, place: Path) -> Iterator[None]:
    """Mount a disk that is soon full."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], check=True)
    server.own(place)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


async def _synchronous(primary: Server) -> None:
    """Have each commit wait for the standby, so that a crash of the primary loses none."""
    await primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")

    async def is_protected() -> bool:
        return bool(await primary.ask(_SYNCHRONOUS))

    await comes_true(is_protected, 60)


async def _no_connection(server: Server, _turn: int, _passfile: Path, _disk: Path) -> None:
    await server.run(*(f"ALTER ROLE {login} CONNECTION LIMIT 0" for login in _LOGINS), _CUT)
    await asyncio.sleep(_AWAY_S)
    await server.run(*(f"ALTER ROLE {login} CONNECTION LIMIT -1" for login in _LOGINS))


async def _other_password(server: Server, turn: int, passfile: Path, _disk: Path) -> None:
    refused = [f"ALTER ROLE {login} NOLOGIN" for login in _LOGINS]
    await server.run(f"ALTER ROLE fleet PASSWORD '{turn}'", *refused, _CUT)
    await asyncio.sleep(_AWAY_S)
    await server.run(*(f"ALTER ROLE {login} LOGIN" for login in _LOGINS))
    await asyncio.to_thread(passfile.write_text, f"*:*:*:fleet:{turn}\n")


async def _no_disk(_server: Server, _turn: int, _passfile: Path, disk: Path) -> None:
    filler = disk / "filler"
    command = ("dd", "if=/dev/zero", f"of={filler}", "bs=64k")
    filling = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    await filling.wait()
    await asyncio.sleep(_AWAY_S)
    await asyncio.to_thread(filler.unlink)


_CLEAN = "lost 0, double 0, stuck 0, no retry spent, the same processes as before, every type moving within 20 s"
ROWS = (
    Row("PostgreSQL fails over to a synchronous standby", _CLEAN, fails_over),
    Row("PostgreSQL has no connection, no disk, another password", _CLEAN, can_do_nothing),
)

"""`fleet stack`: the local stack from the command line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from zeebe_fleet.deploy.local.overview import Addresses, PartStatus
    from zeebe_fleet.deploy.local.stack import LocalStack


_LINES = 40
_POLL_S = 0.2

stack = typer.Typer(
    name="stack",
    help="The local engine, database and sandbox: real servers, nothing installed.",
    no_args_is_help=True,
)


@stack.command(epilog="Example: fleet stack up · fleet stack up --reset")
def up(
    reset: Annotated[bool, typer.Option("--reset", help="Wipe all data of engine and database first.")] = False,
) -> None:
    """Start what does not run yet, in the background, and print the addresses."""
    with _told():
        _print_addresses(_told_stack().up(detached=True, reset=reset))


@stack.command(epilog="Example: fleet stack down")
def down() -> None:
    """Stop everything; the data stays for the next start."""
    with _told():
        _told_stack().down()
        typer.echo("The local stack is stopped; its data is kept.")


@stack.command(epilog="Example: fleet stack status")
def status() -> None:
    """Show each part, its address, process and memory."""
    from rich.table import Table

    from zeebe_fleet.deploy.local.stack import LocalStack
    from zeebe_fleet.deploy.terminal import terminal

    with _told():
        table = Table("part", "state", "address", "pid", "up", "memory", box=None)
        for part in LocalStack().status():
            table.add_row(*_cells(part))
        terminal().print(table)


@stack.command(epilog="Example: fleet stack logs engine --follow")
def logs(
    part: Annotated[str, typer.Argument(help="One of engine, database, sandbox; all when left out.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing until Ctrl-C.")] = False,
) -> None:
    """Print the end of the logs."""
    from zeebe_fleet.deploy.local.stack import PARTS, LocalStack

    with _told():
        local = LocalStack()
        files = {name: local.logs(name) for name in ([part] if part else PARTS)}
        ends = {name: _print_end(name, file, alone=len(files) == 1) for name, file in files.items()}
        while follow:
            time.sleep(_POLL_S)
            for name, file in files.items():
                ends[name] = _print_new(name, file, ends[name], alone=len(files) == 1)


def _told_stack() -> LocalStack:
    from zeebe_fleet.deploy.local.report import ConsoleReport
    from zeebe_fleet.deploy.local.stack import LocalStack

    return LocalStack(report=ConsoleReport())


@contextmanager
def _told() -> Iterator[None]:
    """Say what went wrong and what to do next, without a traceback."""
    try:
        yield
    except FleetError as error:
        from zeebe_fleet.deploy.terminal import show_error

        show_error(error)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _print_addresses(addresses: Addresses) -> None:
    lines = {
        "engine (gRPC)": addresses.engine_grpc,
        "engine (REST)": addresses.engine_rest,
        "database": f"{shown(addresses.database_url)} (user fleet; the password is in .fleet/database-password)",
        "sandbox": addresses.sandbox_url,
    }
    for name, address in lines.items():
        typer.echo(f"{name:<16} {address}")


def _cells(part: PartStatus) -> list[str]:
    if part.pid is None:
        return [part.name, part.state, "", "", "", ""]
    memory = f"{part.resident_bytes / 1024**2:.0f} MB"
    return [part.name, part.state, part.address, str(part.pid), f"{part.uptime_s:.0f} s", memory]


def _print_end(name: str, file: Path, *, alone: bool) -> int:
    if not file.exists():
        return 0
    content = file.read_bytes()
    _print_lines(name, content.decode("utf-8", "replace").splitlines()[-_LINES:], alone)
    return len(content)


def _print_new(name: str, file: Path, end: int, *, alone: bool) -> int:
    if not file.exists():
        return 0
    size_bytes = file.stat().st_size
    with file.open("rb") as handle:
        handle.seek(end if size_bytes >= end else 0)  # smaller: the log was rolled over
        content = handle.read()
        _print_lines(name, content.decode("utf-8", "replace").splitlines(), alone)
        return handle.tell()


def _print_lines(name: str, lines: list[str], alone: bool) -> None:
    for line in lines:
        typer.echo(line if alone else f"{name} | {line}")

"""`fleet engine`: the engine in the box by itself, for anybody's client."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer

from zeebe_fleet.deploy.engine_records import records

engine = typer.Typer(name="engine", invoke_without_command=True)
engine.command(
    "records",
    epilog="Example: fleet engine records --follow --type JOB · fleet engine records --follow --rest-port 8088 --json",
)(records)


@engine.callback(epilog="Example: fleet engine --data engine-data --grpc-port 26500 --rest-port 8088")
def serve(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="Folder of its data; made when it is missing.")] = Path("engine-data"),
    grpc_port: Annotated[int, typer.Option(help="Port of the gRPC gateway.")] = 26500,
    rest_port: Annotated[int, typer.Option(help="Port of the REST API, of health and of counters.")] = 8088,
    version: Annotated[str, typer.Option("--as", help="The Camunda it plays: 8.6, 8.7, 8.8 or 8.9.")] = "8.9",
    listen: Annotated[str, typer.Option(help="Address to listen on; it has no authentication.")] = "127.0.0.1",
    memory: Annotated[bool, typer.Option("--memory", help="Keep nothing: gone with the process.")] = False,
    clock_controlled: Annotated[
        bool, typer.Option("--clock-controlled", help="Let clients set the clock: PUT /v2/clock.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Begin anew: forget what the folder holds.")] = False,
    search_lag: Annotated[
        int, typer.Option(help="Have searches find things so many ms later; 1000 is what a real one does.")
    ] = 0,
    record: Annotated[
        Path | None,
        typer.Option("--records", help="Append what happens to this file, in JSON lines.", show_default=False),
    ] = None,
) -> None:
    """Serve the engine in the box until stopped, for any client of Camunda 8."""
    if context.invoked_subcommand is not None:
        return
    options: dict[str, object] = {
        "--grpc-port": grpc_port,
        "--rest-port": rest_port,
        "--as": version,
        "--listen": listen,
        "--search-lag": search_lag,
    }
    if record is not None:
        options["--records"] = record
    if not memory:
        options["--data"] = data
    switches = {"--memory": memory, "--clock-controlled": clock_controlled, "--reset": reset}
    flags = [name for name, on in switches.items() if on]
    sys.argv[1:] = [*flags, *(str(word) for option in options.items() for word in option)]
    runpy.run_module("zeebe_fleet.engine", run_name="__main__", alter_sys=True)

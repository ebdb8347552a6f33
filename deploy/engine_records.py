"""`fleet engine records`: what happens in an engine in the box, for people, and for whoever reads JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.engine import endpoint
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    import httpx

DEFAULT_REST = "127.0.0.1:8088"
_CONNECT_S = 5.0
_LONGEST = 120
_FIRST: Mapping[str, str] = {
    "PROCESS_INSTANCE": "elementId",
    "JOB": "type",
    "JOB_BATCH": "type",
    "VARIABLE": "name",
    "INCIDENT": "elementId",
    "TIMER": "targetElementId",
    "PROCESS_MESSAGE_SUBSCRIPTION": "messageName",
    "SIGNAL_SUBSCRIPTION": "signalName",
    "PROCESS_EVENT": "targetElementId",
    "MESSAGE": "name",
    "PROCESS": "bpmnProcessId",
    "COMPENSATION_SUBSCRIPTION": "compensableActivityId",
}
"""What a record is about."""
_FURTHER: Mapping[str, Sequence[str]] = {
    "PROCESS_INSTANCE": ("bpmnElementType",),
    "JOB": ("elementId", "worker", "retries", "errorCode", "errorMessage"),
    "JOB_BATCH": ("worker",),
    "VARIABLE": ("value",),
    "INCIDENT": ("errorType", "errorMessage"),
    "TIMER": ("dueDate",),
    "PROCESS_MESSAGE_SUBSCRIPTION": ("correlationKey", "elementId"),
    "SIGNAL_SUBSCRIPTION": ("catchEventId",),
    "MESSAGE": ("correlationKey", "messageId"),
    "PROCESS": ("version", "versionTag", "resourceName"),
    "DEPLOYMENT": ("deploymentKey",),
    "COMPENSATION_SUBSCRIPTION": ("compensationHandlerId",),
    "CLOCK": ("time",),
}

FollowOption = Annotated[
    bool, typer.Option("--follow", help="Go on with what happens, until Ctrl-C; else what was just followed.")
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of its data; else the local stack's engine, or port 8088.", show_default=False),
]
PortOption = Annotated[int | None, typer.Option("--rest-port", help="Its REST port.", show_default=False)]
TypeOption = Annotated[list[str] | None, typer.Option("--type", help="Only this value type; may be repeated.")]
ProcessOption = Annotated[str, typer.Option("--process", help="Only of the process with this id.", show_default=False)]
AfterOption = Annotated[int | None, typer.Option("--after", help="Begin behind this position.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Each record as the engine tells it, in JSON.")]


def records(
    follow: FollowOption = False,
    data: DataOption = None,
    rest_port: PortOption = None,
    type: TypeOption = None,
    process: ProcessOption = "",
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what happens in a running engine in the box, with Camunda's names; it holds the values of variables."""
    asked: dict[str, Any] = {"follow": str(follow).lower(), "type": type or [], "process": process}
    if after is not None:
        asked["after"] = after
    rest = _rest(data, rest_port)
    try:
        for line in _lines(rest, asked):
            typer.echo(line if as_json else readable(json.loads(line)))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def readable(record: Mapping[str, Any]) -> str:
    """Return a record as a line for people."""
    if "value" not in record:
        return f"-- {next(iter(record.values()))}"
    value_type, value = record["valueType"], record["value"]
    time = datetime.fromtimestamp(record["timestamp"] / 1000).strftime("%H:%M:%S.%f")[:-3]
    about = _shown(value.get(_FIRST.get(value_type, ""), ""))
    instance = value.get("processInstanceKey", "")
    further = " ".join(
        f"{name}={_shown(value[name])}"
        for name in _FURTHER.get(value_type, ())
        if value.get(name) not in (None, "", -1)
    )
    told = f"{time} {value_type:<16} {record['intent']:<18} {about:<24} {further}"
    process = value.get("bpmnProcessId", "")
    return f"{told} ({process} {instance})" if instance else told.rstrip()


def _shown(value: Any) -> str:
    """Return a value on one line, with nothing that a terminal would obey."""
    text = value if isinstance(value, str) else json.dumps(value)
    text = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _rest(data: Path | None, rest_port: int | None) -> str:
    if rest_port is not None:
        return f"127.0.0.1:{rest_port}"
    if data is not None:
        if found := endpoint.rest_of(data):
            return found
        raise FleetError(
            f"No engine runs on the data in {data}.",
            "Start it with `fleet engine --data …`, or name its port with --rest-port.",
        )
    return _local_rest() or DEFAULT_REST


def _local_rest() -> str:
    from zeebe_fleet.deploy.local.stack import LocalStack
    from zeebe_fleet.deploy.settings import read_settings

    stack = LocalStack(read_settings().state, parts=["engine"])
    running = any(part.state == "running" for part in stack.status())
    return stack.addresses().engine_rest.removeprefix("http://") if running else ""


def _lines(rest: str, asked: Mapping[str, Any]) -> Iterator[str]:
    import httpx  # no role of the fleet carries it for this command

    timeout = httpx.Timeout(_CONNECT_S, read=None)
    try:
        with (
            httpx.Client(cookies=no_cookies(), trust_env=False, timeout=timeout) as http,
            http.stream("GET", f"http://{rest}/engine/records", params=asked) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise FleetError(
                    f"{shown(rest)} tells no records: {_why(answer)}", "Only the engine in the box tells them."
                )
            yield from answer.iter_lines()
    except (httpx.ConnectError, httpx.InvalidURL) as error:
        raise FleetError(f"No engine answers at {shown(rest)}.", "Name another with --data or --rest-port.") from error
    except httpx.HTTPError as error:
        raise FleetError("The engine has ended, and the records with it.") from error


def _why(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}."

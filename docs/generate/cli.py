"""The page on the command line, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click
import typer.main

from zeebe_fleet.deploy.cli import app

_HEAD = """\
# Command line

<!-- Written by `make docs` from deploy/cli.py. Do not edit. -->

`fleet` comes with the package. Every command says the same by `--help`. What is not an option here is a
[setting](settings.md).
"""


def cli_page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_overview(), *(line for path, one in _commands() for line in _section(path, one))])


def _commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, under its whole name."""
    yield from _below("fleet", typer.main.get_command(app))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None or getattr(command, "invoke_without_command", False):
        yield path, command
    if inner is None:
        return
    for name, one in inner.items():
        yield from _below(f"{path} {name}", one)


def _overview() -> Iterator[str]:
    yield "| command | what it does |"
    yield "|---|---|"
    for path, command in _commands():
        yield f"| [`{path}`](#{path.replace(' ', '-')}) | {_plain(command.help)} |"
    yield ""


def _section(path: str, command: Any) -> Iterator[str]:
    yield f"## {path}\n"
    yield f"{_plain(command.help)}\n"
    shown = [one for one in command.params if one.name != "help"]
    if shown:
        yield "| | |"
        yield "|---|---|"
        yield from (f"| `{_name(one)}` | {_plain(one.help)} |" for one in shown)
        yield ""
    if command.epilog:
        yield "```sh"
        yield from (one.strip() for one in command.epilog.removeprefix("Example: ").split("·"))
        yield "```\n"


def _name(parameter: Any) -> str:
    if isinstance(parameter, click.Argument) or parameter.param_type_name == "argument":
        name = str(parameter.name).upper()
        return name if parameter.required else f"[{name}]"
    value = "" if parameter.is_flag else f" {str(parameter.name).upper()}"
    return ", ".join(parameter.opts) + value


def _plain(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip().replace("|", "\\|")

"""What the command line hands over: words are checked, faults become exit statuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from zeebe_fleet.deploy.settings import Settings

EXAMPLE = (
    "Example: fleet test · fleet test myflows/processes/greeting --filter rejected · "
    "fleet test --fail-under 95 --format junit > report.xml"
)
ENGINES = ("builtin", "docker", "remote")
FORMATS = ("text", "json", "junit")

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Folders of process packages, packages, or scenario files; all of the app's when left out."),
]
AppOption = Annotated[str, typer.Option("--app", help="Module with the processes and tasks.", show_default=False)]
EngineOption = Annotated[str, typer.Option("--engine", help="builtin, docker, or remote: the one in the settings.")]
FilterOption = Annotated[
    str, typer.Option("--filter", help="Only test cases with this in their name or process.", show_default=False)
]
FormatOption = Annotated[str, typer.Option("--format", help="text, json or junit.")]
FailUnderOption = Annotated[
    float,
    typer.Option(min=0, max=100, help="Percent of elements, of flows and of handlers that each process must reach."),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, help="Seconds an instruction may wait for what it expects.")
]


def command(
    settings_of: Callable[[str], Settings], unwrapped: Callable[[Callable[[], None]], None]
) -> Callable[..., None]:
    """Return `fleet test`.

    Args:
        settings_of: reads the settings, with an app by its name if there is one.
        unwrapped: runs something that may raise several errors at once.
    """

    def run(
        paths: PathsArgument = None,
        app: AppOption = "",
        engine: EngineOption = "builtin",
        only: FilterOption = "",
        form: FormatOption = "text",
        fail_under: FailUnderOption = 0,
        timeout_s: TimeoutOption = 10.0,
    ) -> None:
        """Run the scenarios of processes on a real engine, with the app's tasks or stubs; count what they cover.

        Engine and database are the run's own, and gone when it ends; no outside service of the settings is called.
        The exit status is 1 when a case fails or too little is covered, and 2 where there is nothing to run.
        """
        _check("--engine", engine, ENGINES)
        _check("--format", form, FORMATS)
        unwrapped(lambda: _run(paths or [], settings_of(app), (engine, form, timeout_s, fail_under), only))

    return run


def _check(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(choices)}.", param_hint=option)


def _run(paths: list[Path], settings: Settings, wanted: tuple[str, str, float, float], only: str) -> None:
    from zeebe_fleet.deploy.local.report import ConsoleReport
    from zeebe_fleet.deploy.scenarios.plan import plan
    from zeebe_fleet.deploy.scenarios.run import Wanted, run_plan
    from zeebe_fleet.deploy.terminal import show_error, terminal

    try:
        planned = plan(paths, settings.app, only)
    except FleetError as error:
        show_error(error)
        raise typer.Exit(2) from None
    passed = run_plan(planned, settings, Wanted(*wanted), ConsoleReport(terminal(stderr=True)), terminal())
    raise typer.Exit(0 if passed else 1)

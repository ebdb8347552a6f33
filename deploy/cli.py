"""`fleet`: the command line.

What a command needs is imported by it: help and a mistyped word are answered at once, and a worker carries nothing
that another command needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

import typer

from zeebe_fleet.deploy import ending
from zeebe_fleet.deploy.engine import engine
from zeebe_fleet.deploy.lint.options import Asked, FailOn, Format, TargetName
from zeebe_fleet.deploy.local.commands import stack
from zeebe_fleet.deploy.models import models_commands
from zeebe_fleet.deploy.new import new
from zeebe_fleet.deploy.publish_commands import add_publish_commands
from zeebe_fleet.deploy.records import records_commands
from zeebe_fleet.deploy.scenarios import entry as scenarios
from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from zeebe_fleet.bpmn.tooling.finding import Finding
    from zeebe_fleet.deploy.roles import Role
    from zeebe_fleet.deploy.settings import Settings

app = typer.Typer(
    help="Zeebe Fleet: a worker fleet for Camunda 8.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
app.add_typer(stack)
app.add_typer(engine)
app.add_typer(new)

AppOption = Annotated[str, typer.Option("--app", help="Module with the processes and tasks.", show_default=False)]
ResetOption = Annotated[bool, typer.Option("--reset", help="Wipe the local data first.")]


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"fleet {version('zeebe-fleet')}")
        raise typer.Exit


@app.callback()
def _fleet(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Zeebe Fleet: a worker fleet for Camunda 8."""


@app.command(epilog="Example: fleet up · fleet up --app myflows --reset")
def up(app: AppOption = "", reset: ResetOption = False) -> None:
    """Run everything on this machine: the local stack, the API, a worker, the adapter and the relay."""
    from zeebe_fleet.deploy.demo import show_up

    _unwrapped(lambda: show_up(_settings(app), reset=reset))


@app.command(epilog="Example: fleet demo --reset")
def demo(reset: ResetOption = False) -> None:
    """Run the shipped processes, start one onboarding, and say what to do next."""
    from zeebe_fleet.deploy.demo import show_demo
    from zeebe_fleet.deploy.settings import SHIPPED_APP

    _unwrapped(lambda: show_demo(_settings(SHIPPED_APP), reset=reset))


@app.command(epilog="Example: fleet smoke")
def smoke() -> None:
    """Run three onboardings to their ends, hands-free, and compare what everybody says of them."""
    from zeebe_fleet.deploy.settings import SHIPPED_APP
    from zeebe_fleet.deploy.smoke import smoke as run_smoke

    _unwrapped(lambda: run_smoke(_settings(SHIPPED_APP)))


@app.command(epilog="Example: fleet worker --app myflows --tasks kyc.fetch-report,accounts.create")
def worker(
    app: AppOption = "",
    tasks: Annotated[str, typer.Option(help="Job types to work on, by comma; all of the app's when left out.")] = "",
) -> None:
    """Take jobs and run their actions until stopped."""
    from zeebe_fleet.deploy import roles

    only = frozenset(filter(None, (one.strip() for one in tasks.split(","))))
    _run_role(lambda settings, stop, health: roles.worker(settings, stop, health, only), _connected(_settings(app)))


@app.command("human-tasks", epilog="Example: fleet human-tasks")
def human_tasks() -> None:
    """Turn user tasks into activities until stopped."""
    from zeebe_fleet.deploy import roles

    _run_role(roles.human_tasks, _connected(_settings(required=False)))


@app.command(epilog="Example: fleet relay")
def relay() -> None:
    """Tell the engine what is owed to it until stopped."""
    from zeebe_fleet.deploy import roles

    _run_role(roles.relay, _connected(_settings(required=False)))


@app.command(epilog="Example: FLEET_API__PORT=8080 fleet api")
def api() -> None:
    """Serve the GraphQL API and the inbox until stopped."""
    from zeebe_fleet.deploy import roles

    _run_role(roles.api, _connected(_settings(required=False)))


@app.command(epilog="Example: fleet deploy --app myflows · fleet deploy --artifact refund --version 1.2.0")
def deploy(
    app: AppOption = "",
    artifact: Annotated[str, typer.Option(help="Deploy this published process instead, whatever is deployed.")] = "",
    version: Annotated[str, typer.Option(help="Its version: 1.2.0, or the newest of 1.2.x, 1.x, ^1.2.")] = "",
) -> None:
    """Migrate the records and deploy the app's processes, or a published version of one, on purpose."""
    import asyncio

    if not artifact and version:
        raise FleetError("--version is of a published process.", "Name it: --artifact refund --version 1.2.0.")
    if artifact:
        from zeebe_fleet.deploy.arrivals import deploy_artifact

        settings = _connected(_settings(app, required=False))
        _unwrapped(lambda: typer.echo("\n".join(asyncio.run(deploy_artifact(settings, artifact, version)))))
    else:
        _unwrapped(lambda: asyncio.run(_deploy(_connected(_settings(app)))))


@app.command(
    epilog="Example: FLEET_ZEEBE__ADDRESS=zeebe.example.com:443 fleet doctor · fleet doctor --sign-in token.txt"
)
def doctor(
    sign_in: Annotated[
        Path | None,
        typer.Option(help="File with an ID token or its claims, or -: say only whom it would let in, and why."),
    ] = None,
) -> None:
    """Say in plain words what is wrong with engine, database and API; changes nothing."""
    from zeebe_fleet.deploy.terminal import terminal

    if sign_in is not None:
        from zeebe_fleet.deploy.sign_in import show_reading

        raise typer.Exit(0 if show_reading(_settings(required=False), sign_in, terminal()) else 1)
    from zeebe_fleet.deploy.doctor import show_findings

    raise typer.Exit(0 if show_findings(_connected(_settings(required=False)), terminal()) else 1)


@app.command(
    "verify-engine",
    epilog="Example: fleet verify-engine · FLEET_ZEEBE__ADDRESS=zeebe.example:443 fleet verify-engine --report r.md",
)
def verify_engine(
    report: Annotated[
        Path | None,
        typer.Option(help="File for a report without secrets: markdown when it ends in .md, else JSON."),
    ] = None,
) -> None:
    """Check point by point that the engine does what the fleet relies on: on a process of its own, which it removes."""
    from zeebe_fleet.deploy.terminal import terminal
    from zeebe_fleet.deploy.verify.command import verify_engine as run

    raise typer.Exit(0 if run(_settings(required=False), report, terminal()) else 1)


@app.command(
    epilog="Example: fleet lint · fleet lint myflows/processes --fail-on warning · fleet lint drafts/refund.bpmn "
    "--target 8.8 · fleet lint processes --format sarif > lint.sarif"
)
def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders with packages or models, however deep, or .bpmn files; the app's packages when left out.",
            show_default=False,
        ),
    ] = None,
    written: Annotated[
        Format, typer.Option("--format", help="How findings are written: for people, programs, or a code host.")
    ] = Format.TEXT,
    target: Annotated[
        TargetName | None,
        typer.Option(help="Camunda that models are held against; what each says of itself when left out."),
    ] = None,
    fail_on: Annotated[FailOn, typer.Option(help="From which severity on the exit status is 1.")] = FailOn.ERROR,
    code: Annotated[
        bool, typer.Option("--code", help="Hold the app's manifests against the signatures of its tasks as well.")
    ] = False,
) -> None:
    """Check process packages: models, manifests, forms, diagrams.

    The exit status is 0 when all is in order, 1 with findings as bad as --fail-on, and 2 where there is nothing to
    check.
    """
    from zeebe_fleet.bpmn.tooling.found import NothingToLint, found_at, packages_of
    from zeebe_fleet.deploy.lint.command import show_findings
    from zeebe_fleet.deploy.terminal import show_error

    try:
        found = found_at(paths) if paths else packages_of(_app_folder(_settings().app))
    except NothingToLint as error:
        show_error(error)
        raise typer.Exit(2) from None
    more = _contracts(_settings().app) if code else ()
    below = None if any(path.is_absolute() for path in paths or ()) else Path.cwd()
    asked = Asked(written, target or "", fail_on, below)
    raise typer.Exit(show_findings(found, asked, more))


app.command("test", epilog=scenarios.EXAMPLE)(
    scenarios.command(lambda name: _settings(name, required=False), lambda work: _unwrapped(work))
)
add_publish_commands(app, lambda: _settings(required=False).artifacts, lambda: _app_folder(_settings().app))
app.add_typer(models_commands(lambda name: _with_database(_settings(name))))
app.add_typer(records_commands(lambda: _with_database(_settings(required=False))))


def main() -> None:
    """Run a command; an error a person can act on is a message, not a traceback."""
    sys.path.insert(0, str(Path.cwd()))
    with ending.leaving():
        try:
            app()
        except FleetError as error:
            from zeebe_fleet.deploy.terminal import show_error

            show_error(error)
            raise SystemExit(1) from None


def _settings(app: str = "", *, required: bool = True) -> Settings:
    from zeebe_fleet.deploy.app import configured_app
    from zeebe_fleet.deploy.logs import configure_logs
    from zeebe_fleet.deploy.settings import SHIPPED_APP, read_settings

    settings = read_settings()
    name = app or settings.app or configured_app(Path.cwd())
    if required and not name:
        raise FleetError(
            "No app is named: whose processes and tasks?",
            f'Use --app, FLEET_APP, or app = "…" under [tool.zeebe-fleet]; the shipped one is {SHIPPED_APP}.',
        )
    configure_logs(settings.log_format)
    return settings.model_copy(update={"app": name})


def _app_folder(name: str) -> Path:
    from zeebe_fleet.deploy.app import processes_of

    return processes_of(name)


def _contracts(name: str) -> list[Finding]:
    from zeebe_fleet.deploy.app import load_app
    from zeebe_fleet.deploy.lint.contracts import contracts_of

    return list(contracts_of(load_app(name)))


def _connected(settings: Settings) -> Settings:
    """Require what one role alone cannot start for itself, or find the local stack that runs already."""
    from zeebe_fleet.deploy.attached import attached

    return attached(settings)


def _with_database(settings: Settings) -> Settings:
    """Require a database alone."""
    return settings if settings.database_url else _connected(settings)


def _run_role(role: Role, settings: Settings) -> None:
    import asyncio

    from zeebe_fleet.deploy.health import watched

    async def until_stopped() -> None:
        stop = asyncio.Event()
        ending.heed_signals(stop)
        async with watched(settings.health) as health:
            await role(settings, stop, health)

    _unwrapped(lambda: ending.run(until_stopped()))


def _unwrapped(work: Callable[[], None]) -> None:
    """Run, and of several errors at once show the first."""
    try:
        work()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BaseExceptionGroup as group:
        raise _first(group) from None


async def _deploy(settings: Settings) -> None:
    from zeebe_fleet.deploy.publication import deploy as deploy_app

    deployment = await deploy_app(settings)
    for process in deployment.processes:
        typer.echo(f"{process.process_name} is version {process.version} (key {process.definition_key})")
    for warning in deployment.warnings:
        typer.secho(f"warning: {warning}", fg="yellow", err=True)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    main()

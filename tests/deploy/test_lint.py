"""`fleet lint`: what it is asked, how it answers, and by which exit status."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from zeebe_fleet.bpmn.tooling.case.rules import CASE_RULES
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.rules import RULES
from zeebe_fleet.deploy.cli import app
from zeebe_fleet.deploy.lint.formats import as_github

SHIPPED = Path(__file__).parents[2] / "bpmn"
PAIRS = Path(__file__).parents[1] / "bpmn/rules"
DRAWING = PAIRS / "something-runs/invalid.bpmn"
LOST = PAIRS / "every-element-is-reachable/invalid.bpmn"
REFUSED = PAIRS / "engine-takes-it/invalid.bpmn"
AD_HOC = PAIRS / "target-has-it/invalid.bpmn"


def lint(*words: str | Path) -> tuple[int, str]:
    """Return the exit status and what is printed."""
    result = CliRunner().invoke(app, ["lint", *map(str, words)])
    return result.exit_code, result.output


def told(*words: str | Path) -> list[dict[str, Any]]:
    """Return the findings as JSON has them."""
    found: list[dict[str, Any]] = json.loads(lint(*words, "--format", "json")[1])["findings"]
    return found


def test_lint_says_file_line_element_rule_and_fix() -> None:
    """For people, below the file's name; without colours where nobody sees them."""
    status, text = lint(REFUSED)

    assert status == 1
    assert text.splitlines()[0] == str(REFUSED)
    assert "  14: error wrong: Must have a condition or be default flow. engine-takes-it" in text.splitlines()
    assert "     → Camunda 8.9 refuses to deploy it: change this in the modeler." in text.splitlines()
    assert "\x1b" not in text


def test_lint_fails_on_what_it_is_told() -> None:
    """Advice never fails; warnings do where that is asked; errors always."""
    assert lint(DRAWING, "--fail-on", "warning")[0] == 0
    assert lint(LOST)[0] == 0
    assert lint(LOST, "--fail-on", "warning")[0] == 1
    assert lint(REFUSED)[0] == 1
    assert lint(LOST, "--fail-on", "never")[0] == 2


def test_lint_as_json_has_every_part() -> None:
    """And how many there are of each severity."""
    _, text = lint(REFUSED, DRAWING, "--format", "json")
    said = json.loads(text)

    assert {frozenset(one) for one in said["findings"]} == {
        frozenset(("file", "line", "element", "rule", "severity", "message", "fix"))
    }
    assert said["summary"] == {"lookedAt": 2, "errors": 1, "warnings": 0, "infos": len(said["findings"]) - 1}


def test_lint_as_sarif_is_what_code_hosts_take() -> None:
    """Each result names a rule of the run by its place, a level, and a line in a file."""
    (run,) = (log := json.loads(lint(REFUSED, LOST, "--format", "sarif")[1]))["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    assert [rule["id"] for rule in rules] == [*RULES, *CASE_RULES]
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in rules)
    assert run["results"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        assert place["region"]["startLine"] >= 1
        assert " " not in place["artifactLocation"]["uri"]


def test_lint_in_sarif_names_files_from_the_repository_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the code is checked out is nobody's path but the pipeline's."""
    shutil.copy(REFUSED, tmp_path / "a draft.bpmn")
    monkeypatch.chdir(tmp_path)
    for named in ("a draft.bpmn", tmp_path / "a draft.bpmn"):
        (run,) = json.loads(lint(named, "--format", "sarif")[1])["runs"]
        place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place == {"uri": "a%20draft.bpmn"}


@pytest.mark.parametrize("path", [".", "hello_world", "hello_world/../hello_world", "hello_world/hello_world.bpmn"])
def test_lint_names_files_as_people_know_them(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From where they are; a pipeline finds no other. The package itself may be where they are."""
    shutil.copytree(SHIPPED / "hello_world", tmp_path / "hello_world")
    model = tmp_path / "hello_world/hello_world.bpmn"
    model.write_text(model.read_text().replace('retries="', 'retries="-'))
    for here, named in ((tmp_path, path), (tmp_path / "hello_world", ".")):
        monkeypatch.chdir(here)
        assert {os.path.normpath(one["file"]) for one in told(named)} == {str(model.relative_to(here))}


def test_lint_annotates_pipelines() -> None:
    """One command a finding; what would end it or a property of it is written otherwise."""
    finding = Finding("a,b:c.bpmn", "work", 7, "some-rule", "100 % wrong\n::error::x.", "Mend it.", Severity.INFO)

    assert as_github([finding], 1) == (
        "::notice file=a%2Cb%3Ac.bpmn,line=7,title=some-rule::work: 100 %25 wrong%0A::error::x. Mend it."
    )
    assert lint(REFUSED, "--format", "github")[1].startswith(f"::error file={REFUSED},line=14,title=engine-takes-it::")


@pytest.mark.parametrize(
    ("target", "severity"), [("8.6", "error"), ("8.7", ""), ("8.10", ""), ("", "warning")], ids=lambda one: one or "own"
)
def test_lint_holds_models_against_a_version(target: str, severity: str) -> None:
    """An error for the version that was asked for, a warning for the one that only the model names."""
    found = told(AD_HOC, *(("--target", target) if target else ()))
    assert [one["severity"] for one in found if one["rule"] == "target-has-it"] == ([severity] if severity else [])


def test_lint_refuses_a_version_that_it_does_not_know() -> None:
    """With those that it knows."""
    status, text = lint(AD_HOC, "--target", "8.5")
    assert status == 2
    assert "8.10" in text


def test_lint_looks_into_folders_however_deep(tmp_path: Path) -> None:
    """Models of a repository lie anywhere; what was made or fetched is passed over."""
    for folder in ("src/main/resources", "node_modules/some", ".git"):
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(DRAWING, tmp_path / folder / "model.bpmn")

    assert [one["file"] for one in told(tmp_path)] == [str(tmp_path / "src/main/resources/model.bpmn")]
    assert told(tmp_path, tmp_path / "src") == told(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"<", b"\xff\xfe", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"<x/>", b" " * 50_000_000],
    ids=["empty", "broken", "bytes", "entities", "other XML", "50 MB"],
)
def test_lint_names_a_file_that_it_cannot_read(content: bytes, tmp_path: Path) -> None:
    """With a sentence and what to do, and never with a traceback."""
    (tmp_path / "model.bpmn").write_bytes(content)
    (found,) = told(tmp_path / "model.bpmn")

    assert (found["rule"], found["severity"], found["line"]) == ("package-is-readable", "error", 1)
    assert found["fix"]


def test_lint_says_where_a_manifest_is_wrong(tmp_path: Path) -> None:
    """The line of the first key that is wrong; a key that is written twice is wrong too."""
    shutil.copytree(SHIPPED / "hello_world", tmp_path / "hello_world")
    manifest = tmp_path / "hello_world/manifest.yaml"
    text = manifest.read_text()
    for more, message in (("surprise: 1", "surprise: there is no such key"), ("name: other", "written twice")):
        manifest.write_text(f"{text}{more}\n")
        (found,) = [one for one in told(tmp_path) if one["rule"] == "package-is-readable"]
        assert message in found["message"]
        assert found["line"] == len(text.splitlines()) + 1


def test_lint_prints_names_that_would_move_the_cursor(tmp_path: Path) -> None:
    """Files of a repository are called whatever somebody called them."""
    shutil.copy(DRAWING, tmp_path / "a\x1b[2Jb\n::error::c.bpmn")
    (tmp_path / os.fsdecode(b"\xff.bpmn")).write_bytes(DRAWING.read_bytes())
    status, text = lint(tmp_path)

    assert status == 0
    assert "\x1b" not in text
    assert "\n::error" not in text
    assert lint(tmp_path, "--format", "github")[1].count("\n") == 2


def test_lint_opens_nothing_but_files(tmp_path: Path) -> None:
    """A pipe of that name would be read for ever, and a folder cannot be."""
    os.mkfifo(tmp_path / "pipe.bpmn")
    (tmp_path / "folder.bpmn").mkdir()
    os.symlink(tmp_path, tmp_path / "loop")
    assert lint(tmp_path)[0] == 2


def test_lint_of_what_ships_takes_less_than_a_second_and_a_half() -> None:
    """Of CPU, with the start of the program, on a machine that others use as well; alone it is three quarters."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([sys.executable, "-m", "zeebe_fleet.deploy.cli", "lint", SHIPPED], check=False, capture_output=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 1.5

"""Each lint rule on a pair of models: one that is right, one whose culprit is called `wrong`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import zeebe_fleet.bpmn
from zeebe_fleet.bpmn.tooling.decisions import read_decisions
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.lint import RULES, UNREADABLE, lint, lint_folder
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, read_form

PAIRS = Path(__file__).parent / "rules"
SHIPPED = Path(zeebe_fleet.bpmn.__path__[0])
PROCESS = "p"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package's folder, of the pairs' name."""
    made = tmp_path / PROCESS
    made.mkdir()
    return made


def findings(folder: Path, rule: str, model: str, **manifest: Any) -> list[Finding]:
    """Return what one rule finds in one model of its pair."""
    declared = next((file for name in (model, "manifest") if (file := PAIRS / rule / f"{name}.yaml").exists()), None)
    said = {"name": PROCESS, "version": "1.0.0", "description": "A pair."}
    said |= yaml.safe_load(declared.read_text()) if declared else {}
    if declared:
        (folder / "manifest.yaml").write_text(declared.read_text())
    bpmn = (PAIRS / rule / f"{model}.bpmn").read_bytes()
    (folder / f"{PROCESS}.bpmn").write_bytes(bpmn)
    forms = bring_beside(folder, rule, model)
    package = ProcessPackage(
        folder,
        Manifest.model_validate(said | manifest),
        bpmn,
        {form["id"]: form for form in forms.values()},
        {file: form["id"] for file, form in forms.items()},
        decisions={file.name: read_decisions(file) for file in sorted(folder.glob("*.dmn"))},
    )
    found = lint(package)
    assert rule == UNREADABLE or UNREADABLE not in {one.rule for one in found}, found
    return [one for one in found if one.rule == rule]


def bring_beside(folder: Path, rule: str, model: str) -> dict[str, dict[str, Any]]:
    """Lay what a pair has beside its models where it belongs, and return the forms by file."""
    other = "invalid" if model == "valid" else "valid"
    for file in sorted((PAIRS / rule).iterdir()):
        if file.suffix in (".form", ".dmn") and file.stem != other:
            shutil.copy(file, folder / file.name)
        elif file.is_dir():
            shutil.copytree(file, folder.parent, dirs_exist_ok=True)
    return {file.name: read_form(file) for file in sorted(folder.glob("*.form"))}


def test_every_rule_has_a_text_and_a_pair() -> None:
    """What, why, and how to mend it; a model that is right and one that is not; and no pair is left over."""
    assert [name for name, rule in RULES.items() if not (rule.said.what and rule.said.why and rule.said.fix)] == []
    assert sorted(pair.name for pair in PAIRS.iterdir()) == sorted(RULES)
    assert all((PAIRS / name / f"{model}.bpmn").exists() for name in RULES for model in ("valid", "invalid"))


@pytest.mark.parametrize("rule", RULES)
def test_rule_leaves_a_valid_model_alone(rule: str, folder: Path) -> None:
    """What is right is not complained about."""
    assert findings(folder, rule, "valid") == []


@pytest.mark.parametrize("rule", RULES)
def test_rule_finds_the_culprit(rule: str, folder: Path) -> None:
    """The finding names the element or the key, its line, how bad it is, and what to do."""
    found = findings(folder, rule, "invalid")
    assert found
    for one in found:
        file = PAIRS / rule / f"invalid{Path(one.file).suffix}"
        text = file.read_text()
        culprit = "wrong" if "wrong" in text else PROCESS
        assert one.element_id == culprit
        assert culprit in text.splitlines()[one.line - 1]
        assert one.suggestion
        assert one.severity


@pytest.mark.parametrize(
    ("rule", "manifest", "culprit"),
    [
        ("job-types-are-declared", {"job_types": {"x.y": {"description": "Nobody."}}}, "x.y"),
        ("errors-are-declared", {"errors": {}}, "a.b"),
        ("undo-pairs-agree", {"undo": {"a": "un_a", "ghost": "un_ghost"}}, "ghost"),
        ("human-tasks-are-declared", {"human_tasks": {"ghost": {"candidate_groups": ["x"]}}}, "ghost"),
        ("names-agree", {"name": PROCESS, "version": "2.0.0"}, PROCESS),
    ],
)
def test_rule_finds_what_only_the_manifest_says(
    rule: str, manifest: dict[str, Any], culprit: str, folder: Path
) -> None:
    """The manifest may not promise what the model does not have."""
    assert culprit in {one.element_id for one in findings(folder, rule, "valid", **manifest)}


@pytest.mark.parametrize(
    ("was", "shall"),
    [
        ("intermediateThrowEvent", "endEvent"),
        (
            '<zeebe:taskDefinition type="a.b" retries="3" />\n      </bpmn:extensionElements>\n      <bpmn:message',
            '<zeebe:executionListeners><zeebe:executionListener eventType="start" type="a.b" />'
            "</zeebe:executionListeners>\n      </bpmn:extensionElements>\n      <bpmn:message",
        ),
    ],
)
def test_errors_are_not_taken_from_end_events_and_listeners_either(was: str, shall: str) -> None:
    """And nobody is told to put a boundary event where none can be."""
    bpmn = (PAIRS / "errors-are-taken/invalid.bpmn").read_text().replace(was, shall)
    said = yaml.safe_load((PAIRS / "errors-are-taken/manifest.yaml").read_text())
    manifest = Manifest.model_validate(said | {"name": PROCESS, "version": "1.0.0", "description": "A pair."})
    found = lint(ProcessPackage(Path(PROCESS), manifest, bpmn.encode()))
    assert [(one.rule, one.element_id) for one in found if one.rule.startswith("errors-")] == [
        ("errors-are-taken", "wrong")
    ]


def test_shipped_processes_are_clean() -> None:
    """What ships passes its own lint."""
    assert [str(finding) for finding in lint_folder(SHIPPED)] == []


@pytest.fixture
def onboarding(tmp_path: Path) -> Path:
    """A copy of a shipped package, to be broken."""
    return Path(shutil.copytree(SHIPPED / "customer_onboarding", tmp_path / "customer_onboarding"))


@pytest.mark.parametrize("file", ["manifest.yaml", "customer_onboarding.bpmn", "review_application.form"])
@pytest.mark.parametrize("content", [None, "{[", "[]"])
def test_a_broken_file_is_a_finding(onboarding: Path, file: str, content: str | None) -> None:
    """A package that cannot be read does not stop the lint of the others; it is named."""
    if content is None:
        (onboarding / file).unlink()
    else:
        (onboarding / file).write_text(content)
    found = lint_folder(onboarding.parent)
    assert found
    assert all(str(onboarding) in one.file for one in found)

"""Findings that an author would not agree with, and packages that one bad file must not hide."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import zeebe_fleet.bpmn
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.lint import UNREADABLE, NothingToLint, lint, lint_folder, lint_path
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.rules import RULES
from zeebe_fleet.bpmn.tooling.target import target_named

SHIPPED = Path(zeebe_fleet.bpmn.__path__[0])
NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
)


def _model(elements: str, diagrams: str = "", beside: str = "", name: str = "p") -> bytes:
    process = f'<bpmn:process id="{name}" isExecutable="true">{elements}</bpmn:process>'
    return f"<bpmn:definitions targetNamespace='x' {NAMESPACES}>{process}{beside}{diagrams}</bpmn:definitions>".encode()


def _plane(of: str, **boxes: tuple[int, int, int, int]) -> str:
    shapes = "".join(
        f'<bpmndi:BPMNShape bpmnElement="{name}"><dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}" />'
        "</bpmndi:BPMNShape>"
        for name, (x, y, width, height) in boxes.items()
    )
    return f'<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="{of}">{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'


def _found(rule: str, bpmn: bytes, **manifest: Any) -> list[Finding]:
    said = {"name": "p", "version": "1.0.0", "description": "A process.", **manifest}
    found = lint(ProcessPackage(Path("p"), Manifest.model_validate(said), bpmn))
    return [one for one in found if one.rule == rule]


def test_lint_sees_no_overlap_between_planes() -> None:
    """What is drawn inside a collapsed subprocess has a plane of its own."""
    elements = '<bpmn:task id="a" /><bpmn:subProcess id="s"><bpmn:task id="b" /><bpmn:task id="c" /></bpmn:subProcess>'
    outside = _plane("p", a=(0, 0, 100, 80), s=(200, 0, 100, 80))

    apart = _model(elements, outside + _plane("s", b=(0, 0, 100, 80), c=(200, 0, 100, 80)))
    inside = _model(elements, outside + _plane("s", b=(0, 0, 100, 80), c=(50, 0, 100, 80)))

    assert _found("nothing-overlaps", apart) == []
    assert [one.element_id for one in _found("nothing-overlaps", inside)] == ["b"]


def test_lint_sees_no_overlap_with_a_group() -> None:
    """A group is drawn around what it groups."""
    grouped = _model('<bpmn:task id="a" /><bpmn:group id="g" />', _plane("p", a=(10, 10, 100, 80), g=(0, 0, 200, 200)))

    assert _found("nothing-overlaps", grouped) == []


def test_lint_sees_no_overlap_with_a_note() -> None:
    """Its box is larger than its text."""
    elements = '<bpmn:task id="a" /><bpmn:textAnnotation id="n"><bpmn:text>Note</bpmn:text></bpmn:textAnnotation>'
    noted = _model(elements, _plane("p", a=(10, 10, 100, 80), n=(0, 0, 200, 40)))

    assert _found("nothing-overlaps", noted) == []


@pytest.mark.parametrize("to", ['assignee="rita"', 'assignee="=reviewer"', 'candidateUsers="rita, sam"'])
def test_lint_takes_people_for_enough(to: str) -> None:
    """A task for one person, or for some by name, needs no group."""
    task = (
        f'<bpmn:userTask id="t"><bpmn:extensionElements><zeebe:assignmentDefinition {to} />'
        "</bpmn:extensionElements></bpmn:userTask>"
    )

    assert _found("human-tasks-are-declared", _model(task), human_tasks={"t": {}}) == []


def test_lint_finds_a_task_for_nobody() -> None:
    """Without any assignment everybody who signs in could do it."""
    (found,) = _found("user-tasks-have-somebody", _model('<bpmn:userTask id="t" />'), human_tasks={"t": {}})

    assert found.element_id == "t"
    assert "nobody" in found.message


@pytest.mark.parametrize("attached", ["", 'attachedToRef="work"'])
def test_lint_leaves_error_codes_by_expression_alone(attached: str) -> None:
    """What an expression gives is known only when it runs."""
    kind = "boundaryEvent" if attached else "endEvent"
    elements = (
        '<bpmn:serviceTask id="work"><bpmn:extensionElements><zeebe:taskDefinition type="a.b" retries="3" />'
        f'</bpmn:extensionElements></bpmn:serviceTask><bpmn:{kind} id="e" {attached}>'
        f'<bpmn:errorEventDefinition errorRef="code" /></bpmn:{kind}>'
    )
    bpmn = _model(elements, beside='<bpmn:error id="code" errorCode="=reason" />')
    contract = {"a.b": {"description": "Does it.", "errors": ["NO_STOCK"] if attached else []}}
    declared = {"job_types": contract, "errors": {"NO_STOCK": "There is none left."}}

    assert _found("errors-are-declared", bpmn, **declared) == []
    assert _found("errors-are-caught", bpmn, **declared) == []


@pytest.mark.parametrize("name", ["customer-onboarding", "order.v2", "Prüfung", "_draft"])
def test_lint_takes_whatever_bpmn_takes_for_an_id(name: str, tmp_path: Path) -> None:
    """Ids of other people's models are no findings."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / f"{name}.bpmn").write_bytes(_model('<bpmn:startEvent id="s" />', name=name))
    (folder / "manifest.yaml").write_text(f"name: {name}\nversion: 1.0.0\ndescription: A process.\n", "utf-8")

    assert UNREADABLE not in {one.rule for one in lint_folder(tmp_path)}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Two shipped packages, to be broken."""
    for name in ("customer_onboarding", "hello_world"):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    return tmp_path


def test_lint_names_every_bad_file_of_every_package(packages: Path) -> None:
    """One bad manifest hides neither the other files of its package nor the other packages."""
    (packages / "customer_onboarding/manifest.yaml").write_text("version: one\nsurprise: 1\n")
    (packages / "customer_onboarding/review_application.form").write_text("{}")
    model = packages / "customer_onboarding/customer_onboarding.bpmn"
    model.write_text(model.read_text().replace('retries="', 'retries="-'))
    (packages / "hello_world/manifest.yaml").write_bytes(b"name: \xff\n")

    found = lint_path(packages)

    assert [Path(one.file).name for one in found if one.rule == UNREADABLE] == [
        "manifest.yaml",
        "review_application.form",
        "manifest.yaml",
    ]
    assert {"name", "version", "description", "surprise"} <= set(found[0].message.replace(":", " ").split())
    assert "retries-are-set" in {one.rule for one in found}


def test_lint_goes_on_behind_a_reference_to_nothing(packages: Path) -> None:
    """What leads nowhere is said once, and all other rules are applied."""
    model = packages / "hello_world/hello_world.bpmn"
    broken = model.read_text().replace('targetRef="', 'targetRef="ghost_', 1).replace('retries="', 'retries="-')
    model.write_text(broken)

    found = lint_path(packages / "hello_world")

    assert "retries-are-set" in {one.rule for one in found}
    assert UNREADABLE not in {one.rule for one in found}
    assert [one.line for one in found if one.rule in ("engine-takes-it", "references-lead-somewhere")] == [
        number for number, line in enumerate(broken.splitlines(), 1) if "ghost_" in line
    ]


def test_lint_of_one_package_is_that_of_the_package(packages: Path) -> None:
    """Its folder, its model, and the folder around it lead to the same findings."""
    (packages / "hello_world/manifest.yaml").unlink()
    of_all = [one for one in lint_path(packages) if "hello_world" in one.file]

    assert of_all
    assert lint_path(packages / "hello_world") == of_all
    assert lint_path(packages / "customer_onboarding") == []
    assert lint_path(packages / "customer_onboarding/customer_onboarding.bpmn") == []


def test_lint_of_a_model_alone_needs_no_manifest(tmp_path: Path) -> None:
    """A draft is looked over as far as it goes: structure and drawing."""
    draft = tmp_path / "draft.bpmn"
    draft.write_bytes(_model('<bpmn:startEvent id="s" /><bpmn:task id="lost" name="Lost" />'))

    rules = {one.rule for one in lint_path(draft)}

    assert {"every-element-is-reachable", "everything-is-drawn"} <= rules
    assert not rules & {"names-agree", UNREADABLE}
    assert lint_path(tmp_path) == lint_path(draft)


@pytest.mark.parametrize("there", ["", "folder", "notes.txt"])
def test_lint_of_nothing_is_refused(there: str, tmp_path: Path) -> None:
    """Nothing to look at is not in order."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("notes")

    with pytest.raises(NothingToLint):
        lint_path(tmp_path / (there or "missing"))


CAMUNDA_7 = (
    '<bpmn:serviceTask id="t" camunda:class="org.example.Work" /><bpmn:userTask id="u" camunda:assignee="ada" />'
)


def _alone(tmp_path: Path, elements: str, spaces: str = "", runs: str = "true") -> list[Finding]:
    """Return what lint says of somebody's model without a manifest."""
    model = tmp_path / "somebodys.bpmn"
    process = (
        f'<bpmn:process id="p" isExecutable="{runs}"><bpmn:startEvent id="s" name="Begun" />{elements}</bpmn:process>'
    )
    model.write_text(f'<bpmn:definitions targetNamespace="x" {NAMESPACES} {spaces}>{process}</bpmn:definitions>')
    return lint_path(model)


def test_lint_tells_a_model_for_camunda_7_so_in_one_sentence(tmp_path: Path) -> None:
    """Where nothing can run, what else is wrong is no news."""
    (found,) = _alone(tmp_path, CAMUNDA_7, 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"')

    assert (found.rule, found.severity) == ("model-is-for-camunda-8", "error")
    assert found.message == "It is made for Camunda 7, and nothing here can run it."
    assert "Convert it" in found.suggestion


def test_lint_takes_no_model_for_camunda_7_by_a_namespace_that_is_left_over(tmp_path: Path) -> None:
    """Modelers declare more than a file uses."""
    found = _alone(tmp_path, "", 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"')

    assert "model-is-for-camunda-8" not in {one.rule for one in found}


@pytest.mark.parametrize("elements", [CAMUNDA_7, '<bpmn:serviceTask id="t" /><bpmn:userTask id="lost" />'])
def test_lint_tells_a_drawing_so_without_blaming_it(elements: str, tmp_path: Path) -> None:
    """A process that nobody meant to run has no errors, whatever it was drawn with."""
    (found,) = _alone(tmp_path, elements, 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"', runs="false")

    assert (found.rule, found.severity) == ("something-runs", "info")


def test_lint_tells_of_plain_bpmn_once(tmp_path: Path) -> None:
    """What no engine was named for is refused for many reasons, and they are one."""
    (found,) = _alone(tmp_path, '<bpmn:serviceTask id="t" /><bpmn:callActivity id="u" />')

    assert (found.rule, found.severity) == ("model-is-for-camunda-8", "warning")
    assert "of 2 reasons" in found.message


def test_lint_of_a_drawing_in_a_package_is_an_error(packages: Path) -> None:
    """What is to be deployed must run."""
    model = packages / "hello_world/hello_world.bpmn"
    model.write_text(model.read_text().replace('isExecutable="true"', 'isExecutable="false"'))

    assert {"something-runs", UNREADABLE} & {one.rule for one in lint_path(packages / "hello_world")}
    assert all(one.severity == "error" for one in lint_path(packages / "hello_world"))


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ("{}", {"every-element-is-reachable": "error", "everything-is-named": "warning"}),
        ("{rules: {every-element-is-reachable: info}}", {"every-element-is-reachable": "info"}),
        ("{rules: {every-element-is-reachable: off}}", {"every-element-is-reachable": None}),
        (
            "{waivers: [{rule: every-element-is-reachable, element: lost, reason: Soon.}]}",
            {"every-element-is-reachable": None, "waivers-are-used": None},
        ),
        (
            "{waivers: [{rule: every-element-is-reachable, element: other, reason: Soon.}]}",
            {"every-element-is-reachable": "error", "waivers-are-used": "warning"},
        ),
        (
            "{waivers: [{rule: every-element-is-reachable}]}",
            {"every-element-is-reachable": None, "waivers-say-why": "error"},
        ),
        ("{rules: {engine-takes-it: off}}", {"rules-are-known": "error"}),
        ("{rules: {every-element-is-reached: off}}", {"rules-are-known": "error"}),
    ],
)
def test_lint_goes_by_the_settings_of_the_manifest(settings: str, left: dict[str, str | None], packages: Path) -> None:
    """Severities and waivers, with what is wrong about them."""
    model, manifest = packages / "hello_world/hello_world.bpmn", packages / "hello_world/manifest.yaml"
    model.write_text(model.read_text().replace("</bpmn:process>", '<bpmn:task id="lost" /></bpmn:process>'))
    manifest.write_text(f"{manifest.read_text()}\nlint: {settings}\n")
    found = {one.rule: one.severity for one in lint_path(packages / "hello_world")}

    assert {rule: found.get(rule) for rule in left} == left


def test_lint_says_what_the_engine_says_once(packages: Path) -> None:
    """In the engine's words, at the part that is meant; no rule of ours says it again."""
    model = packages / "hello_world/hello_world.bpmn"
    broken = model.read_text().replace(' type="hello.log-message"', "")
    model.write_text(broken)
    found = [one for one in lint_path(packages / "hello_world") if one.file == str(model)]

    assert [one.rule for one in found] == ["engine-takes-it"]
    assert "zeebe:taskDefinition" in broken.splitlines()[found[0].line - 1]


def test_lint_goes_on_when_a_rule_breaks(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People get the findings of all others, and one that can be reported."""

    def broken(_: object) -> Iterator[Finding]:
        raise RuntimeError("out of ideas")
        yield

    model = packages / "hello_world/hello_world.bpmn"
    model.write_text(model.read_text().replace('retries="', 'retries="-'))
    monkeypatch.setitem(RULES, "names-agree", replace(RULES["names-agree"], find=broken))
    found = {one.rule: one for one in lint_path(packages / "hello_world")}

    assert "retries-are-set" in found
    assert "out of ideas" in next(one.message for one in found.values() if "broke" in one.message)


def _versioned(version: str, elements: str) -> list[Finding]:
    """Return what a model lacks of a version, where that is asked for."""
    bpmn = _model(f'<bpmn:startEvent id="s" />{elements}')
    manifest = Manifest(name="p", version="1.0.0", description="A process.")
    found = lint(ProcessPackage(Path("p"), manifest, bpmn), target_named(version))
    return [one for one in found if one.rule in ("target-has-it", "engine-takes-it")]


LISTENER = (
    '<bpmn:task id="t"><bpmn:extensionElements><zeebe:executionListeners><zeebe:executionListener type="a.b" %s>'
    "%s</zeebe:executionListener></zeebe:executionListeners></bpmn:extensionElements></bpmn:task>"
)
AD_HOC = '<bpmn:adHocSubProcess id="t" %s>%s<bpmn:task id="inner" /></bpmn:adHocSubProcess>'


@pytest.mark.parametrize(
    ("elements", "before", "since"),
    [
        (AD_HOC % ("", ""), "8.6", "8.7"),
        (AD_HOC % ('cancelRemainingInstances="false"', ""), "8.7", "8.8"),
        (
            AD_HOC % ("", '<bpmn:extensionElements><zeebe:taskDefinition type="a.b" /></bpmn:extensionElements>'),
            "8.7",
            "8.8",
        ),
        (
            '<bpmn:userTask id="t"><bpmn:extensionElements><zeebe:userTask /><zeebe:taskListeners><zeebe:taskListener '
            'eventType="creating" type="a.b" /></zeebe:taskListeners></bpmn:extensionElements></bpmn:userTask>',
            "8.7",
            "8.8",
        ),
        (
            '<bpmn:intermediateCatchEvent id="t"><bpmn:conditionalEventDefinition id="d"><bpmn:condition>=x &gt; 1'
            "</bpmn:condition></bpmn:conditionalEventDefinition></bpmn:intermediateCatchEvent>",
            "8.8",
            "8.9",
        ),
        (LISTENER % ('eventType="cancel"', ""), "8.9", "8.10"),
        (
            LISTENER
            % ('eventType="start"', '<zeebe:taskHeaders><zeebe:header key="a" value="b" /></zeebe:taskHeaders>'),
            "8.9",
            "8.10",
        ),
        (
            '<bpmn:callActivity id="t"><bpmn:extensionElements><zeebe:calledElement processId="q" businessId="=b" />'
            "</bpmn:extensionElements></bpmn:callActivity>",
            "8.9",
            "8.10",
        ),
    ],
)
def test_lint_knows_which_version_brought_what(elements: str, before: str, since: str) -> None:
    """A finding for the version before, and none for the one that has it."""
    for version, expected in ((before, ["t"]), (since, [])):
        refused = [one.element_id for one in _versioned(version, elements)]
        assert refused == expected, version

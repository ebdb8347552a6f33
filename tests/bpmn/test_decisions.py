"""Decisions of a package: read with it, deployed with it, and known to whoever looks over its variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from tests.bpmn.decided import decisions, write_package
from tests.engine.dmn.deciding import decision, definitions, literal, table
from zeebe_fleet.bpmn.tooling.artifact import artifact_of, read_artifact, resources_of
from zeebe_fleet.bpmn.tooling.decision_facts import DecisionFacts
from zeebe_fleet.bpmn.tooling.decisions import decisions_in
from zeebe_fleet.bpmn.tooling.lint import lint_folder
from zeebe_fleet.bpmn.tooling.package import load_package, load_packages
from zeebe_fleet.workers.contract.errors import DefinitionError


def facts(*parts: str, decision_id: str = "dish") -> DecisionFacts:
    """Return what is known of a decision."""
    read = decisions_in(definitions(*parts), Path("dishes.dmn"))
    assert read.problems == ()
    return read.decisions[decision_id]


def said(folder: Path, *rules: str) -> list[str]:
    """Return what rules say of the packages of a folder."""
    return [f"{one.element_id}: {one.message}" for one in lint_folder(folder) if one.rule in rules]


def test_decisions_are_deployed_with_the_model(tmp_path: Path) -> None:
    """Model first, and the same bytes every time; the model says which decisions go with it."""
    folder = write_package(tmp_path, "sale")
    first, again = load_package(folder).resources(), load_package(folder).resources()
    assert [one.name for one in first] == ["sale.bpmn", "rules.dmn"]
    assert first == again
    (folder / "rules.dmn").write_text(decisions("sale", percent="11"))
    assert load_package(folder).resources()[0] != first[0]


def test_decisions_keep_their_lines_whatever_their_encoding(tmp_path: Path) -> None:
    """They are deployed in UTF-8, as a model is, so that an artifact can hold them."""
    folder = write_package(tmp_path, "sale")
    text = decisions("sale").replace('name="Discounts"', 'name="Gebühren"').replace("UTF-8", "ISO-8859-1")
    (folder / "rules.dmn").write_bytes(text.encode("latin-1"))
    _, resource = load_package(folder).resources()
    assert "Gebühren" in resource.content.decode()
    rules = [
        [at for at, line in enumerate(one.splitlines()) if "<rule" in line] for one in (resource.content.decode(), text)
    ]
    assert rules[0] == rules[1]


def test_decisions_are_in_the_artifact(tmp_path: Path) -> None:
    """Read back, it gives the same bytes to deploy as the folder."""
    package = load_package(write_package(tmp_path, "sale"))
    artifact = artifact_of(package)
    assert [one.name for one in artifact.files] == ["sale.bpmn", "rules.dmn"]
    assert resources_of(read_artifact(artifact.content, artifact.file).artifact) == package.resources()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (decisions("sale", policy="PRIORITY"), r"rules\.dmn:5: Hit policy 'PRIORITY' is not supported"),
        (decisions("sale", percent='"ten'), r"rules\.dmn:9: FEEL expression: "),
        (decisions("sale").replace("</decision>", ""), r"rules\.dmn:\d+: "),
        ("<definitions/>", r"rules\.dmn:1: .*no DMN"),
        ("", r"rules\.dmn:1: "),
        ("<!DOCTYPE a>" + decisions("sale")[39:], r"rules\.dmn:1: it has a DTD"),
        (f"<a>{'<b>' * 300}{'</b>' * 300}</a>", r"rules\.dmn:1: elements nested deeper"),
        (decisions("sale").replace("</definitions>", "<!--" + "x" * 5_000_000 + "--></definitions>"), "larger than"),
    ],
)
def test_a_decision_that_the_engine_would_refuse_is_refused(tmp_path: Path, content: str, told: str) -> None:
    """In its words, with file and line; lint says it too."""
    folder = write_package(tmp_path, "sale")
    (folder / "rules.dmn").write_text(content)
    with pytest.raises(DefinitionError, match=told):
        load_package(folder)
    assert said(tmp_path, "decisions-can-be-parsed", "package-is-readable")


def test_a_decision_of_the_same_id_is_refused(tmp_path: Path) -> None:
    """In one package or in two, the ids of decisions and those of whole files alike."""
    one = write_package(tmp_path, "sale")
    other = write_package(tmp_path, "sale2")
    (one / "more.dmn").write_text(decisions("sale").replace("sale_rules", "more_rules"))
    with pytest.raises(DefinitionError, match=r"rules\.dmn: its decision id 'sale_discount' is in .*more\.dmn"):
        load_package(one)
    (one / "more.dmn").unlink()
    assert len(load_packages(tmp_path)) == 2
    (other / "rules.dmn").write_text(decisions("sale2").replace("sale2_rules", "sale_rules"))
    with pytest.raises(DefinitionError, match=r"sale2/rules\.dmn: its requirements id 'sale_rules' is in "):
        load_packages(tmp_path)
    assert said(tmp_path, "decisions-have-ids-of-their-own") == [
        "sale_rules: sale2/rules.dmn has the requirements id 'sale_rules' too.",
        "sale_rules: sale/rules.dmn has the requirements id 'sale_rules' too.",
    ]


def test_a_package_with_a_decision_is_in_order(tmp_path: Path) -> None:
    """No rule on decisions has anything to say of it, nor any on the variables around it."""
    write_package(tmp_path, "sale")
    assert [one for one in lint_folder(tmp_path) if str(one.severity) == "error"] == []


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ('"sale_discount" b', '"sale_discont" b', "decide: It calls the decision 'sale_discont' of its own deployment"),
        ('"deployment"', '"latest"', "decide: It takes the latest 'sale_discount'"),
        ('"deployment"', '"versionTag" versionTag="2"', "decide: It calls version '2' of 'sale_discount', which says"),
    ],
)
def test_calls_of_decisions_are_held_to_the_folder(tmp_path: Path, was: str, now: str, told: str) -> None:
    """By their ids, and by their binding."""
    folder = write_package(tmp_path, "sale")
    model = folder / "sale.bpmn"
    model.write_text(model.read_text().replace(was, now))
    assert any(one.startswith(told) for one in said(tmp_path, "decisions-are-there", "decisions-are-deployed-together"))


def test_a_secret_in_a_decision_is_told(tmp_path: Path) -> None:
    """As in a form or a model: it is deployed for all to read."""
    folder = write_package(tmp_path, "sale")
    token = "ghp_" + "a1" * 20
    (folder / "rules.dmn").write_text(decisions("sale", percent=f'"{token}"'))
    assert said(tmp_path, "secrets-lie-elsewhere") == [": It holds what looks like a secret."]


def test_a_decision_of_another_package_may_be_called(tmp_path: Path) -> None:
    """The latest one: what is bound to the deployment has to be in it."""
    write_package(tmp_path, "sale")
    folder = write_package(tmp_path, "other")
    model = folder / "other.bpmn"
    model.write_text(model.read_text().replace("other_discount", "sale_discount").replace('"deployment"', '"latest"'))
    (folder / "rules.dmn").unlink()
    assert said(tmp_path, "decisions-are-there", "decisions-are-deployed-together", "decisions-are-used") == []


@pytest.mark.parametrize(
    ("logic", "reads"),
    [
        (table(["size", "order.total"], ["x"], [['"a"', "> limit", "price"]]), "size order.total limit price"),
        (table(["size"], ["x"], [['not("a", other)', "-1"], ["? > bound", "-2"]]), "size other bound"),
        (literal("if is defined(a) then b else 1"), "b"),
        (literal("for one in lines return one.price * rate"), "lines rate"),
        (
            "<context><contextEntry><variable name='sum'/>" + literal("a + b") + "</contextEntry><contextEntry>"
            "<variable name='all'/>" + literal("sum * 2") + "</contextEntry></context>",
            "a b",
        ),
        ("<list>" + literal("a") + literal("b.c") + "</list>", "a b.c"),
        (table(["size"], ["x"], [["-", "1"]], defaults=["fallback"]), "size fallback"),
    ],
)
def test_what_a_decision_reads_is_found(logic: str, reads: str) -> None:
    """In every cell and expression; what is bound inside is not read."""
    assert sorted(".".join(one) for one in facts(decision(logic)).reads) == sorted(reads.split())


def test_what_a_decision_stands_on_is_read_too() -> None:
    """Variables of required decisions; not their results, nor functions."""
    found = facts(
        decision(literal("class = rate(size)"), requires=["class"], knows=["rate"]),
        decision(literal("weight"), "class"),
        '<businessKnowledgeModel id="rate" name="rate"><encapsulatedLogic><formalParameter name="x"/>'
        f"{literal('x')}</encapsulatedLogic></businessKnowledgeModel>",
    )
    assert (found.requires, sorted(found.reads)) == (("class",), [("size",), ("weight",)])


_LOW = [["1", '"low"'], ["2", '"high"']]


@pytest.mark.parametrize(
    ("logic", "gives"),
    [
        (table(["n"], ["x"], _LOW), {"anyOf": [{"enum": ["high", "low"]}, {"type": "null"}]}),
        (table(["n"], ["x"], _LOW, defaults=['"none"']), {"anyOf": [{"enum": ["high", "low"]}, {"enum": ["none"]}]}),
        (table(["n"], ["x"], [["1", "1"], ["2", "true"]]), {"anyOf": [{"enum": [True, 1]}, {"type": "null"}]}),
        (
            table(["n"], ["x"], _LOW, "COLLECT"),
            {"anyOf": [{"type": "array", "items": {"enum": ["high", "low"]}}, {"type": "null"}]},
        ),
        (
            table(["n"], ["x"], [["1", "2"]], "COLLECT", 'aggregation="COUNT"'),
            {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        ),
        (
            table(["n"], ["x", "y"], [["1", "2", "count(n)"]]),
            {
                "anyOf": [
                    {"type": "object", "properties": {"x": {"enum": [2]}, "y": {"type": ["integer", "null"]}}},
                    {"type": "null"},
                ]
            },
        ),
        (
            table(["n"], ["x", "y"], [["1", "2", "3"]], defaults=["", "4"]).replace(
                "<text></text>", "<text>null</text>"
            ),
            None,
        ),
        (
            table(["n"], ["x"], [["1", "n"]]).replace('name="x"', 'name="x" typeRef="date"'),
            {"anyOf": [{"type": ["string", "null"]}, {"type": "null"}]},
        ),
        (table(["n"], ["x"], [["1", "n"]]), {}),
        (
            '<variable name="x" typeRef="number"/>' + literal("n"),
            {"anyOf": [{"type": ["number", "null"]}, {"type": "null"}]},
        ),
        (literal("n"), {}),
        (literal('"a"'), {"type": "string", "const": "a"}),
    ],
)
def test_what_a_decision_gives_is_known_as_far_as_it_says(logic: str, gives: dict[str, Any] | None) -> None:
    """The cells where they are plain, else the type of the output; a list by the hit policy; null for no match."""
    found = facts(decision(logic)).gives.says
    if gives is not None:
        assert found == gives


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ('"large"', False),
        ('"large", "huge"', False),
        ('"huge", "big"', True),
        ('not("huge")', False),
        ("5", True),
        ("> 5", False),
        ("true", True),
        ("null", False),
        ('starts with(?, "hu")', False),
        ("other", False),
    ],
)
def test_a_row_that_never_matches_is_told(tmp_path: Path, cell: str, *, told: bool) -> None:
    """By what the variable can be, where the cell lists values and nothing else."""
    folder = write_package(tmp_path, "sale")
    (folder / "rules.dmn").write_text(decisions("sale").replace('<text>"large"</text>', f"<text>{escape(cell)}</text>"))
    found = said(tmp_path, "decisions-can-match")
    assert [one.startswith("a: This row can never match: of 'size', it is ") for one in found] == [True] * told


def test_what_a_decision_never_gives_is_told(tmp_path: Path) -> None:
    """A condition on its result that cannot hold, and a job that wants another type."""
    folder = write_package(tmp_path, "sale")
    model, manifest = folder / "sale.bpmn", folder / "manifest.yaml"
    model.write_text(
        model.read_text().replace(
            'sourceRef="decide" targetRef="tell">',
            'sourceRef="decide" targetRef="tell"><bpmn:conditionExpression>=percent = 15</bpmn:conditionExpression>',
        )
    )
    (said_of_it,) = said(tmp_path, "comparisons-can-hold")
    assert "percent" in said_of_it
    manifest.write_text(manifest.read_text().replace('[number, "null"]', "string"))
    assert said(tmp_path, "jobs-get-what-fits")

"""Patterns that come from forms, schemas and models: matched in linear time, or refused before anything runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.core.acting import Acting
from zeebe_fleet.adapters.json_schema import UnfitSchema, errors_of
from zeebe_fleet.bpmn.tooling.lint import lint_folder
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.engine import feel
from zeebe_fleet.engine.core.commands.deployment import Deploy
from zeebe_fleet.engine.feel.linear import is_found
from zeebe_fleet.graphql_api.forms import form_errors
from zeebe_fleet.workers.contract.errors import DefinitionError

_SLOWEST_S = 0.5
BOMBS = ["^(a+)+$", "^(a|aa)+$", "^(a*)*b", "(x+x+)+y", "^([a-zA-Z0-9]+\\s?)+$", "a{0,900}a{0,90}b", "(.*a){20}b"]
UNFIT = [
    "(?=a)b",
    "(?!a)b",
    "(?<=a)b",
    "(?<!a)b",
    "(a)\\1",
    "(?<n>a)\\k<n>",
    "((a{50}){50}){50}",
    "^.{1,2000}$",
    "a" * 2_001,
]
LONG = "a" * 100_000 + "!"


def answer_of(pattern: str, value: str) -> str:
    """Return what the API says of a field with a pattern."""
    form = {"components": [{"type": "textfield", "key": "f", "validate": {"pattern": pattern}}]}
    return "".join(error.message for error in form_errors(form, {}, {"f": value}))


@pytest.mark.parametrize("pattern", BOMBS)
@pytest.mark.parametrize("value", [LONG, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "aaaaaaaaaaaaaaaaaaaaaaa!"])
def test_pattern_of_a_form_is_matched_in_time(pattern: str, value: str) -> None:
    """Repetitions within repetitions have an answer at once, and the text is told not to fit."""
    begun = time.process_time()
    assert answer_of(pattern, value)
    assert time.process_time() - begun < _SLOWEST_S


@pytest.mark.parametrize("value", ["a@" + "." * 120_000 + "@", "a" * 120_000, "@" * 120_000, "a@b." * 40_000])
@pytest.mark.parametrize("kind", ["email", "phone"])
def test_kind_of_a_text_is_checked_by_its_length_first(kind: str, value: str) -> None:
    """No address is that long."""
    form = {"components": [{"type": "textfield", "key": "f", "validate": {"validationType": kind}}]}
    begun = time.process_time()
    assert form_errors(form, {}, {"f": value})
    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize("value", ["jo@example.org", "j.o+x@a.b.example", "ö@é.fr"])
def test_address_is_one_as_before(value: str) -> None:
    """Something, an @, and a host with a dot within."""
    form = {"components": [{"type": "textfield", "key": "f", "validate": {"validationType": "email"}}]}
    assert form_errors(form, {}, {"f": value}) == []
    assert form_errors(form, {}, {"f": value.replace("@", "@@")})
    assert form_errors(form, {}, {"f": value.replace("@", " @")})


def test_many_choices_of_many_are_looked_up() -> None:
    """Each choice is not compared with each that is offered."""
    form = {"components": [{"type": "checklist", "key": "f", "valuesKey": "offers"}]}
    offers = [{"value": {"n": n}} for n in range(20_000)]
    begun = time.process_time()
    assert form_errors(form, {"offers": offers}, {"f": [{"n": n} for n in range(20_001)]})
    assert form_errors(form, {"offers": offers}, {"f": [{"n": n} for n in range(20_000)]}) == []
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("pattern", [*UNFIT, "(unclosed", "["])
def test_pattern_that_cannot_be_matched_lets_nothing_pass(pattern: str) -> None:
    """A model that was deployed by somebody else may have one: nothing is taken unchecked."""
    assert answer_of(pattern, "b").startswith("Cannot be checked")


FOUND = [
    ("b", "abc", True),
    ("^b$", "abc", False),
    ("^b$", "b\n", False),
    ("^\\d+$", "٣", False),
    ("^\\s$", "\u00a0", True),
    ("^.$", "\u2028", False),
    ("^[^]$", "\n", True),
    ("^[\\w.+-]+@\\w+\\.\\w{2,}$", "jo@example.org", True),
    ("^\\p{Lu}\\p{L}+$", "Ümlaut", True),
    ("^\\u{1F600}$", "😀", True),
    ("^a{,3}$", "a{,3}", True),
    ("^[[-]+$", "[-[", True),
    ("(?<year>\\d{4})-(?:0[1-9]|1[0-2])", "on 2026-11-29", True),
    ("\\/\\-\\@", "/-@", True),
    ("^(?:a{30}){40}$", "a" * 1_200, True),
    ("^[\\p{L} '-]{1,50}$", "Ümit O'Neil", True),
    ("^.{1,255}$", "é" * 256, False),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), FOUND)
def test_pattern_is_found_anywhere_as_javascript_finds_it(pattern: str, text: str, expected: bool) -> None:
    """Forms and JSON Schema search; `$` is the very end."""
    assert is_found(pattern, text) is expected
    assert (answer_of(pattern, text) == "") is expected
    schema = {"properties": {"f": {"pattern": pattern}}}
    assert (errors_of(schema, {"f": text}) == []) is expected


@pytest.mark.parametrize("pattern", BOMBS)
def test_pattern_of_a_schema_is_matched_in_time(pattern: str) -> None:
    """Of values and of the names of properties."""
    text = LONG[-9_000:]
    schemas: list[dict[str, Any]] = [
        {"properties": {"f": {"pattern": pattern}}},
        {"patternProperties": {pattern: False}, "additionalProperties": False},
        {"propertyNames": {"pattern": pattern}},
    ]
    begun = time.process_time()
    for schema in schemas:
        assert errors_of(schema, {"f": text, text: text})
    assert time.process_time() - begun < 2 * _SLOWEST_S


_TWICE: dict[str, Any] = {"$ref": "#/$defs/a"}
GROWING: list[tuple[dict[str, Any], Any]] = [
    (
        {"$defs": {"a": {"anyOf": [{"properties": {"x": _TWICE}, "required": ["y"]}] * 2}}, "$ref": "#/$defs/a"},
        json.loads('{"x":' * 60 + "{}" + "}" * 60),
    ),
    ({"$ref": "#"}, {}),
    ({"$ref": "https://example.org/other"}, {}),
    ({"properties": {"a": {"unevaluatedItems": False, "prefixItems": [True]}}}, {"a": [1] * 50_000}),
    ({"properties": {"x": True}, "unevaluatedProperties": True}, {f"a{n}": n for n in range(20_000)}),
    ({"properties": {"a": {"items": {"type": "integer"}}}}, {"a": [1] * 200_000}),
    ({"properties": {"a": {"pattern": "(?=a)"}}}, {"a": "b"}),
]


@pytest.mark.parametrize(("schema", "variables"), GROWING)
def test_schema_is_held_against_variables_within_bounds(schema: dict[str, Any], variables: Any) -> None:
    """What would take too long, leads out or goes round in circles is an error of the schema."""
    begun = time.process_time()
    with pytest.raises(UnfitSchema):
        errors_of(schema, variables)
    assert time.process_time() - begun < 4 * _SLOWEST_S


def test_items_are_told_apart_in_linear_time() -> None:
    """Thousands of objects are not compared one by one; equal numbers are the same."""
    schema = {"properties": {"a": {"uniqueItems": True}}}
    begun = time.process_time()
    assert errors_of(schema, {"a": [{"n": n} for n in range(20_000)]}) == []
    assert errors_of(schema, {"a": [1, 1.0]})
    assert errors_of(schema, {"a": [1, True, "1"]}) == []
    assert time.process_time() - begun < 2 * _SLOWEST_S


MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
  <bpmn:process id="p" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="f" sourceRef="start" targetRef="end" />
    <bpmn:endEvent id="end">
      <bpmn:extensionElements>
        <zeebe:ioMapping><zeebe:output source="=PATTERN" target="t" /></zeebe:ioMapping>
      </bpmn:extensionElements>
    </bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""
MANIFEST = 'name: p\nversion: "1.0.0"\ndescription: A process.\n'


def package(folder: Path, *, model: str = "1", form: str = "a", schema: str = "a") -> Path:
    """Write a package with patterns in all three places."""
    made = folder / "p"
    made.mkdir()
    (made / "p.bpmn").write_text(MODEL.replace("PATTERN", model))
    (made / "manifest.yaml").write_text(
        MANIFEST + "input: " + json.dumps({"properties": {"code": {"pattern": schema}}}) + "\n"
    )
    field = {"type": "textfield", "key": "code", "validate": {"pattern": form}}
    (made / "ask.form").write_text(json.dumps({"id": "ask", "components": [{"type": "group", "components": [field]}]}))
    return made


@pytest.mark.parametrize("pattern", UNFIT)
@pytest.mark.parametrize("where", ["form", "schema"])
def test_package_with_an_unfit_pattern_is_refused(where: str, pattern: str, tmp_path: Path) -> None:
    """With the file, the field, and what to write instead; by the lint and by what is deployed."""
    folder = package(tmp_path, **{where: pattern})
    (found,) = [one for one in lint_folder(tmp_path) if "pattern" in one.message]
    assert Path(found.file).name == {"form": "ask.form", "schema": "manifest.yaml"}[where]
    assert "code" in found.message
    assert found.suggestion
    with pytest.raises(DefinitionError, match="cannot be matched in linear time"):
        load_package(folder)


@pytest.mark.parametrize("pattern", ["(?=a)b", "(a)\\\\1", "(?&lt;!a)b"])
def test_model_with_an_unfit_pattern_is_refused(pattern: str, tmp_path: Path) -> None:
    """The lint names the element; the engine in the box takes no such file."""
    expression = f"matches(code, &quot;{pattern}&quot;)"
    package(tmp_path, model=expression)
    (found,) = [one for one in lint_folder(tmp_path) if one.rule == "patterns-can-be-matched"]
    assert found.element_id == "end"
    assert found.suggestion
    refusal = Acting().refused(Deploy((("p.bpmn", MODEL.replace("PATTERN", expression).encode()),)))
    assert "Element: end > " in str(refusal)
    assert "cannot be matched" in str(refusal)


def test_pattern_that_an_expression_makes_is_a_failure_where_unfit() -> None:
    """Null would be taken for an answer."""
    with pytest.raises(feel.FeelFailure, match="looks ahead"):
        feel.parse("matches(text, pattern)").evaluate({"text": "a", "pattern": "(?=a)"}.get, 0)

"""Whether what is given can ever be what is wanted, by two JSON Schemas."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest

from tests.bpmn.models import element, flows, found, model, task
from zeebe_fleet.bpmn.tooling.input_schema import check_schema
from zeebe_fleet.bpmn.tooling.plain_schema import is_plain
from zeebe_fleet.bpmn.tooling.shapes import lacks, misfit, required_of, shape, variables_of
from zeebe_fleet.workers.contract.errors import DefinitionError

_TEXT, _NUMBER, _WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_ORDER = {"type": "object", "required": ["total"], "properties": {"total": _NUMBER}}
_REFERRED = {"$ref": "#/$defs/o", "$defs": {"o": _ORDER}}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (_TEXT, _TEXT),
        (_WHOLE, _NUMBER),
        (_NUMBER, _WHOLE),
        ({}, _TEXT),
        (True, _TEXT),
        (_TEXT, {}),
        ({"type": ["string", "null"]}, _TEXT),
        ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}),
        ({"enum": ["a", None]}, {"type": "string"}),
        ({"anyOf": [_NUMBER, _TEXT]}, _TEXT),
        (_ORDER, _ORDER),
        (_REFERRED, _ORDER),
        ({"type": "object"}, _ORDER),
        ({"type": "object", "properties": {"total": _TEXT}}, {"type": "object", "properties": {"total": _NUMBER}}),
        ({"type": "object", "properties": {}, "additionalProperties": True}, _ORDER),
        ({"type": "array"}, {"type": "array", "items": _TEXT}),
        ({"allOf": [_TEXT, {"minLength": 1}]}, _NUMBER),
        ({"not": _TEXT}, _TEXT),
        ({"$ref": "#"}, _TEXT),
    ],
)
def test_shapes_may_fit(given: Any, wanted: Any) -> None:
    """What could be, or is not known, is let be."""
    assert misfit(shape(given), shape(wanted)) == ""


@pytest.mark.parametrize(
    ("given", "wanted", "told"),
    [
        (_TEXT, _NUMBER, "it is a string, where a number is wanted"),
        ({"type": ["string", "null"]}, _NUMBER, "it is null or a string, where a number is wanted"),
        ({"const": "a"}, {"enum": ["b", "c"]}, "it is 'a', where 'b' or 'c' is wanted"),
        ({"anyOf": [_TEXT, {"type": "null"}]}, _NUMBER, "it is null, where a number is wanted"),
        ({"type": "object", "properties": {}}, _ORDER, "it has no 'total'"),
        (
            {"type": "object", "properties": {"total": _TEXT}},
            _ORDER,
            "of its 'total' it is a string, where a number is wanted",
        ),
        (_TEXT, _REFERRED, "it is a string, where an object is wanted"),
        (
            {"type": "array", "items": _TEXT},
            {"type": "array", "items": _NUMBER},
            "of its items it is a string, where a number is wanted",
        ),
        (_ORDER, {"type": "array"}, "it is an object, where an array is wanted"),
    ],
)
def test_shapes_cannot_fit(given: Any, wanted: Any, told: str) -> None:
    """What can never be is said, with where it lies."""
    assert misfit(shape(given), shape(wanted)) == told


def _laughing(levels: int) -> dict[str, Any]:
    """A schema whose references unfold to ten times as many alternatives with each level."""
    names = [f"l{number}" for number in range(levels)]
    inner = {name: {"anyOf": [{"$ref": f"#/$defs/{below}"}] * 10} for name, below in pairwise(names)}
    return {"$ref": "#/$defs/l0", "$defs": inner | {names[-1]: _TEXT}}


@pytest.mark.parametrize(
    "schema",
    [
        _laughing(12),
        {"type": "array", "items": {"$ref": "#"}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {
            "type": "object",
            "required": ["a", "b"],
            "properties": {name: {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]} for name in ("a", "b")},
        },
    ],
)
def test_schemas_that_go_on_for_ever_are_followed_for_a_while(schema: dict[str, Any]) -> None:
    """What cannot be told within bounds may be anything."""
    begun = time.process_time()
    assert misfit(shape(schema), shape(schema)) == ""
    assert lacks(shape(schema), ("a", "b", "a", "b", "a", "b")) in ("", "b")
    variables_of(schema)
    required_of(schema)
    assert time.process_time() - begun < 1.0


def test_values_are_told_apart_as_json_has_them() -> None:
    """One is 1.0, and not true."""
    assert misfit(shape({"enum": [1]}), shape({"enum": [1.0]})) == ""
    assert misfit(shape({"const": [1]}), shape({"const": [1]})) == ""
    assert misfit(shape({"enum": [1]}), shape({"enum": [True]}))
    assert misfit(shape({"enum": [None]}), shape({"enum": ["None"]}))


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        ({"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 1}}}, True),
        ({"type": ["string", "null"], "x-examples": [{"title": 1}], "enum": [1, "a", None]}, True),
        ({"anyOf": [True, {"const": 1}], "$defs": {"a": {"items": {"pattern": "["}}}}, True),
        ({"type": "text"}, False),
        ({"type": []}, False),
        ({"type": ["string", "string"]}, False),
        ({"required": "a"}, False),
        ({"required": ["a", "a"]}, False),
        ({"properties": []}, False),
        ({"properties": {"a": 1}}, False),
        ({"items": [1]}, False),
        ({"minLength": -1}, False),
        ({"minLength": True}, False),
        ({"minimum": "1"}, False),
        ({"anyOf": []}, False),
        ({"enum": 1}, False),
        ({"description": 1}, False),
        ({"uniqueItems": "yes"}, False),
    ],
)
def test_everyday_schemas_are_known_without_all_of_the_language(schema: Any, plain: bool) -> None:
    """And whatever is taken for well-formed is."""
    assert is_plain(schema) is plain
    if plain:
        from jsonschema import Draft202012Validator, FormatChecker

        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(()))
    else:
        with pytest.raises(DefinitionError):
            check_schema(schema, "x")


_CHOICES = {"type": "object", "properties": {"size": {"enum": ["small", "large"]}, "count": {"type": "integer"}}}


def _never(condition: str) -> bool:
    bpmn = model(
        element("startEvent", "start"),
        element("exclusiveGateway", "choice", default="choice_other"),
        element("endEvent", "end"),
        element("endEvent", "other"),
        flows("start choice end", "choice other", choice_end=condition),
    )
    return bool(found(bpmn, "comparisons-can-hold", input=_CHOICES))


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        ('=size = "large"', False),
        ('=size = "big"', True),
        ('="big" = size', True),
        ('=size != "big"', False),
        ('=not(size = "big")', False),
        ('=size = "small" or size = "big"', True),
        ("=size = null", False),
        ("=count = 3", False),
        ('=count = "3"', True),
        ('=unknown = "3"', False),
        ("=size = count", False),
    ],
)
def test_comparisons_never_hold(condition: str, never: bool) -> None:
    """A value that is written out, against what can be there."""
    assert _never(condition) is never


def test_the_type_of_a_computed_value_is_known_where_it_is_plain() -> None:
    """A mapping hands on the shape of what it reads, and the type of what it computes."""
    jobs = {"pay": {"description": "Pays.", "input": {"type": "object", "properties": {"n": {"type": "string"}}}}}
    for source, fits in (
        ("=count", False),
        ("=string(count)", True),
        ("=count + 1", True),
        ("=count &gt; 1", False),
        ("=[count]", False),
        ("=if count = 1 then count else 2", False),
        ("=1", False),
        ("1", True),
    ):
        mapping = f'<zeebe:output source="{source}" target="n" />'
        first = element("intermediateThrowEvent", "set", extensions=f"<zeebe:ioMapping>{mapping}</zeebe:ioMapping>")
        bpmn = model(element("startEvent", "start"), first, task("pay", "pay"), flows("start set pay"))
        assert bool(found(bpmn, "jobs-get-what-fits", input=_CHOICES, job_types=jobs)) is not fits, source


def test_choices_of_choices_are_put_together_within_bounds() -> None:
    """Hundreds of ways, four times over, are not unfolded."""
    events = []
    for number in range(4):
        ways = " else ".join(f"if count = {way} then v{number}.p{way}" for way in range(200))
        mapping = (
            f'<zeebe:ioMapping><zeebe:output source="={ways} else null" target="v{number + 1}" /></zeebe:ioMapping>'
        )
        events.append(element("intermediateThrowEvent", f"set{number}", extensions=mapping))
    jobs = {"pay": {"description": "Pays.", "input": {"type": "object", "properties": {"v4": {"type": "string"}}}}}
    parts = {f"p{way}": {"type": "object", "title": str(way)} for way in range(200)}
    given = {"type": "object", "properties": {"count": _WHOLE, "v0": {"type": "object", "properties": parts}}}
    way = flows("start set0 set1 set2 set3 pay")
    bpmn = model(element("startEvent", "start"), *events, task("pay", "pay"), way)
    begun = time.process_time()
    found(bpmn, "jobs-get-what-fits", input=given, job_types=jobs)
    assert time.process_time() - begun < 2.0

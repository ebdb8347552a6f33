"""Values read from JSON, and written as JSON.

Source: https://docs.camunda.io/docs/components/concepts/variables/
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.feel.evaluation import value_of
from zeebe_fleet.engine import feel

READ: list[tuple[str, Any]] = [
    ("1", 1),
    ("-0", 0),
    ("9223372036854775807", 2**63 - 1),
    ("1.5", Decimal("1.5")),
    ("1.50", Decimal("1.5")),
    ("1e3", Decimal("1000.0")),
    ('"a"', "a"),
    ("true", True),
    ("null", None),
    ('[1, {"a": []}]', [1, {"a": []}]),
    ('"\\ud83d\\ude00"', "😀"),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_from_json_reads_values(text: str, expected: Any) -> None:
    """Whole numbers are `int`, fractions `Decimal`."""
    value = feel.from_json(text)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "1e999", "{a: 1}", "1 2", "'a'"])
def test_from_json_refuses_what_is_none(text: str) -> None:
    """What is no JSON is a ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011
        feel.from_json(text)


WRITTEN = [
    ("1 + 1", "2"),
    ("9223372036854775807", "9223372036854775807"),
    ("2 ** 100", "1.2676506002282294e+30"),
    ("1.50", "1.5"),
    ("0.5 + 0.5", "1"),
    ("10 / 3", "3.3333333333333335"),
    ("0.0000001", "1e-07"),
    ("-0.0", "0"),
    ("null", "null"),
    ("true", "true"),
    ('"ä \\"b\\"\n"', '"ä \\"b\\"\\n"'),
    ('substring("😀", 1, 1)', '"\\ud83d"'),
    ('[1, "a", null, false, []]', '[1,"a",null,false,[]]'),
    ('{a: 1, b: {c: ["x"]}, d: {}}', '{"a":1,"b":{"c":["x"]},"d":{}}'),
    ('{"k \\"q\\"": 1}', '{"k \\"q\\"":1}'),
    ('date("2026-01-02")', '"2026-01-02"'),
    ('time("03:04:05")', '"03:04:05"'),
    ('@"2026-01-02T03:04:05Z"', '"2026-01-02T03:04:05Z"'),
    ('@"2026-01-02T03:04:05+01:00"', '"2026-01-02T03:04:05+01:00"'),
    ('@"2026-01-02T03:04:05@Europe/Berlin"', '"2026-01-02T03:04:05@Europe/Berlin"'),
    ('duration("PT26H")', '"P1DT2H"'),
    ('duration("P14M")', '"P1Y2M"'),
    ("function(x) x", "null"),
    ("[function(x) x]", "[null]"),
]


@pytest.mark.parametrize(("expression", "expected"), WRITTEN)
def test_to_json_writes_values(expression: str, expected: str) -> None:
    """Values are written without blanks, temporal ones as text."""
    assert feel.to_json(value_of(expression)) == expected


@pytest.mark.parametrize("expression", ["10 ** 400", "floor(10 ** 6000)", "[-(10 ** 400)]"])
def test_to_json_refuses_numbers_out_of_range(expression: str) -> None:
    """JSON's readers know doubles; what is beyond them has no text."""
    with pytest.raises(feel.FeelFailure):
        feel.to_json(value_of(expression))


def test_json_of_variables_comes_back() -> None:
    """What was written is read as it was."""
    text = '{"a":[1,2.5,"x",null,true,{"b":{}}],"ü":"ß","n":-3}'
    assert feel.to_json(feel.from_json(text)) == text

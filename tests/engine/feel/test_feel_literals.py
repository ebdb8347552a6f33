"""Literals, and how their values are written; the values were seen on Camunda's engine 1.20.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-data-types/
"""

from __future__ import annotations

import pytest

from tests.engine.feel.evaluation import shown

CASES = [
    ("null", "null"),
    ("true", "true"),
    ("false", "false"),
    ("42", "42"),
    ("-7", "-7"),
    ("- 7", "-7"),
    ("0.5", "0.5"),
    (".5", "0.5"),
    ("1.50", "1.50"),
    ("-0.25", "-0.25"),
    ("12345678901234567890", "12345678901234567890"),
    ('"plain"', '"plain"'),
    ('""', '""'),
    ('"with \\"quotes\\""', '"with "quotes""'),
    ('"two\\nlines"', '"two\nlines"'),
    ('"tab\\there"', '"tab\there"'),
    ('"back\\\\slash"', '"back\\slash"'),
    ('"a \\d stays"', '"a \\d stays"'),
    ('"apostrophe \\\' too"', '"apostrophe \' too"'),
    ('"umlaut äöü ß"', '"umlaut äöü ß"'),
    ('"smile 😀"', '"smile 😀"'),
    ("[]", "[]"),
    ('[1, "two", true, null]', '[1, "two", true, null]'),
    ("[[1], [2, [3]]]", "[[1], [2, [3]]]"),
    ("{}", "{}"),
    ("{a: 1}", "{a:1}"),
    ('{"a": 1, "b c": 2}', "{a:1, b c:2}"),
    ("{a b: 1, c+d: 2}", "{a b:1, c+d:2}"),
    ("{`odd key`: 1}", "{odd key:1}"),
    ("{a: 1, b: a + 1}", "{a:1, b:2}"),
    ('{a: {b: {c: "deep"}}}.a.b.c', '"deep"'),
    ("{a: 1}.a", "1"),
    ("{a: 1}.b", "null"),
    ('{"a b": 3}.`a b`', "3"),
    ("{größe: 2}.größe", "2"),
    ("{x1: 2, y_2: 3, $z: 4}", "{x1:2, y_2:3, $z:4}"),
    ("function(x) x", "function(x)"),
    ("function(first name, b) 1", "function(first name, b)"),
    ("function() 1", "function()"),
    ("1 // to the end", "1"),
    ("1 /* within */ + 2", "3"),
    ("/* before */ 5", "5"),
    ("[1, /* between */ 2]", "[1, 2]"),
    ("{a: /* in context */ 1}", "{a:1}"),
    ("   7   ", "7"),
    ('date("2024-02-29")', "2024-02-29"),
    ('@"2024-02-29"', "2024-02-29"),
    ('@"10:30:00"', "10:30:00"),
    ('@"10:30:00Z"', "10:30:00Z"),
    ('@"10:30:00+02:00"', "10:30:00+02:00"),
    ('@"2024-02-29T10:30:00"', "2024-02-29T10:30:00"),
    ('@"2024-02-29T10:30:00Z"', "2024-02-29T10:30:00Z"),
    ('@"2024-02-29T10:30:00-05:00"', "2024-02-29T10:30:00-05:00"),
    ('@"2024-02-29T10:30:00@Europe/Berlin"', "2024-02-29T10:30:00@Europe/Berlin"),
    ('@"P1Y2M"', "P1Y2M"),
    ('@"P3DT4H"', "P3DT4H"),
    ('@"nonsense"', "null"),
    ('@""', "null"),
]


@pytest.mark.parametrize(("expression", "expected"), CASES)
def test_literal_is_read(expression: str, expected: str) -> None:
    """A literal gives its value."""
    assert shown(expression) == expected

"""What is no expression, and what only looks like none; the values were seen on Camunda's engine 1.20.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-expressions-introduction/
"""

from __future__ import annotations

import pytest

from tests.engine.feel.evaluation import shown

CASES = [
    ("1 +", "refused"),
    ("+ 1", "refused"),
    ("1 2", "refused"),
    ("(1", "refused"),
    ("1)", "refused"),
    ("[1", "refused"),
    ("[1,", "refused"),
    ("[1,,2]", "refused"),
    ("{a 1}", "refused"),
    ("{a:}", "refused"),
    ("{a: 1", "refused"),
    ("{: 1}", "refused"),
    ('{"a": 1,}', "refused"),
    ('"open', "refused"),
    ("if true then 1", "refused"),
    ("if true else 2", "refused"),
    ("then 1", "refused"),
    ("for in [1] return 1", "refused"),
    ("for x [1] return x", "refused"),
    ("for x in [1]", "refused"),
    ("some x in [1]", "refused"),
    ("1 < 2 < 3", "refused"),
    ("1 = = 2", "refused"),
    ("a..b", "refused"),
    ("a.", "refused"),
    ("a.1", "refused"),
    ("a b", "refused"),
    ("x in", "refused"),
    ("`abs`(-1)", "1"),
    ("{`a b`: function(x) x + 1, r: `a b`(2)}.r", "3"),
    ("in x", "refused"),
    ("null()", "refused"),
    ("1..3", "refused"),
    ("function(x", "refused"),
    ("function x", "refused"),
    ("function(1) 1", "refused"),
    ("and true", "refused"),
    ("true and", "refused"),
    ("@10", "refused"),
    ("@", "refused"),
    ("?", "failed"),
    ("$", "null"),
    ("a & b", "refused"),
    ("a == b", "refused"),
    ("a || b", "refused"),
    ("!a", "refused"),
    ("'a'", "refused"),
    ("1 between 2", "refused"),
    ("1 instance of", "refused"),
    ("1 instance number", "refused"),
    ("date(", "refused"),
    ("count([1]", "refused"),
    ("{a: 1} {b: 2}", "refused"),
    ("`a", "refused"),
    ("``", "refused"),
    ("not", "null"),
    ("-", "refused"),
    ("--", "refused"),
    ("/* open", "refused"),
    ("count(list: [1], 2)", "refused"),
    ("count([1], list: 2)", "refused"),
    ("1 // only", "1"),
    ("// nothing", "refused"),
    ("", "refused"),
]


@pytest.mark.parametrize(("expression", "expected"), CASES)
def test_text_is_told_from_an_expression(expression: str, expected: str) -> None:
    """A text is an expression, or it is refused."""
    assert shown(expression) == expected

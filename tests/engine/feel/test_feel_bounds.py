"""No expression takes the engine down: what is too deep, too long, too big or too slow fails, and soon.

Source: engine/feel/limits.py
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.engine.feel.evaluation import value_of
from zeebe_fleet.engine import feel

_SLOWEST_S = 5.0

DEEP = [
    "(" * 5_000 + "1" + ")" * 5_000,
    "[" * 5_000 + "]" * 5_000,
    "{a:" * 5_000 + "1" + "}" * 5_000,
    "-" * 5_000 + "1",
    "if true then " * 1_000 + "1",
    "not(" * 1_000 + "true" + ")" * 1_000,
    "a" + "[1]" * 5_000,
    "a" + ".b" * 5_000,
    "function(x) " * 1_000 + "1",
    "for i in [1] return " * 1_000 + "i",
    "some i in [1] satisfies " * 1_000 + "i",
    "1 in (" * 1_000 + "1" + ")" * 1_000,
    "1" + " + 1" * 60_000,
]


@pytest.mark.parametrize("expression", DEEP, ids=lambda text: text[:12])
def test_parse_refuses_what_is_too_deep_or_too_long(expression: str) -> None:
    """Nesting and length are bounded while parsing, without a RecursionError."""
    with pytest.raises(feel.FeelSyntaxError, match="failed to parse expression"):
        feel.parse(expression)


LONG = [
    ("1" + " + 1" * 20_000, 20_001),
    (" or ".join(["false"] * 10_000), False),
    ("if false then 1 else " * 2_000 + "2", 2),
    ("count([" + ",".join(["1"] * 20_000) + "])", 20_000),
    ("1" + " * 1" * 20_000, 1),
]


@pytest.mark.parametrize(("expression", "expected"), LONG, ids=lambda value: str(value)[:12])
def test_parse_takes_what_is_only_long(expression: str, expected: Any) -> None:
    """A long chain is no nesting."""
    assert value_of(expression) == expected


DOUBLING = "{x0: [1, 1], " + ", ".join(f"x{i}: [x{i - 1}, x{i - 1}]" for i in range(1, 40))
BOMBS = [
    "for i in 1..10000000000 return i",
    "for i in 1..10000000000 return null",
    "count(for i in 1..10000000000 return i)",
    "some i in 1..10000000000 satisfies i < 0",
    "every i in 1..10000000000 satisfies i > 0",
    "for i in 0.5..1000000000 return i",
    "for a in 1..1000, b in 1..1000000 return a",
    "for a in 1..1000000000, b in [] return a",
    "for a in 1..1000, b in 0.5..1000000000 return a",
    "for a in 1..1000 return for b in 1..1000 return for c in 1..1000 return c",
    "for i in 1..100000 return partial",
    "{f: function(g) g(g), r: f(f)}.r",
    "{y: function(h, n) h(h, n + 1), r: y(y, 0)}.r",
    'for i in 1..40 return if i = 1 then "ab" else partial[-1] + partial[-1]',
    "for i in 1..40 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])",
    "for i in 1..100000 return big + big",
    "for i in 1..100000 return upper case(big)",
    "for i in 1..100000 return big = other",
    "for i in 1..100000 return items = more",
    "for i in 1..100000 return list contains(items, -1)",
    "for i in 1..100000 return distinct values(items)",
    "for i in 1..100000 return sort(items, function(a, b) a < b)",
    "for i in 1..100000 return sum(items)",
    "for i in 1..100000 return items[item > 5]",
    "for i in 1..100000 return string join(for k in 1..100000 return big)",
    "string join(for k in 1..10000 return big)",
    f"string({DOUBLING}}}.x39)",
    f"to json({DOUBLING}}}.x39)",
    f"flatten({DOUBLING}}}.x39)",
    f"distinct values({DOUBLING}}}.x39)",
    f"{DOUBLING}, y: [x38, x38], z: x39 = y}}.z",
    f"count({DOUBLING}, y: [x38, x38], z: index of([y], x39)}}.z)",
    "10 ** 1000000000",
    "10 ** 9999",
    "2 ** 0.5 ** -100000",
    "(10 ** 6000) * (10 ** 6000)",
    "decimal(1, 1000000000)",
    "round up(1.5, -100000)",
    'duration("P1D") * (10 ** 30)',
    'duration("P1Y") * (10 ** 30)',
    'date("2024-01-01") + duration("P9999Y")',
    'date("2024-01-01") - duration("P2024Y")',
    'replace(big, "", big)',
    'replace(big, "x", "xxxxxxxxxxxxxxxxxxxx")',
    'matches("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "(?=(x+)+y)")',
    'matches("a", big)',
    'matches("aa", "(a)\\\\1")',
    'matches("a", "((a{50}){50}){50}")',
    'matches(big, "x{0,900}x{0,900}x{0,900}y")',
    'split(big, "x*y|x")',
    'replace(big, "(x|xx)*y|x", "y")',
    'for i in 1..100000 return matches(text, "(x|y)+z")',
    "sublist(for i in 1..10000000 return i, 1)",
    "for i in 1..100000 return to base64(big)",
    "for i in 1..100000 return from json(document)",
    "for i in 1..100000 return string(items)",
]
BIG: dict[str, Any] = {
    "big": "x" * 1_000_000,
    "text": "x" * 1_900,
    "other": "".join(["x"] * 1_000_000),
    "items": list(range(50_000)),
    "more": list(range(50_000)),
    "document": "[" + ",".join(["1"] * 300_000) + "]",
}


@pytest.mark.parametrize("expression", BOMBS, ids=lambda text: text[:60])
def test_evaluate_stops_what_is_too_big_or_too_slow(expression: str) -> None:
    """A bound is passed within seconds, and the expression fails."""
    compiled = feel.parse(expression)
    begun = time.process_time()
    with pytest.raises(feel.FeelFailure):
        compiled.evaluate(lambda name: BIG.get(name, feel.MISSING), 0)
    assert time.process_time() - begun < _SLOWEST_S


ANSWERED = [
    ('matches(big, "(x+x+)+y")', False),
    ('matches(big, "^(x|xx)+$")', True),
    ('matches(big, "^(x?){10}x{10}$")', False),
    ('matches(big, "((x*)*)*y")', False),
    ('matches(big, "x*x*x*x*y")', False),
    ('count(split(big, "x*x*y"))', 1),
    ('extract(big, "(x+)+y")', []),
    ('count(extract(big, "(xx)+"))', 1),
    ('count(for i in 1..1000 return matches(text, "(x|y)+z"))', 1000),
]


@pytest.mark.parametrize(("expression", "expected"), ANSWERED, ids=lambda value: str(value)[:60])
def test_evaluate_matches_in_linear_time(expression: str, expected: Any) -> None:
    """Repetitions within repetitions have an answer, however long the text."""
    begun = time.process_time()
    assert value_of(expression, BIG) == expected
    assert time.process_time() - begun < _SLOWEST_S


EDGES = [
    (r'matches("a", "\\k")', None),
    (r'matches("aa", "(?<n>a)a")', True),
    (r'matches("a", "\\")', None),
    (r'matches("a", "\\Qa")', True),
    ("odd(huge)", False),
    ("even(huge)", True),
    ("huge = huge", True),
    ("[1][huge]", None),
]


@pytest.mark.parametrize(("expression", "expected"), EDGES)
def test_evaluate_answers_at_the_edges(expression: str, expected: Any) -> None:
    """Odd patterns and numbers of thousands of digits have values, too."""
    assert value_of(expression, {"huge": 10**4_000}) == expected


def test_evaluate_fails_beyond_the_greatest_number() -> None:
    """A product of such numbers is out of range."""
    with pytest.raises(feel.FeelFailure, match="out of range"):
        value_of("huge * huge", {"huge": 10**4_000})


ORDINARY = [
    ("count(for i in 1..50000 return i)", 50_000),
    ("sum(for i in 1..1000 return i)", 500_500),
    ("count(items[item > 5])", 49_994),
    ("count(distinct values(items))", 50_000),
    ("items = more", True),
    ("big = other", True),
    ("string length(big + big)", 2_000_000),
    ('matches("someone@example.com", "^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}$")', True),
    ('matches("2024-01-01", "^\\d{4}-\\d{2}-\\d{2}$")', True),
    ('matches("1,22,333", "^(\\d+,)*\\d+$")', True),
    ('matches("a.b.example.org", "^(\\w+[.])+\\w+$")', True),
    ('count(split("a, b,c", ",\\s*"))', 3),
    ('replace(" a  b ", "\\s+", " ")', " a b "),
    ("{f: function(x) x + 1, r: f(f(f(1)))}.r", 4),
]


@pytest.mark.parametrize(("expression", "expected"), ORDINARY, ids=lambda value: str(value)[:60])
def test_evaluate_lets_ordinary_work_pass(expression: str, expected: Any) -> None:
    """Sizes that processes have stay far below the bounds."""
    assert value_of(expression, BIG) == expected


def test_to_json_refuses_values_that_unfold_without_end() -> None:
    """A value that shares its parts is not written out in full."""
    value: Any = [1]
    for _ in range(60):
        value = [value, value]
    with pytest.raises(feel.FeelFailure):
        feel.to_json(value)
    with pytest.raises(feel.FeelFailure):
        feel.text_of(value)


def test_from_json_refuses_what_is_nested_too_deep() -> None:
    """Deep JSON is no JSON, rather than a RecursionError."""
    with pytest.raises(ValueError, match="deep"):
        feel.from_json("[" * 100_000 + "]" * 100_000)

"""An expression as a thing: what it reads, how it fails, what it keeps.

Source: https://docs.camunda.io/docs/components/concepts/expressions/
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.engine.feel.evaluation import NOW_MS, value_of
from zeebe_fleet.engine import feel

NAMES = [
    ("1 + 2", set()),
    ("a + b.c", {"a", "b"}),
    ("a.b.c = null", {"a"}),
    ("for i in xs return i + n", {"xs", "n"}),
    ("some x in xs, y in ys satisfies x > y and z", {"xs", "ys", "z"}),
    ("{a: b, c: a}", {"b"}),
    ("{a: a}", {"a"}),
    ("function(x) x + y", {"y"}),
    ("xs[item > limit]", {"xs", "limit"}),
    ("ps[age > 3]", {"ps", "age"}),
    ("count(xs)", {"xs"}),
    ("unknown(xs)", {"unknown", "xs"}),
    ("x in [1..n]", {"x", "n"}),
    ("if a then b else c", {"a", "b", "c"}),
    ("`odd name` + größe", {"odd name", "größe"}),
    ("for i in 1..3 return partial", set()),
    ("now() + duration(d)", {"d"}),
]


@pytest.mark.parametrize(("expression", "names"), NAMES)
def test_expression_names_the_variables_it_may_read(expression: str, names: set[str]) -> None:
    """Names that are bound inside are left out."""
    assert feel.parse(expression).names == names


def test_expression_reads_no_more_than_it_names() -> None:
    """The lookup is asked for free names alone."""
    asked = []

    def lookup(name: str) -> Any:
        asked.append(name)
        return feel.MISSING

    for expression, _ in NAMES:
        compiled = feel.parse(expression)
        compiled.evaluate(lookup, NOW_MS)
        assert set(asked) <= compiled.names
        asked.clear()


def test_parse_keeps_what_it_has_compiled() -> None:
    """The same text gives the same expression."""
    assert feel.parse("kept + 1") is feel.parse("kept + 1")
    assert feel.parse_unary_tests("> kept") is feel.parse_unary_tests("> kept")


def test_parse_forgets_the_oldest_text() -> None:
    """What is kept is bounded by the length of all texts."""
    first = feel.parse("forgotten + 1")
    for number in range(40):
        feel.parse(f'"{number}{"x" * 90_000}"')
    assert feel.parse("forgotten + 1") is not first


def test_syntax_error_says_what_was_expected_where() -> None:
    """The message begins as the engine's users know it."""
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.parse("1 +\n  then")
    assert str(caught.value) == "failed to parse expression '1 +\n  then': expected a name at 2:3, found 'then'"


def test_syntax_error_names_the_end() -> None:
    """A text that stops too early is told so."""
    with pytest.raises(
        feel.FeelSyntaxError, match=r"failed to parse expression '\(1': expected '\)' at 1:3, found the end"
    ):
        feel.parse("(1")


def test_assert_fails_in_the_words_of_its_cause() -> None:
    """The cause is the failure's message."""
    with pytest.raises(feel.FeelFailure, match=r"^must be positive$"):
        value_of('assert(n, n > 5, "must be positive")')


def test_now_and_today_are_the_time_given() -> None:
    """No clock is read."""
    assert feel.text_of(value_of("now()")) == "2026-01-02T03:04:05.678Z"
    assert feel.text_of(value_of("today()")) == "2026-01-02"
    assert feel.epoch_ms(value_of('now() + duration("PT1H")')) == NOW_MS + 3_600_000


def test_drawn_values_depend_on_time_and_seed_alone() -> None:
    """An identifier is drawn again for the same time and seed, and another for any other."""
    first, second = value_of("[uuid(), uuid()]", seed=1)
    assert first != second
    assert value_of("[uuid(), uuid()]", seed=1) == [first, second]
    assert value_of("uuid()", seed=2) not in (first, second)
    assert 0 <= value_of("random number()", seed=1) < 1


def test_uuid_is_of_version_seven() -> None:
    """The identifier begins with the time, and says its version and variant."""
    text = value_of("uuid()")
    assert text.replace("-", "").startswith(f"{NOW_MS:012x}")
    assert (len(text), text[14], text[19] in "89ab") == (36, "7", True)


def test_evaluate_changes_no_value_it_was_given() -> None:
    """Variables may be shared by all who read them."""
    variables = {"xs": [3, 1, 2], "c": {"a": 1}}
    for expression in (
        "append(xs, 4)",
        "concatenate(xs, [1])",
        "sort(xs, function(a, b) a < b)",
        "reverse(xs)",
        'context put(c, "b", 2)',
        "context merge(c, {z: 1})",
        "remove(xs, 1)",
        "insert before(xs, 1, 9)",
    ):
        value_of(expression, variables)
    assert variables == {"xs": [3, 1, 2], "c": {"a": 1}}


def test_import_takes_nothing_but_the_standard_library() -> None:
    """FEEL is pure, and soon loaded."""
    loaded = "import sys, zeebe_fleet.engine.feel; print(*{name.split('.')[0] for name in sys.modules})"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not {"lxml", "pydantic", "grpc", "zoneinfo", "random"} & set(names)

"""Every parser, on whatever is drawn for it, and on what once broke it: `fuzz` goes on for as long as it is let."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.security.fuzz import KEPT, KEPT_BYTES, mutated, problem_of
from tests.security.parsers import PARSERS, Parser
from zeebe_fleet.bpmn.tooling.graph import components
from zeebe_fleet.bpmn.tooling.yaml_text import yaml_of
from zeebe_fleet.engine import feel
from zeebe_fleet.engine.feel.linear import is_found

BOUNDED = settings(
    max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
KEPT_INPUTS = sorted(file for file in KEPT.glob("*/*"))


@pytest.mark.parametrize("file", KEPT_INPUTS, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_what_once_broke_a_parser_is_refused(file: Path) -> None:
    """Each found by the fuzzer, and kept."""
    assert file.stat().st_size <= KEPT_BYTES
    text = file.read_bytes().decode("utf-8", "surrogatepass")
    assert problem_of(PARSERS[file.parent.name], text) == ""


@pytest.mark.parametrize("name", PARSERS)
def test_parser_takes_or_refuses_what_a_seed_becomes(name: str) -> None:
    """The same texts every time: cut, put together, repeated and nested."""
    drawn = random.Random(name)
    for _ in range(60):
        text = mutated(drawn, PARSERS[name])
        assert problem_of(PARSERS[name], text) == "", text[:500]


def texts_for(parser: Parser) -> st.SearchStrategy[str]:
    """Draw texts of a parser's words, of its seeds' pieces, and of any letters."""
    pieces = [seed[place : place + 40] for seed in parser.seeds for place in range(0, min(len(seed), 400), 40)]
    piece = st.one_of(st.sampled_from(parser.words), st.sampled_from(pieces), st.text(max_size=6))
    return st.lists(st.tuples(piece, st.sampled_from((1, 1, 1, 3, 200))), max_size=25).map(
        lambda drawn: "".join(text * times for text, times in drawn)[:50_000]
    )


@pytest.mark.parametrize("name", PARSERS)
def test_parser_takes_or_refuses_whatever_is_drawn(name: str) -> None:
    """Nothing is raised but what says so, and nothing takes long."""

    @BOUNDED
    @given(text=texts_for(PARSERS[name]))
    def read(text: str) -> None:
        assert problem_of(PARSERS[name], text) == ""

    read()


_LETTER = st.sampled_from(("a", "b", "c", ".", "[ab]", "[^b]", r"\d", r"\w", "1", " "))
PATTERNS = st.recursive(
    _LETTER,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(("*", "+", "?", "{1,2}", "*?", "+?"))).map(lambda two: f"({two[0]}){two[1]}"),
    ),
    max_leaves=6,
)
SUBJECTS = st.text("abc1 .\n", max_size=10)


@settings(BOUNDED, max_examples=300)
@given(pattern=PATTERNS, ends=st.sampled_from(("", "^", "$", "^$")), text=SUBJECTS)
def test_pattern_means_what_it_always_meant(pattern: str, ends: str, text: str) -> None:
    """What is matched in linear time is found where going back finds it."""
    begin, end = "^" if "^" in ends else "", "$" if "$" in ends else ""
    wanted = re.search(f"{begin}(?:{pattern}){end and chr(92) + 'Z'}", text, re.ASCII)
    assert is_found(f"{begin}(?:{pattern}){end}", text) is (wanted is not None)


@settings(BOUNDED, max_examples=300)
@given(pattern=PATTERNS, end=st.sampled_from(("", "$")), text=SUBJECTS)
def test_expression_finds_what_it_always_found(pattern: str, end: str, text: str) -> None:
    """All of it, in the same places; an end holds before a last line end as well."""
    if end:  # which of two ends is meant where something takes as little as it can, only going back can tell
        pattern = pattern.replace("*?", "*").replace("+?", "+")
    values: dict[str, Any] = {"t": text, "p": pattern + end}
    found = feel.parse("extract(t, p)").evaluate(lambda name: values.get(name, feel.MISSING), 0)
    assert found == list(_found_by_java(re.compile(pattern + end, re.ASCII), text))


def _found_by_java(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Go on where the last one ended, one further where it was empty."""
    place = 0
    while place <= len(text) and (match := pattern.search(text, place)):
        yield match[0]
        place = match.end() + (match.end() == match.start())


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text("abc: -#'\"é\n", max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@BOUNDED
@given(value=VALUES, block=st.booleans())
def test_yaml_within_bounds_is_what_it_always_was(value: Any, block: bool) -> None:
    """Looking at it beforehand changes nothing; two names for one value are two of it."""
    text = yaml.safe_dump([value, value], default_flow_style=not block, allow_unicode=True)
    assert yaml_of(text.encode(), "x.yaml") == [value, value]


@BOUNDED
@given(arrows=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16))
def test_components_are_what_leads_to_one_another(arrows: list[tuple[int, int]]) -> None:
    """Each once, and after all that it leads to."""
    following: dict[str, list[str]] = {str(one): [] for one in range(8)}
    for source, target in arrows:
        following[str(source)].append(str(target))
    reached = {one: _reached(following, one) for one in following}
    done: set[str] = set()
    for group in components(following, following.__getitem__):
        assert all(other in reached[one] for one in group for other in group if one != other)
        assert all(one not in reached[other] for one in group for other in done if other in reached[one])
        assert all(reached[one] <= done | set(group) for one in group)
        done |= set(group)
    assert done == set(following)


def _reached(following: dict[str, list[str]], first: str) -> set[str]:
    found: set[str] = set()
    ahead = list(following[first])
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += following[one]
    return found

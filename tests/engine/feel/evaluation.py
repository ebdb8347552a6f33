"""Expressions evaluated for the tables of this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zeebe_fleet.engine import feel

NOW_MS = 1_767_323_045_678
VARIABLES: dict[str, Any] = feel.from_json(
    """{"n": 3, "x": 5, "y": 2.5, "i": 2, "b": true, "nul": null, "s": "foobar", "xs": [1, 2, 3, 2], "list": [1, 2, 3],
    "a": {"b": 1, "c": {"d": "s"}}, "ps": [{"a": 1, "b": "k"}, {"a": 2, "b": "m"}], "p": {"name": "Tom", "age": 3}}"""
)


def value_of(expression: str, variables: Mapping[str, Any] = VARIABLES, seed: int = 0) -> Any:
    """Evaluate with variables given."""
    return feel.parse(expression).evaluate(lambda name: variables.get(name, feel.MISSING), NOW_MS, seed)


def shown(expression: str) -> str:
    """Evaluate, and write the value as FEEL shows it within a list; `refused` and `failed` for what has none."""
    try:
        return feel.text_of([value_of(expression)])[1:-1]
    except feel.FeelSyntaxError:
        return "refused"
    except feel.FeelFailure:
        return "failed"


def fits(tests: str, value: Any) -> bool | str | None:
    """Evaluate unary tests against an input; `refused` for what is none."""
    try:
        parsed = feel.parse_unary_tests(tests)
    except feel.FeelSyntaxError:
        return "refused"
    return parsed.evaluate(feel.from_json(json.dumps(value)), lambda name: VARIABLES.get(name, feel.MISSING), NOW_MS)

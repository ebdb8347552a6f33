"""Whatever is written, FEEL answers: a value, a refusal, or a failure of its own, and nothing else.

Source: engine/feel/__init__.py
"""

from __future__ import annotations

import random

from tests.engine.feel import test_feel_contexts as contexts
from tests.engine.feel import test_feel_lists as lists
from tests.engine.feel import test_feel_strings as strings
from tests.engine.feel import test_feel_temporal as temporal
from tests.engine.feel.evaluation import shown, value_of
from zeebe_fleet.engine import feel
from zeebe_fleet.engine.feel.tokens import tokens_of

EXPRESSIONS = [
    expression
    for table in (contexts, lists, strings, temporal)
    for expression, expected in table.CASES
    if expected not in ("refused", "failed")
]
OPERATORS = ("+", "-", "*", "/", "**", "=", "!=", "<", ">=", "and", "or", "in")
TEXTS = 3_000


def test_evaluate_answers_any_combination_of_values() -> None:
    """Every operator takes every value, at least as null."""
    draw = random.Random(54)
    for _ in range(TEXTS):
        left, right = draw.choice(EXPRESSIONS), draw.choice(EXPRESSIONS)
        shown(f"({left}) {draw.choice(OPERATORS)} ({right})")
        shown(f"[{left}, {right}][{draw.choice(('item = ', 'count(', 'string('))}{right})]")


def test_parse_answers_any_text() -> None:
    """Tokens left out, doubled or exchanged give an expression or a refusal."""
    draw = random.Random(24)
    for _ in range(TEXTS):
        words = [token.value for token in tokens_of(draw.choice(EXPRESSIONS))[:-1]]
        others = [token.value for token in tokens_of(draw.choice(EXPRESSIONS))]
        position = draw.randrange(len(words))
        words[position : position + draw.randint(0, 2)] = draw.choices(others, k=draw.randint(0, 2))
        shown(" ".join(words))


def test_values_that_were_written_as_json_are_read_again() -> None:
    """What an expression gives can be kept as a variable."""
    for expression in EXPRESSIONS:
        text = feel.to_json(value_of(expression))
        assert feel.to_json(feel.from_json(text)) == text

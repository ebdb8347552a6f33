"""Decision tables: tests of cells, hit policies, and what an evaluation leaves behind."""

from __future__ import annotations

import json
import time

import pytest

from tests.engine.dmn.deciding import decision, definitions, evaluated, failure, output, table
from zeebe_fleet.engine import dmn
from zeebe_fleet.engine.feel import to_json

_SEASONS = [['"Winter"', "<= 8", '"Roastbeef"'], ['"Winter"', "> 8", '"Stew"'], ['"Summer"', "-", '"Salad"']]


def seasons(policy: str = "UNIQUE", attributes: str = "", extra: tuple[list[str], ...] = ()) -> str:
    """Return a table of two inputs and one output."""
    return table(["season", "guests"], ["dish"], [*_SEASONS, *extra], policy, attributes)


@pytest.mark.parametrize(
    ("season", "guests", "dish"),
    [("Winter", 8, "Roastbeef"), ("Winter", 9, "Stew"), ("Summer", 100, "Salad"), ("Spring", 1, None)],
)
def test_table_gives_the_output_of_the_rule_that_matches(season: str, guests: int, dish: str | None) -> None:
    """B55: no rule, no output."""
    assert output(seasons(), season=season, guests=guests) == dish


def test_unique_table_refuses_two_rules() -> None:
    """B55: UNIQUE."""
    told = failure(seasons(extra=(["-", "8", '"Soup"'],)), season="Winter", guests=8)
    assert told.startswith("multiple values aren't allowed for UNIQUE hit policy. found:")


@pytest.mark.parametrize(("dish", "expected"), [('"Roastbeef"', "Roastbeef"), ('"Soup"', None)])
def test_any_table_takes_two_rules_that_agree(dish: str, expected: str | None) -> None:
    """B55: ANY."""
    logic = seasons("ANY", extra=(["-", "8", dish],))
    if expected is None:
        assert "different values aren't allowed for ANY hit policy" in failure(logic, season="Winter", guests=8)
    else:
        assert output(logic, season="Winter", guests=8) == expected


def test_first_table_takes_the_first_and_asks_no_further() -> None:
    """B55: FIRST."""
    logic = seasons("FIRST", extra=(["-", 'assert(?, false, "asked")', '"Soup"'],))
    assert output(logic, season="Winter", guests=8) == "Roastbeef"


def test_rule_order_table_lists_all_in_their_order() -> None:
    """B55: RULE ORDER."""
    assert output(seasons("RULE ORDER", extra=(["-", "8", '"Soup"'],)), season="Winter", guests=8) == [
        "Roastbeef",
        "Soup",
    ]


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("", [10, 2.5, 5]), ("SUM", 17.5), ("MIN", 2.5), ("MAX", 10), ("COUNT", 3)]
)
def test_collecting_table_aggregates(aggregation: str, expected: object) -> None:
    """B55: COLLECT with SUM, MIN, MAX, COUNT."""
    rules = [["> 0", "10"], ["> 0", "2.5"], ["> 1", "5"], ["> 100", "1000"]]
    attributes = f'aggregation="{aggregation}"' if aggregation else ""
    assert output(table(["x"], ["fee"], rules, "COLLECT", attributes), x=2) == expected


def test_collecting_table_sums_numbers_alone() -> None:
    """B55: what is no number fails, and is said."""
    logic = table(["x"], ["fee"], [["-", "1"], ["-", '"two"']], "COLLECT", 'aggregation="SUM"')
    assert failure(logic, x=1) == "expected number but found '\"two\"'"


@pytest.mark.parametrize("policy", ["UNIQUE", "COLLECT", "RULE ORDER"])
def test_table_without_a_match_gives_its_defaults(policy: str) -> None:
    """B55: default output entries."""
    logic = table(["x"], ["dish", "drink"], [["1", '"Stew"', '"Tea"']], policy, defaults=['"Bread"', '"Water"'])
    assert output(logic, x=2) == {"dish": "Bread", "drink": "Water"}


def test_several_outputs_are_a_context() -> None:
    """B55: by their names."""
    logic = table(["x"], ["dish", "drink"], [["1", '"Stew"', '"Tea"']], "RULE ORDER")
    assert output(logic, x=1) == [{"dish": "Stew", "drink": "Tea"}]


def test_output_sees_variables_and_not_the_tested_input() -> None:
    """B55: output entries are expressions."""
    assert output(table(["x"], ["y"], [["> 1", "x * price"]]), x=2, price=3) == 6


def test_cell_sees_the_input_by_its_mark() -> None:
    """B55: `?` is the input's value."""
    assert output(table(["x"], ["y"], [["contains(?, price)", "1"]]), x="abc", price="b") == 1


def test_input_that_nobody_gives_is_null() -> None:
    """B55: a missing variable is null, and a cell can test for it."""
    assert output(table(["nobody"], ["y"], [["null", "1"]])) == 1


def test_evaluation_leaves_a_trace() -> None:
    """B55: inputs with their labels, the rules that matched with their place and outputs."""
    found = evaluated(definitions(decision(seasons("RULE ORDER"))), season="Winter", guests=9)
    (told,) = found.evaluated
    assert (told.decision_id, told.name, told.kind) == ("dish", "Dish", "DECISION_TABLE")
    assert [(one.input_id, one.name, one.value) for one in told.inputs] == [
        ("in1", "Input 1", "Winter"),
        ("in2", "Input 2", 9),
    ]
    (rule,) = told.matched
    assert (rule.rule_id, rule.index) == ("rule2", 2)
    assert [(one.output_id, one.name, one.value) for one in rule.outputs] == [("out1", "Dish", "Stew")]


def test_failed_evaluation_keeps_what_was_found() -> None:
    """B55: the trace of the decision at fault."""
    found = evaluated(definitions(decision(seasons(extra=(["-", "8", '"Soup"'],)))), season="Winter", guests=8)
    assert found.failed_decision_id == "dish"
    assert [rule.index for rule in found.evaluated[0].matched] == [1, 4]
    assert to_json(found.output) == "null"


def test_table_of_ten_thousand_rules_is_read_once_and_evaluated_fast() -> None:
    """B55: its cost grows with its rules, and no bound of expressions is met."""
    rules = [[f'"city {at}"', f"[{at}..{at + 10}]", str(at)] for at in range(10_000)]
    content = definitions(decision(table(["city", "age"], ["price"], rules)))
    read = dmn.read("dishes.dmn", content, most=200_000).decisions["dish"]
    begun_at = time.process_time()
    assert dmn.evaluate(read, {"city": "city 9999", "age": 10_000}, 0).output == 9_999
    assert time.process_time() - begun_at < 5, "an order of magnitude above what it takes"


def test_values_stay_exact() -> None:
    """B55: a decimal is what was written."""
    assert json.dumps(output(table(["x"], ["y"], [["0.1", "0.1 + 0.2"]]), x=0.1)) == "0.3"

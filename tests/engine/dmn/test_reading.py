"""What is refused of a DMN file, in words that name the element."""

from __future__ import annotations

import pytest

from tests.engine.dmn.deciding import DMN_13, decision, definitions, evaluated, literal, table
from zeebe_fleet.engine import dmn
from zeebe_fleet.engine.model import Refused


def refusal(content: bytes) -> str:
    """Return why a file is refused."""
    with pytest.raises(Refused) as refused:
        dmn.read("dishes.dmn", content)
    return str(refused.value)


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        DMN_13,
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_every_version_of_dmn_is_read(namespace: str) -> None:
    """B55: 1.1 to 1.5."""
    assert evaluated(definitions(decision(literal("1")), namespace=namespace)).output == 1


@pytest.mark.parametrize(
    ("logic", "told"),
    [
        (literal("1 +"), "FEEL expression: "),
        (table(["x"], ["y"], [["[1..", "1"]]), "FEEL unary-tests: "),
        (table(["x"], ["y"], [["1", "1"]], "PRIORITY"), "Hit policy 'PRIORITY' is not supported"),
        (table(["x"], ["y"], [["1", "1"]], "OUTPUT ORDER"), "Hit policy 'OUTPUT ORDER' is not supported"),
        (table(["x"], ["y", "z"], [["1", "1", "2"]], "COLLECT", 'aggregation="SUM"'), "compound output"),
        (table(["x"], ["y", ""], [["1", "1", "2"]]), "no output name defined"),
        (table(["x"], ["y"], [["1"]]), "Must have 1 input entries and 1 output entries, but has 1 and 0"),
        ("", "Must have a decision table or another expression"),
        ('<literalExpression expressionLanguage="juel"><text>1</text></literalExpression>', "'juel' is not supported"),
        (f"<invocation>{literal('nobody')}</invocation>", "no BKM found with name 'nobody'"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_by_name(logic: str, told: str) -> None:
    """B55: at deployment, never when an instance meets it."""
    said = refusal(definitions(decision(logic)))
    assert told in said
    assert "- Element: dish" in said or "- Element: rule1" in said


def test_everything_wrong_is_told_at_once() -> None:
    """An author mends a file in one go."""
    said = refusal(definitions(decision(literal("1 +"), "one"), decision(literal("2 +"), "two")))
    assert "- Element: one > literalExpression" in said
    assert "- Element: two > literalExpression" in said


def test_decisions_that_require_one_another_are_refused() -> None:
    """B55: a circle of requirements, however long."""
    circle = [decision(literal("1"), f"d{at}", requires=[f"d{(at + 1) % 3}"]) for at in range(3)]
    assert "Cyclic dependencies between decisions detected." in refusal(definitions(*circle))
    assert "Cyclic" in refusal(definitions(decision(literal("1"), "own", requires=["own"])))


def test_long_chain_of_requirements_is_refused() -> None:
    """It would be evaluated as deep as it is long."""
    chain = [decision(literal("1"), "d0")]
    chain += [decision(literal("1"), f"d{at}", requires=[f"d{at - 1}"]) for at in range(1, 3_000)]
    assert "Stands on more than 100 levels of others." in refusal(definitions(*chain))


def test_diamonds_of_requirements_are_read_in_time() -> None:
    """Fifty levels of two that each require both below: each is read, and evaluated, once."""
    parts = [decision(literal("1"), "a0"), decision(literal("1"), "b0")]
    for at in range(1, 50):
        below = [f"a{at - 1}", f"b{at - 1}"]
        parts += [decision(literal("1"), f"{one}{at}", requires=below) for one in "ab"]
    found = evaluated(definitions(*parts), "a49")
    assert len(found.evaluated) == 2 * 49 + 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Premature end of file"),
        (b"<a/>", "no DMN: its outermost element is <a>"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE is disallowed"),
        (definitions(), "Must have at least one decision"),
        (definitions('<decision name="x"/>'), "Attribute 'id' must not be empty"),
        (definitions('<decision id="x"/>'), "Attribute 'name' must not be empty"),
        (definitions(decision(literal("1")), decision(literal("2"))), "Duplicated id 'dish'"),
    ],
)
def test_what_is_no_decision_is_refused(content: bytes, told: str) -> None:
    """Whatever the file is, its name and the reason are said."""
    said = refusal(content)
    assert told in said
    assert said.startswith("'dishes.dmn': ")

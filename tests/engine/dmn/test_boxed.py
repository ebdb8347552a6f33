"""Boxed expressions: literals, contexts, lists, relations, knowledge models and their invocation."""

from __future__ import annotations

import json

from tests.engine.dmn.deciding import decision, definitions, evaluated, failure, literal, output
from zeebe_fleet.engine.feel import to_json

_VARIABLE = '<variable name="{0}" typeRef="{1}"/>'


def entry(name: str, text: str) -> str:
    """Write an entry of a context; the last may have no name."""
    variable = f'<variable name="{name}"/>' if name else ""
    return f"<contextEntry>{variable}{literal(text)}</contextEntry>"


def knowledge(name: str, parameters: str, text: str, requires: str = "") -> str:
    """Write a knowledge model; parameters are names and types, by comma."""
    formal = "".join(
        f'<formalParameter name="{one.split(":")[0]}" typeRef="{one.split(":")[1]}"/>'
        for one in filter(None, parameters.split(","))
    )
    needed = f'<knowledgeRequirement><requiredKnowledge href="#{requires}"/></knowledgeRequirement>' if requires else ""
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><encapsulatedLogic>{formal}{literal(text)}'
        f"</encapsulatedLogic>{needed}</businessKnowledgeModel>"
    )


def test_literal_is_evaluated() -> None:
    """B55: a literal expression."""
    assert output(literal("x + 1"), x=1) == 2


def test_context_shows_each_entry_to_the_next() -> None:
    """B55: entries by name, in their order."""
    assert output("<context>" + entry("a", "x") + entry("b", "a + 1") + "</context>", x=1) == {"a": 1, "b": 2}


def test_context_may_be_for_its_last_entry() -> None:
    """B55: one without a name is the result."""
    assert output("<context>" + entry("a", "x") + entry("", "a * 10") + "</context>", x=2) == 20


def test_list_and_relation_are_built() -> None:
    """B55: a relation is a list of contexts."""
    assert output("<list>" + literal("x") + literal("2") + "</list>", x=1) == [1, 2]
    columns = '<column name="a"/><column name="b"/>'
    rows = f"<row>{literal('1')}{literal('x')}</row><row>{literal('3')}{literal('4')}</row>"
    assert output(f"<relation>{columns}{rows}</relation>", x=2) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def test_knowledge_is_called_as_a_function() -> None:
    """B55: by its name, over what it knows itself."""
    content = definitions(
        knowledge("twice", "n:number", "n * 2"),
        knowledge("fourfold", "n:number", "twice(twice(n))", requires="twice"),
        decision(literal("fourfold(x)"), knows=["fourfold"]),
    )
    assert evaluated(content, x=3).output == 12


def test_knowledge_called_with_the_wrong_type_gives_null() -> None:
    """B55: as functions do."""
    content = definitions(knowledge("twice", "n:number", "n * 2"), decision(literal("twice(x)"), knows=["twice"]))
    assert evaluated(content, x="three").output is None


def invoked(parameter: str, text: str = "n * 2") -> bytes:
    """Write a decision that invokes a knowledge model with one binding."""
    binding = f'<binding><parameter name="{parameter}"/>{literal("x + 1")}</binding>'
    return definitions(
        knowledge("twice", "n:number", text),
        decision(f"<invocation>{literal('twice')}{binding}</invocation>", knows=["twice"]),
    )


def test_invocation_binds_parameters() -> None:
    """B55: what is not bound is said."""
    assert evaluated(invoked("n"), x=2).output == 6
    assert evaluated(invoked("m"), x=2).failure == "no parameter found with name 'n'"


def test_function_of_a_context_is_called() -> None:
    """B55: a function definition among the entries."""
    function = (
        '<contextEntry><variable name="add"/><functionDefinition><formalParameter name="a" typeRef="number"/>'
        f"{literal('a + x')}</functionDefinition></contextEntry>"
    )
    assert output("<context>" + function + entry("", "add(2)") + "</context>", x=1) == 3


def test_result_is_held_against_its_type() -> None:
    """B55: null fits every type, and of types that are not FEEL's own, all fit."""
    number = _VARIABLE.format("dish", "number")
    assert failure(number + literal('"Stew"')) == "expected 'number' but found '\"Stew\"'"
    assert output(number + literal("null")) is None
    assert output(_VARIABLE.format("dish", "tDish") + literal('"Stew"')) == "Stew"


def test_required_decisions_are_evaluated_first_and_once() -> None:
    """B55: each under the name of its variable, else its id."""
    content = definitions(
        decision(_VARIABLE.format("season", "string") + literal('"Winter"'), "weather"),
        decision(literal("season"), "left", requires=["weather"]),
        decision(literal("season"), "right", requires=["weather"]),
        decision(literal('left + "/" + right + "/" + string(guests)'), requires=["left", "right"]),
    )
    found = evaluated(content, guests=2)
    assert found.output == "Winter/Winter/2"
    assert [one.decision_id for one in found.evaluated] == ["weather", "left", "right", "dish"]
    assert [one.kind for one in found.evaluated] == ["LITERAL_EXPRESSION"] * 4


def test_failure_of_a_required_decision_is_its_own() -> None:
    """B55: what stands on it is not evaluated."""
    content = definitions(
        decision(_VARIABLE.format("season", "string") + literal("1"), "weather"),
        decision(literal("season"), requires=["weather"]),
    )
    found = evaluated(content)
    assert (found.failed_decision_id, found.failure) == ("weather", "expected 'string' but found '1'")
    assert [one.decision_id for one in found.evaluated] == ["weather"]


def test_endless_functions_are_stopped() -> None:
    """Functions that call one another without an end fail the decision, and nothing else."""
    told = failure("<context>" + entry("f", "function(g) g(g)") + entry("", "f(f)") + "</context>")
    assert told == "Functions call one another more than 40 levels deep."


def test_work_is_bounded_over_all_parts() -> None:
    """Each entry alone is within bounds; all together are not."""
    loop = "count(for a in 1..300, b in 1..300 return a)"
    entries = "".join(entry(f"e{at}", loop) for at in range(5))
    assert "takes more than" in failure(f"<context>{entries}</context>")
    assert json.loads(to_json(output(f"<context>{entry('e', loop)}</context>")["e"])) == 90_000

"""Tasks besides service tasks: those that pass, those that evaluate, those that are jobs too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.core.acting import Acting, end, nothing_left, process
from tests.engine.dmn.deciding import decision, definitions, literal, table
from tests.engine.model.writing import definition, element, flows
from zeebe_fleet.engine.core import commands

JOB = '<zeebe:taskDefinition type="a" />'
MESSAGE = '<bpmn:message id="m" name="told" />'


def only(*parts: str, beside: str = "") -> str:
    """Write a process of one task."""
    return process(*parts, end(), flows("start", "t", "end"), beside=beside)


@pytest.mark.parametrize("tag", ["task", "manualTask"])
def test_manual_and_undefined_tasks_pass(tag: str) -> None:
    """B56: nobody waits for them; their mappings are made."""
    acting = Acting()
    mapping = '<zeebe:ioMapping><zeebe:output source="=n + 1" target="m" /></zeebe:ioMapping>'
    key = acting.begun(only(element(tag, "t", mapping)), n=1)

    assert acting.ended(key) == {"n": 1, "m": 2}


@pytest.mark.parametrize(
    "task",
    [
        element("sendTask", "t", JOB),
        element("scriptTask", "t", JOB),
        element("businessRuleTask", "t", JOB),
        element("intermediateThrowEvent", "t", JOB, definition("message", messageRef="m")),
    ],
)
def test_tasks_and_message_throws_may_be_jobs(task: str) -> None:
    """B56: a worker does them, as a service task."""
    acting = Acting()
    key = acting.begun(only(task, beside=MESSAGE))
    acting.complete("a", sent=True)

    assert acting.ended(key) == {"sent": True}
    nothing_left(acting)


def test_message_end_event_is_a_job() -> None:
    """B56: and the process ends when it is done."""
    acting = Acting()
    thrown = element("endEvent", "t", JOB, definition("message", messageRef="m"))
    key = acting.begun(process(thrown, flows("start", "t"), beside=MESSAGE))
    assert not acting.is_over(key)
    acting.complete("a")

    assert acting.is_over(key)


def script(expression: str, *inside: str) -> str:
    """Write a process of a script task."""
    return only(element("scriptTask", "t", f'<zeebe:script expression="{expression}" resultVariable="r" />', *inside))


def test_script_puts_its_result_where_the_name_is() -> None:
    """B56: as the result of a job."""
    acting = Acting()
    assert acting.ended(acting.begun(script("={a: x * 2}"), x=21)) == {"x": 21, "r": {"a": 42}}


def test_result_of_a_mapped_script_stays_local() -> None:
    """B18, B56: output mappings say what goes on."""
    acting = Acting()
    mapping = '<zeebe:ioMapping><zeebe:output source="=r + 1" target="out" /></zeebe:ioMapping>'
    assert acting.ended(acting.begun(script("=x", mapping), x=1)) == {"x": 1, "out": 2}


def test_script_that_fails_is_an_incident() -> None:
    """B56: repaired, it goes on."""
    acting = Acting()
    key = acting.begun(script("=assert(x, x != null)"))
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "t")
    acting.set(key, x=3)
    acting.resolve()

    assert acting.ended(key)["r"] == 3


DISHES = definitions(
    decision(literal('if temperature < 10 then "Winter" else "Summer"'), "season"),
    decision(table(["season"], ["dish"], [['"Winter"', '"Stew"'], ['"Summer"', '"Salad"']]), requires=["season"]),
)


def ruled(called: str = 'decisionId="dish"') -> str:
    """Write a process of a business rule task."""
    return only(element("businessRuleTask", "t", f'<zeebe:calledDecision {called} resultVariable="food" />'))


def deploy_all(acting: Acting, *files: tuple[str, bytes]) -> commands.Deployed:
    """Deploy files together."""
    deployed: commands.Deployed = acting.run(commands.Deploy(files))
    return deployed


def test_decision_is_evaluated_into_a_variable() -> None:
    """B55: with what the task sees, over the decisions that it requires."""
    acting = Acting()
    deploy_all(acting, ("p.bpmn", ruled().encode()), ("dishes.dmn", DISHES))
    key = acting.begin("p", temperature=3)

    assert acting.ended(key) == {"temperature": 3, "food": "Stew"}
    evaluated = next(event for event in acting.machine.events if event[0] == "DECISION_EVALUATED")
    assert evaluated[1] == key
    assert [one[0] for one in evaluated[6]] == ["season", "dish"]


def test_decision_by_an_expression_is_the_latest() -> None:
    """B23, B55: the binding `latest`."""
    acting = Acting()
    deploy_all(acting, ("p.bpmn", ruled('decisionId="=which"').encode()), ("dishes.dmn", DISHES))
    deploy_all(acting, ("dishes.dmn", DISHES.replace(b"Stew", b"Soup")))
    key = acting.begin("p", temperature=3, which="dish")

    assert acting.ended(key)["food"] == "Soup"


def test_decision_bound_to_the_deployment_is_the_one_that_came_with_it() -> None:
    """B23, B55: the binding `deployment`, over a restart."""
    acting = Acting()
    bound = ruled('decisionId="dish" bindingType="deployment"')
    deploy_all(acting, ("p.bpmn", bound.encode()), ("dishes.dmn", DISHES))
    deploy_all(acting, ("dishes.dmn", DISHES.replace(b"Stew", b"Soup")))
    acting = acting.restarted()
    key = acting.begin("p", temperature=3)

    assert acting.ended(key)["food"] == "Stew"


def test_decision_bound_to_a_tag_is_the_newest_of_that_tag() -> None:
    """B23, B55: the binding `versionTag`."""
    tagged = DISHES.replace(
        b'<decision id="dish" name="Dish">',
        b'<decision id="dish" name="Dish"><extensionElements>'
        b'<zeebe:versionTag xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" value="v1"/></extensionElements>',
    )
    acting = Acting()
    deploy_all(acting, ("p.bpmn", ruled('decisionId="dish" bindingType="versionTag" versionTag="v1"').encode()))
    key = acting.begin("p", temperature=3)
    kind, at, told = acting.told()
    assert (kind, at) == ("CALLED_DECISION_ERROR", "t")
    assert "version tag 'v1'" in told
    deploy_all(acting, ("dishes.dmn", tagged))
    deploy_all(acting, ("dishes.dmn", DISHES.replace(b"Stew", b"Soup")))
    acting.resolve()

    assert acting.ended(key)["food"] == "Stew"


def test_missing_decision_is_an_incident() -> None:
    """B55: deployed, it goes on."""
    acting = Acting()
    deploy_all(acting, ("p.bpmn", ruled().encode()))
    key = acting.begin("p", temperature=30)
    told = "Expected to evaluate decision 'dish', but no decision found for id 'dish'"
    assert acting.told() == ("CALLED_DECISION_ERROR", "t", told)
    deploy_all(acting, ("dishes.dmn", DISHES))
    acting.resolve()

    assert acting.ended(key)["food"] == "Salad"


def test_failed_decision_is_an_incident_and_maps_inputs_again() -> None:
    """B55: after what it reads was mended."""
    strict = definitions(decision('<variable name="dish" typeRef="string"/>' + literal("fact")))
    mapping = '<zeebe:ioMapping><zeebe:input source="=x" target="fact" /></zeebe:ioMapping>'
    called = '<zeebe:calledDecision decisionId="dish" resultVariable="food" />'
    acting = Acting()
    model = only(element("businessRuleTask", "t", called, mapping))
    deploy_all(acting, ("p.bpmn", model.encode()), ("dishes.dmn", strict))
    key = acting.begin("p", x=1)
    told = "Expected to evaluate decision 'dish', but expected 'string' but found '1'"
    assert acting.told() == ("DECISION_EVALUATION_ERROR", "t", told)
    acting.set(key, x="Stew")
    acting.resolve()

    assert acting.ended(key)["food"] == "Stew"


def test_decision_is_evaluated_by_itself() -> None:
    """B55: by id the newest, by key that one; what fails is an answer too."""
    acting = Acting()
    first = deploy_all(acting, ("dishes.dmn", DISHES)).decisions[-1]
    deploy_all(acting, ("dishes.dmn", DISHES.replace(b"Stew", b"Soup")))
    cold = json.dumps({"temperature": 3})
    assert acting.run(commands.EvaluateDecision("dish", variables=cold)).decided.output == '"Soup"'
    assert acting.run(commands.EvaluateDecision(decision_key=first.key, variables=cold)).decided.output == '"Stew"'
    assert acting.refused(commands.EvaluateDecision("nobody")).kind == "NOT_FOUND"
    assert acting.refused(commands.EvaluateDecision()).kind == "INVALID_ARGUMENT"


def made(deployed: commands.Deployed) -> list[Any]:
    """Return all that a deployment made besides processes."""
    return [*deployed.graphs, *deployed.decisions, *deployed.forms]


def test_decisions_and_forms_have_versions_of_their_own() -> None:
    """B21, B25: the same files again are the same; a deleted one leaves its number and the one before."""
    form = b'{"id": "ask", "components": []}'
    files = (("dishes.dmn", DISHES), ("ask.form", form))
    acting = Acting()
    first = deploy_all(acting, *files)
    again = deploy_all(acting, *files)
    assert [one.key for one in again.graphs] == [one.key for one in first.graphs]
    assert [one.key for one in again.forms] == [one.key for one in first.forms]
    changed = deploy_all(acting, files[0], ("ask.form", form.replace(b"[]", b"[ ]")))
    assert [one.version for one in made(changed)] == [2, 2, 2, 2]
    for key in (changed.graphs[0].key, changed.forms[0].key):
        acting.run(commands.DeleteResource(key))
    acting = acting.restarted()
    latest = acting.state.decisions.definitions.latest("dish")
    assert (latest.version, acting.state.forms.latest("ask").version) == (1, 1)
    third = deploy_all(acting, ("dishes.dmn", DISHES.replace(b"Stew", b"Soup")), ("ask.form", form + b" "))
    assert [one.version for one in made(third)] == [3, 3, 3, 3]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.form", b"{", "Failed to parse formId"),
        ("a.form", b"{}", "Expected the form id to be present"),
        ("a.form", b"[]", "Expected the form id to be present"),
        ("a.dmn", b"<a/>", "no DMN"),
    ],
)
def test_what_is_no_decision_or_form_refuses_the_deployment(name: str, content: bytes, told: str) -> None:
    """B21: all of it."""
    acting = Acting()
    assert told in str(acting.refused(commands.Deploy((("dishes.dmn", DISHES), (name, content)))))
    assert not acting.state.decisions.graphs.by_key


def test_two_files_of_one_decision_are_refused() -> None:
    """B21: as two files of one process are."""
    refusal = Acting().refused(commands.Deploy((("a.dmn", DISHES), ("b.dmn", DISHES))))

    assert "Duplicated decision requirements id in resources 'a.dmn' and 'b.dmn'" in str(refusal)
    renamed = DISHES.replace(b'id="dishes"', b'id="others"')
    refusal = Acting().refused(commands.Deploy((("a.dmn", DISHES), ("b.dmn", renamed))))
    assert "Duplicated decision id in resources 'a.dmn' and 'b.dmn'" in str(refusal)

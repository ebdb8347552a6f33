"""Each rule refuses the model that breaks it, in the engine's words and shape."""

from __future__ import annotations

import pytest

from tests.engine.model.refused import CASES, Case
from tests.engine.model.writing import element, model, started, work
from zeebe_fleet.engine.model import Refused, read
from zeebe_fleet.engine.model.refusal import MAX_ERROR, MAX_TOLD
from zeebe_fleet.engine.model.rules import RULES


def refusal(bpmn: str) -> str:
    """Return why a model is refused."""
    with pytest.raises(Refused) as refused:
        read("model.bpmn", bpmn.encode())
    return str(refused.value)


def errors(text: str) -> dict[str, list[str]]:
    """Take a refusal apart again: the errors of each element."""
    name, _, told = text.partition(": ")
    assert name == "'model.bpmn'"
    found: dict[str, list[str]] = {}
    for block in told.removeprefix("- Element: ").removesuffix("\n").split("\n- Element: "):
        path, *lines = block.split("\n    - ERROR: ")
        found[path] = lines
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rule_refuses_the_model_that_breaks_it(case: Case) -> None:
    """Exactly these errors, at exactly these elements."""
    assert {path: sorted(told) for path, told in errors(refusal(case.model)).items()} == {
        path: sorted(told) for path, told in case.errors.items()
    }


def test_refusal_has_the_engine_s_shape() -> None:
    """File, element, error, each on its own line but the first two."""
    text = refusal(started(element("serviceTask", "work"), element("serviceTask", "more")))

    assert text == (
        "'model.bpmn': - Element: work\n"
        "    - ERROR: Must have exactly one 'zeebe:taskDefinition' extension element\n"
        "- Element: more\n"
        "    - ERROR: Must have exactly one 'zeebe:taskDefinition' extension element\n"
    )


def test_every_rule_is_explained() -> None:
    """A rule says in its docstring what it holds; those made by another are explained there."""
    rules = {rule for rules in RULES.values() for rule in rules}

    assert len(rules) > 60
    assert [rule.__qualname__ for rule in rules if not rule.__doc__ and "<locals>" not in rule.__qualname__] == []


def test_element_without_id_is_named_by_its_place() -> None:
    """What has no id is found from the nearest element that has one."""
    text = refusal(started("<bpmn:task />"))

    assert errors(text) == {"p > task": ["Element id must be present and not empty."]}


def test_process_without_id_is_refused() -> None:
    """It could not be started."""
    text = refusal(model('<bpmn:startEvent id="s" />', attributes='isExecutable="true"'))

    assert errors(text) == {"definitions > process": ["Element id must be present and not empty."]}


def test_model_that_runs_nothing_is_not_looked_into() -> None:
    """Beside an executable process others may be drafts."""
    draft = '<bpmn:process id="draft"><bpmn:serviceTask id="later" /></bpmn:process>'

    read_model = read("model.bpmn", started(work("w"), beside=draft).encode())

    assert [process.id for process in read_model.processes] == ["p"]
    assert read_model.skipped == ("draft",)


def test_refusal_stays_readable() -> None:
    """Neither thousands of errors nor one that quotes a megabyte reach the modeller."""
    many = refusal(started(*(element("serviceTask", f"w{nth}") for nth in range(1000))))
    long = refusal(
        started(element("scriptTask", "s", f'<zeebe:script expression="={"(" * 1000_000}" resultVariable="r" />'))
    )

    assert len(errors(many)) == MAX_TOLD
    assert len(long) < 2 * MAX_ERROR

"""Which variables lint takes to reach an element: all that may, and none that cannot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.bpmn.models import element, flows, found, model, task
from zeebe_fleet.bpmn.tooling.lint import lint_folder

START, END = element("startEvent", "start"), element("endEvent", "end")
_STRING = {"type": "string"}
JOBS = {
    "give": {"description": "Gives x.", "output": {"type": "object", "properties": {"x": _STRING}}},
    "need": {
        "description": "Needs x.",
        "input": {"type": "object", "required": ["x"], "properties": {"x": _STRING}},
        "output": {"type": "object", "properties": {}},
    },
    "quiet": {"description": "Gives nothing.", "output": {"type": "object", "properties": {}}},
    "unsaid": {"description": "Nobody says what."},
}
INPUT = {"type": "object", "properties": {"y": {"type": "integer"}}}


def missing(bpmn: bytes, **manifest: Any) -> list[str]:
    """Return the elements that are said to lack something."""
    said: dict[str, Any] = {"job_types": JOBS, "input": INPUT} | manifest
    return [one.element_id for one in found(bpmn, "jobs-get-what-they-need", "variables-are-given", **said)]


def timer(duration: str = "PT1M") -> str:
    """Write a timer."""
    return f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"


GIVE, NEED, QUIET = task("give", "give"), task("need", "need"), task("quiet", "quiet")
FORK, JOIN = element("parallelGateway", "fork"), element("parallelGateway", "join")
CHOICE, MERGE = element("exclusiveGateway", "choice"), element("exclusiveGateway", "merge")
LOOP = (
    '<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=[1]" '
    "{0}/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
)

REACHING = {
    "a task before": model(START, GIVE, NEED, END, flows("start give need end")),
    "one way of two": model(
        START, CHOICE, GIVE, QUIET, MERGE, NEED, END, flows("start choice give merge need end", "choice quiet merge")
    ),
    "an earlier round": model(
        START, MERGE, NEED, GIVE, CHOICE, END, flows("start merge need give choice end", "choice merge")
    ),
    "a branch beside": model(START, FORK, GIVE, NEED, JOIN, END, flows("start fork give join end", "fork need join")),
    "branches joined": model(
        START, FORK, GIVE, QUIET, JOIN, NEED, END, flows("start fork give join need end", "fork quiet join")
    ),
    "a subprocess before": model(
        START,
        element("subProcess", "inner", element("startEvent", "in"), GIVE, flows("in give")),
        NEED,
        END,
        flows("start inner need end"),
    ),
    "what is around a subprocess": model(
        START,
        GIVE,
        element("subProcess", "inner", element("startEvent", "in"), NEED, flows("in need")),
        END,
        flows("start give inner end"),
    ),
    "a scope's own mapping": model(
        START,
        element(
            "subProcess",
            "inner",
            element("startEvent", "in"),
            NEED,
            flows("in need"),
            extensions='<zeebe:ioMapping><zeebe:input source="=string(y)" target="x" /></zeebe:ioMapping>',
        ),
        END,
        flows("start inner end"),
    ),
    "a loop's item": model(
        START,
        element(
            "subProcess", "inner", LOOP.format('inputElement="x"'), element("startEvent", "in"), NEED, flows("in need")
        ),
        END,
        flows("start inner end"),
    ),
    "its own mapping": model(
        START,
        task("need", "need", mapping='<zeebe:input source="=string(y)" target="x" />'),
        END,
        flows("start need end"),
    ),
    "an event subprocess that goes on beside": model(
        START,
        NEED,
        END,
        flows("start need end"),
        element(
            "subProcess",
            "beside",
            element("startEvent", "timed", timer(), isInterrupting="false"),
            GIVE,
            flows("timed give"),
            triggeredByEvent="true",
        ),
    ),
    "what an event subprocess interrupts": model(
        START,
        GIVE,
        END,
        flows("start give end"),
        element(
            "subProcess",
            "instead",
            element("startEvent", "timed", timer()),
            NEED,
            flows("timed need"),
            triggeredByEvent="true",
        ),
    ),
    "a boundary event that goes on beside": model(
        START,
        QUIET,
        element("boundaryEvent", "late", timer(), attachedToRef="quiet", cancelActivity="false"),
        GIVE,
        NEED,
        END,
        element("endEvent", "told"),
        flows("start quiet need end", "late give told"),
    ),
    "what a subprocess did before it was interrupted": model(
        START,
        element("subProcess", "inner", element("startEvent", "in"), GIVE, flows("in give")),
        element("boundaryEvent", "late", timer(), attachedToRef="inner"),
        NEED,
        END,
        flows("start inner end", "late need"),
    ),
    "a message's content": model(
        START,
        element("intermediateCatchEvent", "wait", '<bpmn:messageEventDefinition messageRef="m" />'),
        NEED,
        END,
        flows("start wait need end"),
        beside='<bpmn:message id="m" name="m" />',
    ),
    "a called process": model(
        START,
        element("callActivity", "call", extensions='<zeebe:calledElement processId="other" />'),
        NEED,
        END,
        flows("start call need end"),
    ),
    "a job of which nothing is said": model(START, task("unsaid", "unsaid"), NEED, END, flows("start unsaid need end")),
    "a job whose type is computed": model(START, task("any", "=y"), NEED, END, flows("start any need end")),
    "a task for people without a form": model(
        START, element("userTask", "ask"), NEED, END, flows("start ask need end")
    ),
    "a script's result": model(
        START,
        element("scriptTask", "count", extensions='<zeebe:script expression="=string(y)" resultVariable="x" />'),
        NEED,
        END,
        flows("start count need end"),
    ),
    "a decision's result": model(
        START,
        element("businessRuleTask", "rate", extensions='<zeebe:calledDecision decisionId="rate" resultVariable="x" />'),
        NEED,
        END,
        flows("start rate need end"),
    ),
    "an error, of which nothing is said": model(
        START,
        QUIET,
        element("boundaryEvent", "refused", "<bpmn:errorEventDefinition />", attachedToRef="quiet"),
        NEED,
        END,
        flows("start quiet end", "refused need"),
    ),
    "a link": model(
        START,
        GIVE,
        element("intermediateThrowEvent", "away", '<bpmn:linkEventDefinition name="on" />'),
        element("intermediateCatchEvent", "here", '<bpmn:linkEventDefinition name="on" />'),
        NEED,
        END,
        flows("start give away", "here need end"),
    ),
    "anything, for a compensation handler": model(
        START,
        QUIET,
        GIVE,
        END,
        flows("start quiet give end"),
        element("boundaryEvent", "undo", '<bpmn:compensateEventDefinition id="u" />', attachedToRef="quiet"),
        task("need", "need", isForCompensation="true"),
        '<bpmn:association id="by" sourceRef="undo" targetRef="need" />',
    ),
    "an activity of an ad-hoc subprocess": model(
        START, element("adHocSubProcess", "any", GIVE, NEED), END, flows("start any end")
    ),
    "another instance of a loop": model(
        START,
        element("subProcess", "inner", LOOP.format(""), element("startEvent", "in"), NEED, GIVE, flows("in need give")),
        END,
        flows("start inner end"),
    ),
}

REACHING["an ad-hoc subprocess whose job says what it is given"] = model(
    START,
    element("adHocSubProcess", "any", NEED, extensions='<zeebe:taskDefinition type="agent" />'),
    END,
    flows("start any end"),
)

LACKING = {
    "a task behind": model(START, NEED, GIVE, END, flows("start need give end")),
    "another way": model(
        START,
        CHOICE,
        GIVE,
        NEED,
        END,
        element("endEvent", "other"),
        flows("start choice give end", "choice need other"),
    ),
    "what comes after branches are joined": model(
        START, FORK, NEED, QUIET, JOIN, GIVE, END, flows("start fork need join give end", "fork quiet join")
    ),
    "a mapping that keeps it": model(
        START,
        task("give", "give", mapping='<zeebe:output source="=x" target="z" />'),
        NEED,
        END,
        flows("start give need end"),
    ),
    "a job that writes into its own mapping": model(
        START,
        task("give", "give", mapping='<zeebe:input source="=y" target="x" />'),
        NEED,
        END,
        flows("start give need end"),
    ),
    "a mapping of another task": model(
        START,
        task("quiet", "quiet", mapping='<zeebe:input source="=y" target="x" />'),
        NEED,
        END,
        flows("start quiet need end"),
    ),
    "what an interrupted task would have given": model(
        START,
        GIVE,
        element("boundaryEvent", "late", timer(), attachedToRef="give"),
        NEED,
        END,
        flows("start give end", "late need"),
    ),
    "a loop's item, behind it": model(
        START, task("quiet", "quiet", LOOP.format('inputElement="x"')), NEED, END, flows("start quiet need end")
    ),
    "a called process that keeps its own": model(
        START,
        element(
            "callActivity",
            "call",
            extensions='<zeebe:calledElement processId="other" propagateAllChildVariables="false" />',
        ),
        NEED,
        END,
        flows("start call need end"),
    ),
}


@pytest.mark.parametrize("way", REACHING)
def test_variables_reach_a_task_from(way: str) -> None:
    """Whatever may have given it, on any way that a token can take."""
    assert missing(REACHING[way]) == []


@pytest.mark.parametrize("way", LACKING)
def test_variables_do_not_reach_a_task_from(way: str) -> None:
    """What cannot have happened, or was kept, gives nothing."""
    assert missing(LACKING[way]) == ["need"]


def _read(expression: str) -> bytes:
    """Read something in a mapping."""
    mapping = f'<zeebe:input source="{expression}" target="z" />'
    return model(START, task("read", "quiet", mapping=mapping), END, flows("start read end"))


@pytest.mark.parametrize(
    ("expression", "lacks"),
    [
        ("=y + 1", False),
        ("=why + 1", True),
        ("=if is defined(why) then 1 else 2", False),
        ("=get or else(why, 1)", False),
        ("=for item in [1] return item + y", False),
        ("=for item in [1] return item + why", True),
        ("=some item in [1] satisfies item = y", False),
        ("=[{a: 1}][a = 1]", False),
        ("=[{a: 1}][a = why]", False),
        ("={a: y, b: a}", False),
        ("={a: why}", True),
        ("=(function(a) a + y)", False),
        ("=workflow_id", False),
        ("plain text", False),
        ("=z", True),
    ],
)
def test_expressions_read(expression: str, lacks: bool) -> None:
    """A name that the expression binds itself, or asks about, is no variable that must be there."""
    assert bool(missing(_read(expression))) is lacks


def test_a_mapping_sees_those_before_it() -> None:
    """Input mappings are evaluated in their order."""
    mapping = '<zeebe:input source="=y" target="a" /><zeebe:input source="=a" target="b" />'
    bpmn = model(START, task("read", "quiet", mapping=mapping), END, flows("start read end"))
    assert missing(bpmn) == []
    swapped = '<zeebe:input source="=a" target="b" /><zeebe:input source="=y" target="a" />'
    assert missing(model(START, task("read", "quiet", mapping=swapped), END, flows("start read end"))) == ["read"]


@pytest.mark.parametrize(
    ("schema", "reads", "lacks"),
    [
        ({"type": "object", "properties": {"a": _STRING}}, "=o.a", False),
        ({"type": "object", "properties": {"a": _STRING}}, "=o.b", True),
        ({"type": "object", "properties": {"a": _STRING}, "additionalProperties": True}, "=o.b", False),
        ({"type": "object"}, "=o.b", False),
        ({}, "=o.b", False),
        ({"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": _STRING}}]}, "=o.b", True),
        ({"type": "array", "items": {"type": "object", "properties": {"a": _STRING}}}, "=o.a", False),
        ({"type": "array", "items": {"type": "object", "properties": {"a": _STRING}}}, "=o.b", True),
        ({"type": "array", "items": {"type": "object", "properties": {"a": _STRING}}}, "=o[1].b", False),
        ({"$ref": "#/$defs/o"}, "=o.b", True),
    ],
)
def test_parts_of_variables_are_read(schema: dict[str, Any], reads: str, lacks: bool) -> None:
    """As far as the schema says which parts there are."""
    said = {
        "type": "object",
        "properties": {"o": schema},
        "$defs": {"o": {"type": "object", "properties": {"a": _STRING}}},
    }
    assert bool(missing(_read(reads), input=said)) is lacks


def test_variables_reach_a_process_from_those_that_call_it(tmp_path: Path) -> None:
    """Whatever they have; alone it has what its own manifest says."""
    call = element("callActivity", "call", extensions='<zeebe:calledElement processId="child" />')
    manifest = "version: 1.0.0\ndescription: One.\ninput: {type: object, properties: {}}\n"
    for name, bpmn in (("child", _read("=x")), ("parent", model(START, call, END, flows("start call end")))):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.bpmn").write_bytes(bpmn.replace(b'id="p"', f'id="{name}"'.encode()))
        (tmp_path / name / "manifest.yaml").write_text(f"name: {name}\n{manifest}")
    assert "variables-are-given" not in {one.rule for one in lint_folder(tmp_path)}
    shutil.rmtree(tmp_path / "parent")
    assert "variables-are-given" in {one.rule for one in lint_folder(tmp_path)}


def test_nothing_is_said_where_nothing_is_known() -> None:
    """Without a schema of what it starts with, a process may have any variable."""
    assert missing(_read("=anything.at_all"), input={}) == []
    loose: tuple[dict[str, Any], ...] = (
        {"additionalProperties": True},
        {"patternProperties": {"a": {}}},
        {"if": {}, "then": {"properties": {}}},
    )
    for more in loose:
        assert missing(_read("=anything"), input={"type": "object", "properties": {}} | more) == []

"""Lint rules beyond their pairs: each kind of what they look for, and what they let be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bpmn.models import element, flows, found, model, task
from zeebe_fleet.bpmn.tooling.lint import lint_folder

START, END = element("startEvent", "start"), element("endEvent", "end")


def messages(bpmn: bytes, *rules: str, **manifest: Any) -> list[str]:
    """Return what some rules say of a model."""
    return [f"{one.element_id}: {one.message}" for one in found(bpmn, *rules, **manifest)]


_PLACES = {
    "a condition": flows("start work end", start_work="=1 +"),
    "a job type": task("wrong", "=1 +"),
    "retries": element("serviceTask", "wrong", extensions='<zeebe:taskDefinition type="a" retries="=1 +" />'),
    "an input": task("wrong", mapping='<zeebe:input source="=1 +" target="a" />'),
    "an output": task("wrong", mapping='<zeebe:output source="=1 +" target="a" />'),
    "an assignee": element("userTask", "wrong", extensions='<zeebe:assignmentDefinition assignee="=1 +" />'),
    "groups": element("userTask", "wrong", extensions='<zeebe:assignmentDefinition candidateGroups="=1 +" />'),
    "a due date": element("userTask", "wrong", extensions='<zeebe:taskSchedule dueDate="=1 +" />'),
    "a priority": element("userTask", "wrong", extensions='<zeebe:priorityDefinition priority="=1 +" />'),
    "a call": element("callActivity", "wrong", extensions='<zeebe:calledElement processId="=1 +" />'),
    "a decision": element(
        "businessRuleTask", "wrong", extensions='<zeebe:calledDecision decisionId="=1 +" resultVariable="a" />'
    ),
    "a script": element("scriptTask", "wrong", extensions='<zeebe:script expression="=1 +" resultVariable="a" />'),
    "a listener": element(
        "serviceTask",
        "wrong",
        extensions='<zeebe:executionListeners><zeebe:executionListener eventType="start" type="=1 +" />'
        "</zeebe:executionListeners>",
    ),
    "a timer": element(
        "intermediateCatchEvent",
        "wrong",
        "<bpmn:timerEventDefinition><bpmn:timeDuration>=1 +</bpmn:timeDuration></bpmn:timerEventDefinition>",
    ),
    "a conditional event": element(
        "intermediateCatchEvent",
        "wrong",
        "<bpmn:conditionalEventDefinition><bpmn:condition>=1 +</bpmn:condition></bpmn:conditionalEventDefinition>",
    ),
    "a loop": task(
        "wrong",
        "a",
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=1 +" /></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics>",
    ),
    "a loop's output": task(
        "wrong",
        "a",
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=[]" outputElement="=1 +" outputCollection="a" />'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>",
    ),
    "a loop's end": task(
        "wrong",
        "a",
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:completionCondition>=1 +</bpmn:completionCondition>"
        "</bpmn:multiInstanceLoopCharacteristics>",
    ),
    "a message's name": element("receiveTask", "wrong", messageRef="m"),
    "a key": element("intermediateCatchEvent", "wrong", '<bpmn:messageEventDefinition messageRef="k" />'),
    "a signal": element("intermediateThrowEvent", "wrong", '<bpmn:signalEventDefinition signalRef="s" />'),
    "an error": element("endEvent", "wrong", '<bpmn:errorEventDefinition errorRef="e" />'),
    "an escalation": element("endEvent", "wrong", '<bpmn:escalationEventDefinition escalationRef="c" />'),
}
_BESIDE = (
    '<bpmn:message id="m" name="=1 +" /><bpmn:message id="k" name="k"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=1 +" /></bpmn:extensionElements></bpmn:message>'
    '<bpmn:signal id="s" name="=1 +" /><bpmn:error id="e" errorCode="=1 +" />'
    '<bpmn:escalation id="c" escalationCode="=1 +" />'
)


@pytest.mark.parametrize("place", _PLACES)
def test_every_expression_is_parsed(place: str) -> None:
    """Wherever one may stand; the finding names what people know it by."""
    bpmn = model(START, task("work"), END, _PLACES[place], beside=_BESIDE)
    (said,) = messages(bpmn, "expressions-can-be-parsed")
    assert said.startswith("start_work: " if place == "a condition" else "wrong: ")


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("now()", ""),
        ('cycle(duration("PT1H"))', ""),
        ('fromAi(toolCall.x, "What it is")', ""),
        ("sum(1, 2, 3)", ""),
        ('substring(string: "abc", start position: 2)', ""),
        ("{f: function(a) a, b: f(1)}.b", ""),
        ("today(1)", "today() takes 0 arguments, not 1"),
        ('substring("abc")', "substring() takes 2 or 3 arguments, not 1"),
        ('string length(text: "abc")', "string length() has no arguments named text"),
        ('stringlength("abc")', "FEEL has no function 'stringlength'"),
        ('execution.getVariable("a")', ""),
        ("if true then undefined(1) else 2", "FEEL has no function 'undefined'"),
    ],
)
def test_functions_are_known(call: str, wrong: str) -> None:
    """By name and number of arguments; what the engine adds to FEEL is known as well."""
    mapping = f"<zeebe:input source='={call}' target='a' />"
    said = messages(model(task("t", mapping=mapping)), "functions-are-called-right")
    assert (wrong in said[0]) if wrong else said == []


def _timer(kind: str, text: str, *, starts: bool = False) -> bytes:
    timed = f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"
    if starts:
        return model(element("startEvent", "wrong", timed), END, flows("wrong end"))
    event = element("boundaryEvent", "wrong", timed, attachedToRef="work", cancelActivity="false")
    return model(START, task("work"), event, END, element("endEvent", "late"), flows("start work end", "wrong late"))


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [
        ("timeDuration", "PT5M", True),
        ("timeDuration", "=waiting", True),
        ("timeDuration", '=duration("PT5M")', True),
        ("timeDuration", '="PT5M"', True),
        ("timeDuration", '=duration("5 minutes")', False),
        ("timeDuration", '="5 minutes"', False),
        ("timeDuration", "=5", False),
        ("timeDate", '=date and time("2026-03-01T09:00:00Z")', True),
        ("timeDate", '=now() + duration("PT1H")', True),
        ("timeDate", '="tomorrow"', False),
        ("timeCycle", "R3/PT10M", True),
        ("timeCycle", '=cycle(3, duration("PT10M"))', True),
        ("timeCycle", "0 0 9 * * MON-FRI", True),
        ("timeCycle", "0 0/15 8-18 ? * 1,3,5", True),
        ("timeCycle", "0 0 9 L * *", True),
        ("timeCycle", "@daily", True),
        ("timeCycle", "0 60 9 * * *", False),
        ("timeCycle", "0 0 9 31 13 *", False),
        ("timeCycle", "0 0 9 * * XYZ", False),
        ("timeCycle", '="R/"', False),
    ],
)
def test_times_can_be_read(kind: str, text: str, *, right: bool) -> None:
    """Also those that an expression gives without any variable."""
    assert (messages(_timer(kind, text), "timers-can-be-read", "engine-takes-it") == []) is right


def test_a_start_by_time_reads_no_variables() -> None:
    """It is computed when the process is deployed."""
    (said,) = messages(_timer("timeCycle", "=every", starts=True), "timers-can-be-read")
    assert "reads 'every', but is computed when the process is deployed" in said
    assert messages(_timer("timeCycle", '="R/PT1H"', starts=True), "timers-can-be-read") == []


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ('<bpmn:association id="a" sourceRef="work" targetRef="ghost" />', "a: Its targetRef leads to 'ghost'"),
        ('<bpmn:dataObjectReference id="d" dataObjectRef="ghost" />', "d: Its dataObjectRef leads to 'ghost'"),
        (
            '<bpmn:laneSet id="l"><bpmn:lane id="lane"><bpmn:flowNodeRef>ghost</bpmn:flowNodeRef></bpmn:lane>'
            "</bpmn:laneSet>",
            "lane: Its flowNodeRef leads to 'ghost'",
        ),
        (
            element("boundaryEvent", "b", '<bpmn:errorEventDefinition id="x" errorRef="work" />', attachedToRef="work"),
            "b: Its errorRef leads to 'work', which is of another kind: serviceTask",
        ),
        (
            element("serviceTask", "t", "<bpmn:incoming>ghost</bpmn:incoming>"),
            "t: Its incoming leads to 'ghost'",
        ),
    ],
)
def test_references_are_followed(elements: str, said: str) -> None:
    """Those that the engine looks at, and those that only people and modelers do."""
    told = messages(model(START, task("work"), elements, flows("start work")), "references-lead-somewhere")
    assert any(one.startswith(said) for one in told), told


def test_references_may_have_a_prefix() -> None:
    """A file of another tool writes them with one."""
    event = element("boundaryEvent", "b", '<bpmn:errorEventDefinition errorRef="ns:e" />', attachedToRef="work")
    bpmn = model(START, task("work"), event, flows("start work"), beside='<bpmn:error id="e" errorCode="E" />')
    assert messages(bpmn, "references-lead-somewhere") == []


_ERROR = '<bpmn:error id="no_stock" errorCode="NO_STOCK" />'
_CATCH = '<bpmn:errorEventDefinition errorRef="no_stock" />'


def _package(folder: Path, name: str, bpmn: bytes, manifest: str = "") -> None:
    (folder / name).mkdir()
    (folder / name / f"{name}.bpmn").write_bytes(bpmn.replace(b'id="p"', f'id="{name}"'.encode()))
    (folder / name / "manifest.yaml").write_text(f"name: {name}\nversion: 1.0.0\ndescription: One.\n{manifest}")


def _call(process: str, *boundaries: str) -> bytes:
    call = element("callActivity", "call", extensions=f'<zeebe:calledElement processId="{process}" />')
    return model(START, call, END, flows("start call end"), *boundaries, beside=_ERROR)


_RAISES = "job_types:\n  a.b: {description: x, errors: [NO_STOCK], effects: none}\nerrors: {NO_STOCK: None left.}\n"


def _said(folder: Path, *rules: str) -> set[tuple[str, str, str]]:
    """Return package, rule and element of what is found."""
    return {(Path(one.file).parent.name, one.rule, one.element_id) for one in lint_folder(folder) if one.rule in rules}


def test_an_error_may_be_caught_where_the_process_is_called(tmp_path: Path) -> None:
    """At the call activity, of every process that calls it; else it is said there."""
    caught = element("boundaryEvent", "caught", _CATCH, attachedToRef="call")
    _package(tmp_path, "child", model(START, task("work"), END, flows("start work end")), _RAISES)
    assert _said(tmp_path, "errors-are-caught") == {("child", "errors-are-caught", "work")}

    _package(tmp_path, "careful", _call("child", caught), "errors: {NO_STOCK: None left.}\n")
    assert _said(tmp_path, "errors-are-caught", "caught-errors-can-be-raised") == set()

    _package(tmp_path, "careless", _call("child"))
    assert _said(tmp_path, "errors-are-caught") == {("careless", "errors-are-caught", "call")}

    _package(tmp_path, "around", _call("careless", caught), "errors: {NO_STOCK: None left.}\n")
    assert _said(tmp_path, "errors-are-caught", "caught-errors-can-be-raised") == set()


def test_an_error_end_event_is_caught_too() -> None:
    """What a model throws itself is an incident as well."""
    thrown = element("endEvent", "thrown", _CATCH)
    assert messages(model(START, thrown, flows("start thrown"), beside=_ERROR), "errors-are-caught") == [
        "thrown: Its error 'NO_STOCK' is not caught."
    ]
    inner = element("subProcess", "inner", element("startEvent", "in"), thrown, flows("in thrown"))
    caught = element("boundaryEvent", "caught", _CATCH, attachedToRef="inner")
    assert messages(model(START, inner, caught, flows("start inner"), beside=_ERROR), "errors-are-caught") == []


def test_an_error_that_nothing_throws_is_left_over_in_the_manifest() -> None:
    """The manifest has the codes of model and job types, and no other."""
    bpmn = model(START, task("work"), flows("start work"))
    said = found(bpmn, "errors-are-declared", errors={"NO_STOCK": "None left."})
    assert [(one.element_id, str(one.severity)) for one in said] == [("NO_STOCK", "warning")]


def test_calls_that_come_back_are_told_apart(tmp_path: Path) -> None:
    """Always is an error, sometimes is worth a look, and never is neither."""
    choice = element("exclusiveGateway", "choice", default="choice_end")
    call = element("callActivity", "call", extensions='<zeebe:calledElement processId="one" />')
    sometimes = model(START, choice, call, END, flows("start choice end", "choice call end"))
    _package(tmp_path, "one", _call("two"))
    _package(tmp_path, "two", _call("one"))
    said = {
        (Path(one.file).parent.name, str(one.severity))
        for one in lint_folder(tmp_path)
        if one.rule == "called-processes-are-there"
    }
    assert said == {("one", "error"), ("two", "error")}
    (tmp_path / "two/two.bpmn").write_bytes(sometimes.replace(b'id="p"', b'id="two"'))
    said = {
        (Path(one.file).parent.name, str(one.severity))
        for one in lint_folder(tmp_path)
        if one.rule == "called-processes-are-there"
    }
    assert said == {("one", "info"), ("two", "info")}


def test_what_the_engine_has_from_elsewhere_need_not_be_there(tmp_path: Path) -> None:
    """Processes, decisions and forms of somebody else are named in the manifest."""
    _package(tmp_path, "one", _call("bank"))
    assert _said(tmp_path, "called-processes-are-there") == {("one", "called-processes-are-there", "call")}
    manifest = tmp_path / "one/manifest.yaml"
    manifest.write_text(manifest.read_text() + "elsewhere: {processes: [bank]}\n")
    assert _said(tmp_path, "called-processes-are-there") == set()


def _form(*components: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return ({"id": "f", "type": "default", "components": list(components)},)


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ({"type": "text", "text": "Of {{order.number}}"}, ""),
        ({"type": "text", "text": "Of {{ordr.number}}"}, "nothing before it gives 'ordr'"),
        ({"type": "text", "text": "{{#loop order.lines}}{{this.name}} {{name}}{{/loop}}"}, ""),
        ({"type": "text", "text": "{{#if order.number = 1}}One{{/if}}"}, ""),
        ({"type": "text", "text": "{{order.}}"}, "is no FEEL"),
        ({"type": "textfield", "key": "a", "conditional": {"hide": "=ordr = null"}}, "nothing before it gives 'ordr'"),
        ({"type": "select", "key": "a", "valuesKey": "choices"}, "nothing before it gives 'choices'"),
        ({"type": "select", "key": "a", "valuesExpression": "=order.lines"}, ""),
        ({"type": "table", "dataSource": "=rows"}, "nothing before it gives 'rows'"),
        ({"type": "textfield", "key": "ordr", "validate": {"min": "=ordr"}}, ""),
        ({"type": "group", "path": "inner", "components": [{"type": "text", "text": "{{ordr}}"}]}, ""),
        ({"type": ["text"], "key": {"a": 1}, "text": 3, "values": [None], "components": []}, ""),
        ({"type": "dynamiclist", "path": "rows", "components": [{"type": "text", "text": "{{ordr}}"}]}, ""),
    ],
)
def test_forms_are_looked_through(component: dict[str, Any], said: str) -> None:
    """Texts, conditions and sources; what a list's row has is known to the page alone."""
    ask = element("userTask", "ask", extensions='<zeebe:formDefinition formId="f" />')
    bpmn = model(START, ask, END, flows("start ask end"))
    order = {"type": "object", "properties": {"number": {}, "lines": {}}}
    told = [
        one.message
        for one in found(
            bpmn,
            "forms-show-what-is-given",
            forms=_form(component),
            input={"type": "object", "properties": {"order": order}},
        )
    ]
    assert (said in told[0]) if said else told == []


def test_two_fields_of_one_key_are_told_unless_one_may_be_hidden() -> None:
    """Fields that are shown by turns may share a key."""
    ask = element("userTask", "ask", extensions='<zeebe:formDefinition formId="f" />')
    bpmn = model(START, ask, END, flows("start ask end"))
    one, other = {"type": "textfield", "key": "a"}, {"type": "textarea", "key": "a"}
    assert len(found(bpmn, "form-fields-fit", forms=_form(one, other))) == 1
    assert found(bpmn, "form-fields-fit", forms=_form(one, other | {"conditional": {"hide": "=true"}})) == []

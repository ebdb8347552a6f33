"""What is written in a model is what its elements say."""

from __future__ import annotations

import pytest

from tests.engine.model.writing import (
    HEAD,
    association,
    boundary,
    definition,
    element,
    flow,
    flows,
    listener,
    message,
    model,
    started,
    work,
)
from zeebe_fleet.engine.feel import Expression
from zeebe_fleet.engine.model import Process, read
from zeebe_fleet.engine.model.elements import (
    Compensation,
    Conditional,
    Element,
    Error,
    Escalation,
    EventDefinition,
    JobDefinition,
    Link,
    Message,
    Signal,
    TaskListener,
    Terminate,
    Timer,
    Value,
)

JOB = '<zeebe:taskDefinition type="t" />'


def process(bpmn: str) -> Process:
    """Read the only process of a model."""
    (only,) = read("model.bpmn", bpmn.encode()).processes
    return only


def one(name: str, *parts: str, beside: str = "") -> Element:
    """Read one element of a process with a start event."""
    return process(started(*parts, beside=beside)).elements[name]


def text(value: Value | None) -> str:
    """Show an expression with its `=`."""
    return f"={value.text}" if isinstance(value, Expression) else str(value)


def test_process_knows_its_elements_and_flows() -> None:
    """By id, with lines, scopes and neighbours."""
    read_process = process(started(work("w"), element("endEvent", "e"), flows("start", "w", "e")))

    task = read_process.elements["w"]
    assert list(read_process.elements) == ["p", "start", "w", "e"]
    assert list(read_process.flows) == ["start-w", "w-e"]
    assert read_process.none_start is read_process.elements["start"]
    assert task.scope is read_process.root
    assert [flow.source.id for flow in task.incoming] == ["start"]
    assert [flow.target.id for flow in task.outgoing] == ["e"]
    assert task.line == 4
    assert read_process.root.children == [read_process.elements[name] for name in ("start", "w", "e")]


def test_process_says_name_version_tag_and_listeners() -> None:
    """All of them stand at the process itself."""
    extensions = '<zeebe:versionTag value="1.2" />' + listener("start", "adopt")
    bpmn = model(
        f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>",
        '<bpmn:startEvent id="s" />',
        attributes='id="p" name="Purchase" isExecutable="true"',
    )

    read_process = process(bpmn)

    assert (read_process.name, read_process.version_tag) == ("Purchase", "1.2")
    assert read_process.root.start_listeners == (JobDefinition("adopt", "3"),)
    assert read_process.root.end_listeners == ()


def test_default_namespace_is_read_like_a_prefix() -> None:
    """Some write `process`, some `bpmn:process`, some `semantic:process`."""
    plain = started(work("w"), flow("start", "w")).replace("bpmn:", "").replace("xmlns:bpmn", "xmlns")
    plain = plain.replace('xmlns:bpmn="', 'xmlns="').replace('xmlns="http://www.omg', 'xmlns="http://www.omg')
    other = started(work("w"), flow("start", "w")).replace("bpmn", "semantic").replace("zeebe:", "z:")
    other = other.replace("xmlns:z:", "xmlns:z").replace("xmlns:zeebe", "xmlns:z")

    for bpmn in (plain, other):
        assert process(bpmn).elements["w"].job == JobDefinition("w", "3")


def test_foreign_attributes_and_elements_are_passed_over() -> None:
    """A modeller leaves notes of its own, and pictures."""
    bpmn = started(work("w", '<zeebe:unknown x="1" />', attributes='m:platform="C8"'), beside='<d:diagram id="w"/>')
    bpmn = bpmn.replace(
        ' id="definitions"', ' xmlns:m="urn:m" xmlns:d="urn:d" m:executionPlatform="x" id="definitions"'
    )

    assert process(bpmn).elements["w"].job == JobDefinition("w", "3")


def test_documentation_annotations_and_their_associations_are_passed_over() -> None:
    """They say something to people only."""
    note = '<bpmn:textAnnotation id="t"><bpmn:text>hm</bpmn:text></bpmn:textAnnotation>'
    said = "<bpmn:documentation>why</bpmn:documentation>"

    read_process = process(model(said, '<bpmn:startEvent id="s" />', note, association("s", "t")))

    assert list(read_process.elements) == ["p", "s"]


def test_lanes_and_data_are_passed_over() -> None:
    """Neither runs."""
    lanes = '<bpmn:laneSet id="l"><bpmn:lane id="a"><bpmn:flowNodeRef>s</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    data = '<bpmn:dataObject id="d" /><bpmn:dataObjectReference id="r" dataObjectRef="d" />'

    assert list(process(model(lanes, '<bpmn:startEvent id="s" />', data)).elements) == ["p", "s"]


@pytest.mark.parametrize("tag", ["serviceTask", "sendTask", "scriptTask", "businessRuleTask"])
def test_task_definition_makes_a_job(tag: str) -> None:
    """Type and retries may be expressions; retries are three when they are not written."""
    plain = one("w", element(tag, "w", JOB))
    written = one("w", element(tag, "w", '<zeebe:taskDefinition type="=kind" retries="=n" />'))

    assert plain.job == JobDefinition("t", "3")
    assert written.job is not None
    assert (text(written.job.type), text(written.job.retries)) == ("=kind", "=n")


def test_task_definition_of_what_no_job_works_makes_none() -> None:
    """A manual task passes."""
    assert one("w", element("manualTask", "w", JOB)).job is None


def test_headers_mappings_and_properties_are_read_in_order() -> None:
    """Targets are paths; a header without a value is none."""
    task = one(
        "w",
        work(
            "w",
            '<zeebe:taskHeaders><zeebe:header key="a" value="1" /><zeebe:header key="b" /></zeebe:taskHeaders>',
            '<zeebe:ioMapping><zeebe:input source="=x" target="order.id" /><zeebe:input source="y" target="b" />'
            '<zeebe:output source="= null" target="c" /></zeebe:ioMapping>',
            '<zeebe:properties><zeebe:property name="n" value="v" /></zeebe:properties>',
        ),
    )

    assert task.headers == {"a": "1"}
    assert [(text(mapping.source), mapping.target) for mapping in task.inputs] == [
        ("=x", ("order", "id")),
        ("y", ("b",)),
    ]
    assert [(text(mapping.source), mapping.target) for mapping in task.outputs] == [("= null", ("c",))]
    assert task.properties == {"n": "v"}


def test_job_based_user_task_is_a_job_with_one_try() -> None:
    """Its people, dates and form stand beside."""
    task = one(
        "u",
        element(
            "userTask",
            "u",
            '<zeebe:assignmentDefinition assignee="=boss" candidateGroups="a, b" />',
            '<zeebe:taskSchedule dueDate="=now()" />',
            '<zeebe:formDefinition formKey="camunda-forms:bpmn:f" />',
        ),
    )

    assert task.job == JobDefinition("io.camunda.zeebe:userTask", "1")
    assert task.user_task is not None
    assert (text(task.user_task.assignee), task.user_task.candidate_groups) == ("=boss", "a, b")
    assert (task.user_task.candidate_users, text(task.user_task.due_date)) == (None, "=now()")
    assert (task.user_task.form_key, task.user_task.form_id) == ("camunda-forms:bpmn:f", "")


def test_camunda_user_task_is_no_job() -> None:
    """It has listeners, a priority and perhaps a form somewhere else."""
    task = one(
        "u",
        element(
            "userTask",
            "u",
            "<zeebe:userTask />",
            '<zeebe:formDefinition externalReference="https://forms.example" />',
            '<zeebe:priorityDefinition priority="70" />',
            '<zeebe:taskListeners><zeebe:taskListener eventType="assignment" type="l" /></zeebe:taskListeners>',
        ),
    )

    assert task.job is None
    assert task.user_task is not None
    assert task.user_task.native
    assert (task.user_task.form_key, task.user_task.priority) == ("https://forms.example", "70")
    assert task.user_task.listeners == (TaskListener("assigning", JobDefinition("l", "3")),)


@pytest.mark.parametrize(
    ("forms", "key", "form_id"),
    [('<zeebe:userTaskForm id="f">{}</zeebe:userTaskForm>', "camunda-forms:bpmn:f", ""), ("", None, "f")],
    ids=["in the model", "deployed by itself"],
)
def test_form_by_id_is_the_model_s_own_if_it_holds_one(forms: str, key: str | None, form_id: str) -> None:
    """Clients find an embedded form by its key; any other is looked up by its id."""
    held = f"<bpmn:extensionElements>{forms}</bpmn:extensionElements>" if forms else ""
    task = element("userTask", "u", '<zeebe:formDefinition formId="f" bindingType="deployment" />')

    read_task = process(model(held, '<bpmn:startEvent id="s" />', task)).elements["u"].user_task

    assert read_task is not None
    assert (read_task.form_key, read_task.form_id, read_task.form_binding) == (key, form_id, "deployment")


def test_call_hands_on_all_variables_unless_told_otherwise() -> None:
    """Both ways."""
    plain = one("c", element("callActivity", "c", '<zeebe:calledElement processId="=child" />')).called
    told = one(
        "c",
        element(
            "callActivity",
            "c",
            '<zeebe:calledElement processId="child" propagateAllParentVariables="false" '
            'propagateAllChildVariables="false" bindingType="versionTag" versionTag="v1" />',
        ),
    ).called

    assert plain is not None
    assert told is not None
    assert text(plain.process_id) == "=child"
    assert (plain.propagate_all_parent_variables, plain.propagate_all_child_variables) == (True, True)
    assert (told.propagate_all_parent_variables, told.propagate_all_child_variables) == (False, False)
    assert (told.process_id, told.binding, told.version_tag) == ("child", "versionTag", "v1")


def test_script_and_decision_name_their_result() -> None:
    """Each by expression or by id."""
    script = one("s", element("scriptTask", "s", '<zeebe:script expression="=1 + 1" resultVariable="r" />'))
    decision = one(
        "b",
        element(
            "businessRuleTask",
            "b",
            '<zeebe:calledDecision decisionId="d" resultVariable="r" bindingType="deployment" />',
        ),
    )

    assert (text(script.script), script.script_result, script.job) == ("=1 + 1", "r", None)
    assert (decision.decision_id, decision.decision_result, decision.decision_binding) == ("d", "r", "deployment")


def test_multi_instance_is_read() -> None:
    """Around any activity."""
    loop = one(
        "w",
        work(
            "w",
            '<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:extensionElements>'
            '<zeebe:loopCharacteristics inputCollection="=items" inputElement="item" outputCollection="all" '
            'outputElement="=item" /></bpmn:extensionElements>'
            "<bpmn:completionCondition>=done</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>",
        ),
    ).loop

    assert loop is not None
    assert (loop.sequential, text(loop.input_collection), loop.input_element) == (True, "=items", "item")
    assert (loop.output_collection, text(loop.output_element)) == ("all", "=item")
    assert text(loop.completion_condition) == "=done"


def test_ad_hoc_subprocess_is_read() -> None:
    """By a collection, or by a job."""
    written = '<zeebe:adHoc activeElementsCollection="=names" outputCollection="all" outputElement="=x" />'
    scope = one("a", element("adHocSubProcess", "a", written, work("w"), attributes='cancelRemainingInstances="false"'))

    assert scope.ad_hoc is not None
    assert (text(scope.ad_hoc.active_elements), scope.ad_hoc.cancel_remaining) == ("=names", False)
    assert (scope.ad_hoc.output_collection, text(scope.ad_hoc.output_element)) == ("all", "=x")
    assert [child.id for child in scope.children] == ["w"]
    assert one("a", element("adHocSubProcess", "a", JOB, work("w"))).job == JobDefinition("t", "3")


def test_subprocess_holds_its_own_elements_and_flows() -> None:
    """Flows of all scopes are the process's."""
    inside = element("startEvent", "inner") + work("w") + flow("inner", "w")
    read_process = process(started(element("subProcess", "s", inside), flow("start", "s")))

    scope = read_process.elements["s"]
    assert [child.id for child in scope.children] == ["inner", "w"]
    assert read_process.elements["w"].scope is scope
    assert set(read_process.flows) == {"inner-w", "start-s"}
    assert read_process.none_start is read_process.elements["start"]


def test_event_subprocess_says_whether_it_interrupts() -> None:
    """At its start event."""
    start = element("startEvent", "inner", definition("error"), attributes='isInterrupting="true"')
    scope = one("s", element("subProcess", "s", start, attributes='triggeredByEvent="true"'))

    assert scope.triggered_by_event
    assert scope.children[0].interrupting
    assert scope.children[0].event == Error(None)


def test_boundary_events_are_at_their_activity() -> None:
    """Interrupting unless they say otherwise."""
    timer = definition("timer", "", "<bpmn:timeDuration>PT5S</bpmn:timeDuration>")
    read_process = process(
        started(work("w"), boundary("b", "w", timer, interrupting=False), boundary("c", "w", definition("error")))
    )

    task = read_process.elements["w"]
    assert [(event.id, event.interrupting) for event in task.boundaries] == [("b", False), ("c", True)]
    assert read_process.elements["b"].attached_to is task
    assert read_process.elements["b"].event == Timer("duration", "PT5S")


def test_compensation_handler_is_found_by_its_association() -> None:
    """It stands beside, on no flow."""
    read_process = process(
        started(
            work("w"),
            boundary("b", "w", definition("compensate", "d")),
            work("h", attributes='isForCompensation="true"'),
            element("intermediateThrowEvent", "undo", definition("compensate", "e", activityRef="w")),
            association("b", "h"),
        )
    )

    assert read_process.elements["b"].handler is read_process.elements["h"]
    assert read_process.elements["h"].for_compensation
    assert read_process.elements["undo"].event == Compensation("w")


def test_conditions_and_default_are_read() -> None:
    """A blank after the `=` does not matter, and no `xsi:type` is needed."""
    read_process = process(
        started(
            element("exclusiveGateway", "g", attributes='default="g-b"'),
            element("endEvent", "a"),
            element("endEvent", "b"),
            flow("g", "a", "= x &gt; 1"),
            flow("g", "b"),
        )
    )

    assert text(read_process.flows["g-a"].condition) == "= x > 1"
    assert read_process.flows["g-b"].condition is None
    assert read_process.elements["g"].default is read_process.flows["g-b"]


@pytest.mark.parametrize(
    ("thrown", "beside", "expected"),
    [
        (definition("error", errorRef="x"), element("error", "x", attributes='errorCode="E"'), Error("E")),
        (
            definition("escalation", escalationRef="x"),
            element("escalation", "x", attributes='escalationCode="E"'),
            Escalation("E"),
        ),
        (definition("signal", signalRef="x"), element("signal", "x", attributes='name="S"'), Signal("S")),
        (definition("terminate"), "", Terminate()),
        (definition("compensate", "c"), "", Compensation("")),
    ],
)
def test_end_event_says_what_it_throws(thrown: str, beside: str, expected: EventDefinition) -> None:
    """By what it refers to."""
    event = one("e", element("endEvent", "e", thrown), beside=beside)

    assert event.event == expected
    assert event.event_name == type(expected).__name__.lower()


def test_thrown_message_is_a_job() -> None:
    """Its worker publishes; the message, if one is named, is for people."""
    event = one("e", element("endEvent", "e", JOB, definition("message", messageRef="m")), beside=message("m"))

    assert event.event == Message("m", None)
    assert event.job == JobDefinition("t", "3")


def test_caught_message_has_a_key() -> None:
    """Of a catch event and of a receive task; a process's start event has none."""
    caught = one(
        "c", element("intermediateCatchEvent", "c", definition("message", messageRef="m")), beside=message("m")
    )
    received = one("r", element("receiveTask", "r", attributes='messageRef="m"'), beside=message("m"))
    begin = element("startEvent", "s", definition("message", messageRef="m"))
    starts = process(model(begin, beside=message("m")))

    for event in (caught.event, received.event):
        assert isinstance(event, Message)
        assert (event.name, text(event.correlation_key)) == ("m", "=key")
    assert starts.elements["s"].event == Message("m", None)
    assert starts.none_start is None


def test_message_that_starts_an_event_subprocess_has_a_key() -> None:
    """It is correlated with the instance."""
    start = element("startEvent", "inner", definition("message", messageRef="m"))
    scope = one("s", element("subProcess", "s", start, attributes='triggeredByEvent="true"'), beside=message("m"))

    event = scope.children[0].event
    assert isinstance(event, Message)
    assert text(event.correlation_key) == "=key"


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("<bpmn:timeDuration> PT5S </bpmn:timeDuration>", "duration", "PT5S"),
        ("<bpmn:timeDate>=due</bpmn:timeDate>", "date", "=due"),
    ],
)
def test_timer_is_text_or_an_expression(written: str, kind: str, value: str) -> None:
    """Blanks around it do not matter."""
    event = one("c", element("intermediateCatchEvent", "c", definition("timer", "", written))).event

    assert isinstance(event, Timer)
    assert (event.kind, text(event.value)) == (kind, value)


def test_links_and_conditions_are_read() -> None:
    """Both stand in one scope."""
    condition = (
        '<bpmn:extensionElements><zeebe:conditionalFilter variableNames="x, y" variableEvents="update" />'
        "</bpmn:extensionElements><bpmn:condition>=x</bpmn:condition>"
    )
    parts = (
        element("intermediateThrowEvent", "a", definition("link", "l", name="B")),
        element("intermediateCatchEvent", "b", definition("link", "k", name="B")),
        element("intermediateCatchEvent", "c", definition("conditional", "d", condition)),
    )

    assert one("a", *parts).event == Link("B")
    assert one("b", *parts).event == Link("B")
    event = one("c", *parts).event
    assert isinstance(event, Conditional)
    assert (text(event.condition), event.variable_names, event.variable_events) == ("=x", ("x", "y"), ("update",))


def test_flows_may_stand_before_their_nodes() -> None:
    """The order of flow elements says nothing."""
    read_process = process(model(flow("s", "e"), element("endEvent", "e"), element("startEvent", "s")))

    assert read_process.flows["s-e"].target is read_process.elements["e"]


def test_several_processes_of_a_file_are_read() -> None:
    """Each by itself."""
    body = '<bpmn:process id="{0}" isExecutable="true"><bpmn:startEvent id="{0}-start" /></bpmn:process>'

    read_model = read("m.bpmn", f"{HEAD}{body.format('a')}{body.format('b')}</bpmn:definitions>".encode())

    assert [(one.id, list(one.elements)) for one in read_model.processes] == [
        ("a", ["a", "a-start"]),
        ("b", ["b", "b-start"]),
    ]


def test_references_may_have_a_prefix() -> None:
    """They are qualified names; the prefix is that of the target namespace."""
    read_process = process(
        started(
            work("w"),
            boundary("b", "t:w", definition("compensate", "d")),
            work("h", attributes='isForCompensation="true"'),
            element("intermediateCatchEvent", "c", definition("message", messageRef="t:m")),
            element("intermediateThrowEvent", "undo", definition("compensate", "e", activityRef="t:w")),
            association("b", "h").replace('Ref="', 'Ref="t:'),
            beside=message("m"),
        ).replace(' id="definitions"', ' xmlns:t="test" id="definitions"')
    )

    assert read_process.elements["b"].attached_to is read_process.elements["w"]
    assert read_process.elements["b"].handler is read_process.elements["h"]
    assert read_process.elements["undo"].event == Compensation("w")
    event = read_process.elements["c"].event
    assert isinstance(event, Message)
    assert event.name == "m"

"""Call activities: which process, with which variables, and what ends with what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.core.acting import Acting, call, end, io, loop, nothing_left, process, sub, task, timer
from tests.engine.model.writing import boundary, element, flows
from zeebe_fleet.engine.core import commands

CHILD = process(task("work"), end(), flows("start", "work", "end"), name="child")


def caller(*inside: str, process_id: str = "child", attributes: str = "", **elements: Any) -> str:
    """Write a process that calls another."""
    return process(call("c", process_id, *inside, attributes=attributes), end(), flows("start", "c", "end"))


def test_child_is_an_instance_of_its_own() -> None:
    """B35: with its own key, that goes on with its caller when it ends."""
    acting = Acting()
    instance = acting.begun(caller(), CHILD)
    job = acting.take()
    assert job.process_instance_key != instance
    assert job.bpmn_process_id == "child"
    acting.run(commands.CompleteJob(job.key))

    assert acting.is_over(instance)
    nothing_left(acting)


@pytest.mark.parametrize(
    ("attributes", "mapped", "seen", "kept"),
    [
        ("", (), {"x": 1}, {"x": 9, "r": 2}),
        ('propagateAllParentVariables="false"', (), {}, {"x": 9, "r": 2}),
        ('propagateAllChildVariables="false"', (), {"x": 1}, {"x": 1}),
        ("", (("input", "=x + 1", "y"),), {"x": 1, "y": 2}, {"x": 9, "r": 2}),
        ('propagateAllParentVariables="false"', (("input", "=x + 1", "y"),), {"y": 2}, {"x": 9, "r": 2}),
        ("", (("output", "=r", "up"),), {"x": 1}, {"x": 1, "up": 2}),
        ('propagateAllChildVariables="false"', (("output", "=r", "up"),), {"x": 1}, {"x": 1, "up": 2}),
    ],
)
def test_variables_go_in_and_come_back(
    attributes: str, mapped: tuple[tuple[str, str, str], ...], seen: dict[str, int], kept: dict[str, int]
) -> None:
    """B35: all of them in both directions, unless it says otherwise, or outputs are mapped."""
    acting = Acting()
    instance = acting.begun(caller(io(*mapped) if mapped else "", attributes=attributes), CHILD, x=1)
    child = acting.take().process_instance_key
    assert acting.variables(child) == seen
    acting.run(commands.CompleteJob(next(iter(acting.state.jobs)), '{"x":9,"r":2}'))

    assert acting.ended(instance) == kept


def test_caller_s_boundary_ends_the_child() -> None:
    """B35: with all that the child has; nothing of it comes back."""
    acting = Acting()
    acting.begun(
        process(
            call("c"),
            boundary("late", "c", timer("timeDuration", "PT5S")),
            task("after", job_type="after"),
            flows("start", "c"),
            flows("late", "after"),
        ),
        CHILD,
    )
    acting.pass_time(6_000)
    assert acting.jobs() == ["after"]
    acting.complete("after")

    nothing_left(acting)


def test_child_ends_with_its_caller_and_cannot_be_cancelled_alone() -> None:
    """B30, B35: the refusal names the instance to cancel instead."""
    acting = Acting()
    instance = acting.begun(caller(process_id="p2"), caller().replace('id="p"', 'id="p2"'), CHILD)
    child = acting.take().process_instance_key
    refusal = acting.refused(commands.CancelInstance(child))
    assert refusal.kind == "INVALID_STATE"
    assert f"Cancel the root process instance '{instance}' instead." in str(refusal)
    acting.run(commands.CancelInstance(instance))

    nothing_left(acting)


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ("", "Expected process with BPMN process id 'child' to be deployed, but not found."),
        ('bindingType="versionTag" versionTag="v1"', "BPMN process id 'child' and version tag 'v1'"),
        ('bindingType="deployment"', "with binding type 'deployment', but no such process found in the deployment"),
    ],
)
def test_missing_process_is_an_incident_until_it_is_deployed(attributes: str, told: str) -> None:
    """B23, B35, B48: resolved when there is one; of another deployment only by migration."""
    acting = Acting()
    instance = acting.begun(caller(attributes=attributes))
    kind, element_id, message = acting.told()
    assert (kind, element_id) == ("CALLED_ELEMENT_ERROR", "c")
    assert told in message
    tag = '<bpmn:extensionElements><zeebe:versionTag value="v1" /></bpmn:extensionElements>'
    acting.deploy(CHILD.replace('isExecutable="true">', f'isExecutable="true">{tag}'))
    acting.resolve()
    if "deployment" in attributes:
        assert told in acting.incident().message
        return
    acting.complete()

    assert acting.is_over(instance)


def test_binding_chooses_the_version() -> None:
    """B23: the newest, the one of the same deployment, or the newest with the tag."""

    def tagged(tag: str, job_type: str) -> str:
        made = f'<bpmn:extensionElements><zeebe:versionTag value="{tag}" /></bpmn:extensionElements>'
        child = process(task("work", job_type=job_type), flows("start", "work"), name="child")
        return child.replace('isExecutable="true">', f'isExecutable="true">{made}', 1)

    callers = {
        name: process(call("c", attributes=attributes), flows("start", "c"), name=name)
        for name, attributes in (
            ("newest", ""),
            ("same", 'bindingType="deployment"'),
            ("tag", 'bindingType="versionTag" versionTag="v1"'),
        )
    }
    acting = Acting()
    acting.deploy(*callers.values(), tagged("v1", "first"))
    acting.deploy(tagged("v1", "second"))
    acting.deploy(tagged("v2", "third"))
    for name in callers:
        acting.begin(name)

    assert acting.jobs() == ["first", "second", "third"]
    assert [one.bpmn_process_id for one in acting.poll("second")] == ["child"]


def test_process_id_may_be_an_expression() -> None:
    """B35: evaluated when it is entered; one that is no text is an incident."""
    acting = Acting()
    acting.deploy(caller(process_id="=which"), CHILD)
    acting.begin("p", which="child")
    assert acting.jobs() == ["a"]
    acting.begin("p", which=1)

    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "c")


def test_cancelling_ends_calls_in_loops_in_subprocesses() -> None:
    """B30: a multi-instance of calls in a subprocess, with jobs out and an incident: all of it goes."""
    acting = Acting()
    inner = element("callActivity", "c", '<zeebe:calledElement processId="child" />', loop(inputElement="item"))
    instance = acting.begun(
        process(sub("s", inner, flows("s-start", "c")), flows("start", "s")), CHILD, items=[1, 2, 3]
    )
    acting.take()
    acting.fail()
    acting = acting.restarted()
    acting.run(commands.CancelInstance(instance))

    nothing_left(acting)


def test_child_that_ends_while_its_caller_is_ended() -> None:
    """B30, B35: a child that comes to its end by itself in the same moment leaves no caller behind."""
    child = process(
        element("intermediateCatchEvent", "wait", '<bpmn:signalEventDefinition id="d" signalRef="sig" />'),
        flows("start", "wait"),
        name="child",
        beside='<bpmn:signal id="sig" name="go" />',
    )
    acting = Acting()
    acting.begun(
        process(
            sub("s", call("c"), flows("s-start", "c")),
            boundary("told", "s", '<bpmn:signalEventDefinition id="d" signalRef="sig" />'),
            end(),
            flows("start", "s"),
            flows("told", "end"),
            beside='<bpmn:signal id="sig" name="go" />',
        ),
        child,
    )
    acting.run(commands.BroadcastSignal("go"))

    nothing_left(acting)

"""Process instances changed by hand."""

from __future__ import annotations

import json

import pytest

from tests.engine.core.acting import Acting, call, end, io, listeners, loop, nothing_left, process, sub, task
from tests.engine.model.writing import boundary, definition, element, flows, message
from zeebe_fleet.engine.core import commands
from zeebe_fleet.engine.core.commands import Activate, ModifyInstance

TWO = process(task("one", job_type="one"), task("two", job_type="two"), flows("start", "one", "two"))
NESTED = process(
    task("out", job_type="out"),
    sub("s", sub("t", task("in", job_type="in"), flows("t-start", "in")), flows("s-start", "t")),
    flows("start", "out", "s"),
)


def test_token_is_moved() -> None:
    """B49: activations come first, so that the instance does not end in between."""
    acting = Acting()
    instance = acting.begun(TWO)
    acting.run(ModifyInstance(instance, (Activate("two"),), (acting.of("one").key,)))
    assert acting.jobs() == ["two"]
    acting.complete("two")

    nothing_left(acting)


def test_last_thing_ended_ends_what_is_around_it() -> None:
    """B49: the subprocess, then the process; it was terminated, not completed."""
    acting = Acting()
    instance = acting.begun(NESTED)
    acting.complete("out")
    acting.run(ModifyInstance(instance, terminate=(acting.of("in").key,)))

    assert acting.ended(instance) is None
    nothing_left(acting)


def test_missing_scopes_are_made() -> None:
    """B49: without their start events, inputs and listeners; a second element goes into the same ones."""
    quiet = NESTED.replace(
        '<bpmn:subProcess id="s" >',
        '<bpmn:subProcess id="s" ><bpmn:extensionElements>'
        + io(("input", "=1", "x"))
        + listeners(("start", "l"))
        + "</bpmn:extensionElements>",
    )
    acting = Acting()
    instance = acting.begun(quiet)
    acting.run(ModifyInstance(instance, (Activate("in"), Activate("in")), (acting.of("out").key,)))
    assert acting.active() == ["s", "t", "in", "in"]
    assert json.loads(acting.take("in").variables) == {}
    for key in list(acting.state.jobs):
        acting.run(commands.CompleteJob(key))

    assert acting.is_over(instance)


def test_variables_are_there_before_the_element_is() -> None:
    """B49: of the process without a scope, else of the one that is named; input mappings see them."""
    model = NESTED.replace('type="in" retries="3" />', 'type="in" retries="3" />' + io(("input", "=x + y", "z")))
    acting = Acting()
    instance = acting.begun(model)
    given = (("", '{"x":1}'), ("s", '{"y":2}'))
    acting.run(ModifyInstance(instance, (Activate("in", variables=given),), ()))

    assert json.loads(acting.take("in").variables) == {"x": 1, "y": 2, "z": 3}
    assert acting.variables(instance) == {"x": 1}
    assert acting.variables(acting.of("s").key) == {"y": 2}


@pytest.mark.parametrize(
    ("activate", "told"),
    [
        (Activate("none"), "could not be found: 'none'"),
        (Activate("p"), "could not be found: 'p'"),
        (Activate("start"), "The activation of elements of type 'startEvent' is not supported"),
        (Activate("told"), "The activation of elements of type 'boundaryEvent' is not supported"),
        (Activate("each"), "The activation of elements inside a multi-instance subprocess is not supported"),
        (Activate("two", ancestor_key=7), "with an ancestor scope key that does not exist"),
        (Activate("two", variables=(("one", "{}"),)), "with a scope id 'one' that is no flow scope of 'two'"),
    ],
)
def test_what_cannot_be_activated_is_refused(activate: Activate, told: str) -> None:
    """B49: all or nothing: what stands beside it is not done either."""
    model = process(
        task("one", job_type="one"),
        task("two", job_type="two"),
        boundary("told", "two", definition("message", messageRef="m")),
        sub("many", task("each"), flows("many-start", "each"), loop()),
        flows("start", "one", "two"),
        beside=message("m"),
    )
    acting = Acting()
    instance = acting.begun(model)
    refusal = acting.refused(ModifyInstance(instance, (Activate("two"), activate), (acting.of("one").key,)))
    assert refusal.kind == "INVALID_ARGUMENT"
    assert told in str(refusal)

    assert acting.jobs() == ["one"]


def test_what_is_not_there_cannot_be_ended() -> None:
    """B49: neither instance nor element instance."""
    acting = Acting()
    instance = acting.begun(TWO)
    other = acting.begin()
    assert acting.refused(ModifyInstance(7)).kind == "NOT_FOUND"
    foreign = next(one for one in acting.all_of(other) if one.scope is not None)

    assert "could not be found" in str(acting.refused(ModifyInstance(instance, terminate=(foreign.key,))))


def test_of_several_scopes_one_must_be_named() -> None:
    """B49: the ancestor decides where an element begins."""
    acting = Acting()
    model = process(
        element("parallelGateway", "fork"),
        element("exclusiveGateway", "merge"),
        sub("s", task("in", job_type="in"), task("more", job_type="more"), flows("s-start", "in")),
        flows("start", "fork", "merge", "s"),
        '<bpmn:sequenceFlow id="again" sourceRef="fork" targetRef="merge" />',
    )
    instance = acting.begun(model)
    first, second = (one for one in acting.all_of(instance) if one.element.id == "s")
    assert "multiple active instances" in str(acting.refused(ModifyInstance(instance, (Activate("more"),))))
    acting.run(ModifyInstance(instance, (Activate("more", ancestor_key=second.key),)))

    assert [one.element.id for one in (second.children or {}).values()] == ["in", "more"]
    assert len(first.children or {}) == 1


def test_call_activity_that_is_ended_takes_its_process_with_it() -> None:
    """B49: and the child alone cannot be emptied (camunda/camunda issue 10347)."""
    acting = Acting()
    instance = acting.begun(
        process(call("c"), task("after", job_type="after"), flows("start", "c", "after")),
        process(sub("s", task("work"), flows("s-start", "work")), flows("start", "s"), name="child"),
    )
    child = acting.of("work").process_instance_key
    refusal = acting.refused(ModifyInstance(child, terminate=(acting.of("work").key,)))
    assert "created by a call activity in the parent process" in str(refusal)
    assert acting.refused(ModifyInstance(child, terminate=(child,))).kind == "INVALID_ARGUMENT"
    acting.run(ModifyInstance(instance, (Activate("after"),), (acting.of("c").key,)))

    assert acting.active() == ["after"]


def test_scope_that_cannot_subscribe_is_an_incident() -> None:
    """B48, B49: a subprocess made by hand waits for its boundary's message once the key is there."""
    model = process(
        task("one", job_type="one"),
        sub("s", task("in", job_type="in"), flows("s-start", "in")),
        boundary("told", "s", definition("message", messageRef="m")),
        end(),
        flows("start", "one", "s"),
        flows("told", "end"),
        beside=message("m"),
    )
    acting = Acting()
    instance = acting.begun(model)
    acting.run(ModifyInstance(instance, (Activate("in"),), (acting.of("one").key,)))
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "s")
    acting.resolve()
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "s")
    acting.set(instance, key="k")
    acting.resolve()
    acting.run(commands.PublishMessage("m", "k"))

    nothing_left(acting)


def test_incident_is_closed_by_ending_what_stands_still() -> None:
    """B48, B49: an ended instance closes its own."""
    acting = Acting()
    instance = acting.begun(TWO)
    acting.fail("one")
    acting.run(ModifyInstance(instance, (Activate("two"),), (acting.of("one").key,)))

    assert not acting.state.incidents
    assert acting.jobs() == ["two"]


@pytest.mark.parametrize("sequential", [False, True])
def test_last_inner_instance_ended_ends_its_multi_instance(sequential: bool) -> None:
    """B36, B49: as in any scope; while others are at work it goes on without the one that is ended."""
    acting = Acting()
    instance = acting.begun(
        process(task("work", loop(sequential=sequential)), task("other"), flows("start", "work")), items=[1, 2]
    )
    acting.run(ModifyInstance(instance, (Activate("other"),), (next(iter(acting.of("work").children or {})),)))
    if not sequential:
        assert acting.jobs() == ["a", "a"]
        acting.run(ModifyInstance(instance, terminate=(next(iter(acting.of("work").children or {})),)))

    assert acting.active() == ["other"]

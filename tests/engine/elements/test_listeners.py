"""Execution listeners: when they run, what they see, and what they give."""

from __future__ import annotations

import json

import pytest

from tests.engine.core.acting import Acting, call, end, io, listeners, loop, nothing_left, process, sub, task
from tests.engine.model.writing import boundary, definition, element, flows, message
from zeebe_fleet.engine.core import commands


def heard(*inside: str) -> str:
    """Write a process with listeners of its own."""
    made = f"<bpmn:extensionElements>{listeners(('start', 'ps'), ('end', 'pe'))}</bpmn:extensionElements>"
    return process(*inside).replace('isExecutable="true">', f'isExecutable="true">{made}', 1)


def test_listeners_run_one_after_the_other_around_the_work() -> None:
    """B39: blocking, in their order; the work's job is not there before, the way out not taken before."""
    acting = Acting()
    written = listeners(("start", "s1"), ("start", "s2"), ("end", "e1"), ("end", "e2"))
    instance = acting.begun(
        process(task("work", written), task("next", job_type="next"), flows("start", "work", "next"))
    )
    for kind in ("s1", "s2", "a", "e1", "e2", "next"):
        assert acting.jobs() == [kind]
        acting = acting.restarted()
        acting.complete(kind)

    assert acting.is_over(instance)


def test_start_listeners_see_inputs_and_give_locals() -> None:
    """B39: after the input mappings; what they give is the element's own."""
    acting = Acting()
    written = listeners(("start", "s1"), ("start", "s2"))
    instance = acting.begun(process(task("work", io(("input", "=x + 1", "y")), written), flows("start", "work")), x=1)
    assert json.loads(acting.complete("s1", z=3).variables) == {"x": 1, "y": 2}
    assert json.loads(acting.complete("s2", y=9).variables) == {"x": 1, "y": 2, "z": 3}
    assert json.loads(acting.take().variables) == {"x": 1, "y": 9, "z": 3}

    assert acting.variables(instance) == {"x": 1}


def test_end_listeners_see_outputs_and_give_to_the_scope_around() -> None:
    """B39: after the output mappings."""
    acting = Acting()
    written = listeners(("end", "e"))
    instance = acting.begun(process(task("work", io(("output", "=r", "up")), written), flows("start", "work")))
    acting.complete("a", r=1)
    assert json.loads(acting.complete("e", given=2).variables) == {"r": 1, "up": 1}

    assert acting.ended(instance) == {"up": 1, "given": 2}


def test_listener_s_job_is_its_element_s() -> None:
    """B39: with the element's key, its kind, and which event it is of."""
    acting = Acting()
    acting.begun(process(task("work", listeners(("start", "s"), ("end", "e"))), flows("start", "work")))
    first, work, last = acting.complete("s"), acting.complete("a"), acting.complete("e")

    assert first.element_instance_key == work.element_instance_key == last.element_instance_key
    assert [(job.kind, job.listener_event) for job in (first, work, last)] == [
        ("EXECUTION_LISTENER", "START"),
        ("BPMN_ELEMENT", "UNSPECIFIED"),
        ("EXECUTION_LISTENER", "END"),
    ]


def test_process_listeners_are_of_the_instance() -> None:
    """B39: the process's id and the instance's key; what they give are variables of the process."""
    acting = Acting()
    instance = acting.begun(heard(task("work"), flows("start", "work")))
    first = acting.complete("ps", x=1)
    assert (first.element_id, first.element_instance_key, first.process_instance_key) == ("p", instance, instance)
    assert json.loads(acting.complete("a", y=2).variables) == {"x": 1}
    assert json.loads(acting.complete("pe", z=3).variables) == {"x": 1, "y": 2}

    assert acting.ended(instance) == {"x": 1, "y": 2, "z": 3}


@pytest.mark.parametrize("kind", ["start", "end"])
def test_listener_without_retries_stops_only_itself(kind: str) -> None:
    """B39, B48: resolved, only the one that failed runs again."""
    acting = Acting()
    instance = acting.begun(process(task("work", listeners((kind, "l1"), (kind, "l2"))), flows("start", "work")))
    if kind == "end":
        acting.complete()
    acting.complete("l1")
    key = acting.fail("l2", message="gone").key
    assert acting.told() == ("EXECUTION_LISTENER_NO_RETRIES", "work", "gone")
    acting.run(commands.UpdateJobRetries(key, 1))
    acting.resolve()
    assert acting.jobs() == ["l2"]
    acting.complete("l2")
    if kind == "start":
        acting.complete()

    assert acting.is_over(instance)


@pytest.mark.parametrize("kind", ["start", "end"])
def test_listener_whose_expression_fails_has_all_run_again(kind: str) -> None:
    """B39, B48: those before it, too."""
    acting = Acting()
    instance = acting.begun(process(task("work", listeners((kind, "l1"), (kind, "=l2"))), flows("start", "work")))
    if kind == "end":
        acting.complete()
    acting.complete("l1")
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "work")
    acting.set(instance, l2="second")
    acting.resolve()
    acting.complete("l1")
    acting.complete("second")
    if kind == "start":
        acting.complete()

    assert acting.is_over(instance)


def test_cancelling_runs_no_end_listener_and_leaves_no_job() -> None:
    """B30, B39: whether a start listener, the work, or an end listener is out."""
    acting = Acting()
    acting.deploy(heard(task("work", listeners(("end", "e"))), flows("start", "work")))
    for steps in ((), ("ps",), ("ps", "a"), ("ps", "a", "e")):
        instance = acting.begin()
        for kind in steps:
            acting.complete(kind)
        acting.run(commands.CancelInstance(instance))
        nothing_left(acting)


def test_interrupted_activity_runs_no_end_listener() -> None:
    """B39: it was not completed."""
    acting = Acting()
    acting.begun(
        process(
            task("work", listeners(("end", "e"))),
            boundary("told", "work", definition("message", messageRef="m")),
            task("after", job_type="after"),
            flows("start", "work"),
            flows("told", "after"),
            beside=message("m", '="k"').replace('"="k""', "'=\"k\"'"),
        )
    )
    acting.run(commands.PublishMessage("m", "k"))

    assert acting.jobs() == ["after"]


def test_boundary_waits_only_when_the_start_listeners_are_done() -> None:
    """B39: events are subscribed behind them, so that a listener may make the key."""
    acting = Acting()
    acting.begun(
        process(
            task("work", listeners(("start", "s"))),
            boundary("told", "work", definition("message", messageRef="m")),
            flows("start", "work"),
            beside=message("m"),
        )
    )
    assert not acting.state.subscriptions
    acting.complete("s", key="k")

    assert list(acting.state.subscriptions) == [("m", "k")]


@pytest.mark.parametrize(
    "element_of",
    [
        lambda inside: sub("e", inside),
        lambda inside: call("e", "child", inside),
        lambda inside: element("userTask", "e", inside),
        lambda inside: element("intermediateThrowEvent", "e", inside),
    ],
    ids=["subprocess", "call", "user task", "throw event"],
)
def test_every_element_has_its_listeners(element_of: object) -> None:
    """B39: they run around whatever the element does."""
    assert callable(element_of)
    acting = Acting()
    instance = acting.begun(
        process(element_of(listeners(("start", "s"), ("end", "e"))), end(), flows("start", "e", "end")),
        process(name="child"),
    )
    acting.complete("s")
    if "userTask" in str(acting.jobs()):
        acting.complete("io.camunda.zeebe:userTask")
    acting.complete("e")

    assert acting.is_over(instance)


def test_each_inner_instance_of_a_multi_instance_has_its_listeners() -> None:
    """B36, B39: one for each item."""
    acting = Acting()
    instance = acting.begun(
        process(task("work", listeners(("start", "s"), ("end", "e")), loop()), flows("start", "work")), items=[1, 2]
    )
    for kind in ("s", "s", "a", "a", "e", "e"):
        acting.complete(kind)

    assert acting.is_over(instance)

"""Multi-instances: how many, with what, and what comes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.core.acting import Acting, end, io, loop, nothing_left, process, sub, task, timer
from tests.engine.model.writing import boundary, element, flows
from zeebe_fleet.engine.core import commands


def looped(marker: str, *inside: str, after: str = "") -> str:
    """Write a process with a multi-instance task."""
    return process(task("work", *inside, marker), end(), after, flows("start", "work", "end"))


@pytest.mark.parametrize("sequential", [False, True])
def test_inner_instances_see_their_item_and_number(sequential: bool) -> None:
    """B36: local, from 1 on; all at once or one after the other."""
    acting = Acting()
    instance = acting.begun(looped(loop(inputElement="item", sequential=sequential)), items=["x", None])
    found = acting.poll(most=5)
    if sequential:
        assert len(found) == 1
        acting.run(commands.CompleteJob(found[0].key))
        found += acting.poll(most=5)
    assert [json.loads(job.variables) for job in found] == [
        {"items": ["x", None], "item": "x", "loopCounter": 1},
        {"items": ["x", None], "item": None, "loopCounter": 2},
    ]
    for job in found[1 if sequential else 0 :]:
        acting.run(commands.CompleteJob(job.key))

    assert acting.ended(instance) == {"items": ["x", None]}


@pytest.mark.parametrize("sequential", [False, True])
def test_empty_collection_is_skipped(sequential: bool) -> None:
    """B36: with an empty output."""
    acting = Acting()
    marker = loop(sequential=sequential, outputCollection="results", outputElement="=r")
    instance = acting.begun(looped(marker), items=[])

    assert acting.ended(instance) == {"items": [], "results": []}


def test_outputs_are_in_the_order_of_their_items() -> None:
    """B36: whoever is done first."""
    acting = Acting()
    marker = loop(inputElement="n", outputCollection="results", outputElement="=n * 2")
    instance = acting.begun(looped(marker), items=[1, 2, 3])
    for job in reversed(acting.poll(most=3)):
        acting.run(commands.CompleteJob(job.key))

    assert acting.ended(instance) == {"items": [1, 2, 3], "results": [2, 4, 6]}


def test_output_variable_is_each_inner_instance_s_own() -> None:
    """B36: what a job gives under its name goes nowhere else; null where it gives nothing."""
    acting = Acting()
    instance = acting.begun(looped(loop(outputCollection="results", outputElement="=r.value")), items=[1, 2])
    first, second = acting.poll(most=2)
    acting.run(commands.CompleteJob(first.key, '{"r":{"value":7},"other":1}'))
    acting.run(commands.CompleteJob(second.key))

    assert acting.ended(instance) == {"items": [1, 2], "results": [7, None], "other": 1}


def test_input_element_may_be_the_output() -> None:
    """B36: it keeps its item where a job does not change it."""
    acting = Acting()
    instance = acting.begun(
        looped(loop(inputElement="n", outputCollection="results", outputElement="=n")), items=[1, 2]
    )
    acting.complete("a", n=5)
    acting.complete("a")

    assert acting.ended(instance)["results"] == [5, 2]


def test_mappings_are_each_inner_instance_s() -> None:
    """B36: inputs see the item, outputs can give the output variable."""
    acting = Acting()
    mapped = io(("input", "=n + 1", "m"), ("output", "=got", "r"))
    marker = loop(inputElement="n", outputCollection="results", outputElement="=r")
    instance = acting.begun(looped(marker, mapped), items=[1, 2])
    for _ in range(2):
        job = acting.take()
        acting.run(commands.CompleteJob(job.key, json.dumps({"got": json.loads(job.variables)["m"]})))

    assert acting.ended(instance)["results"] == [2, 3]


def test_interrupted_multi_instance_gives_nothing() -> None:
    """B36: a boundary event at the body ends all of it."""
    acting = Acting()
    instance = acting.begun(
        process(
            task("work", loop(outputCollection="results", outputElement="=r")),
            boundary("late", "work", timer("timeDuration", "PT5S")),
            end(),
            flows("start", "work"),
            flows("late", "end"),
        ),
        items=[1, 2],
    )
    acting.complete("a", r=1)
    acting.pass_time(6_000)

    assert acting.ended(instance) == {"items": [1, 2]}
    nothing_left(acting)


@pytest.mark.parametrize(
    ("condition", "done"),
    [
        ("=numberOfCompletedInstances = 2", 2),
        ("=numberOfActiveInstances = 3", 1),
        ("=numberOfInstances - numberOfCompletedInstances = 1", 3),
        ("=r = 2", 2),
        ("=count(results[item != null]) = 2", 2),
        ("=numberOfTerminatedInstances &gt; 0", 4),
    ],
)
@pytest.mark.parametrize("sequential", [False, True])
def test_completion_condition_ends_the_rest(condition: str, done: int, sequential: bool) -> None:
    """B36: it sees how many there are; what is left then is ended, and its outputs are null."""
    if sequential and "Active" in condition:
        pytest.skip("one after the other there is never more than one")
    acting = Acting()
    marker = loop(condition=condition, sequential=sequential, outputCollection="results", outputElement="=r")
    instance = acting.begun(looped(marker), items=[1, 2, 3, 4])
    for nth in range(1, done + 1):
        assert not acting.is_over(instance)
        acting.complete("a", r=nth)

    assert acting.ended(instance)["results"] == [nth if nth <= done else None for nth in range(1, 5)]
    nothing_left(acting)


@pytest.mark.parametrize(
    ("model", "given", "repair"),
    [
        (looped(loop("=items")), {}, {"items": [1]}),
        (looped(loop("=items")), {"items": 5}, {"items": [1]}),
        (looped(loop("=items", condition="=enough")), {"items": [1]}, {"enough": False}),
        (looped(loop("=items", outputCollection="r", outputElement="=assert(x, x != null)")), {"items": [1]}, {"x": 1}),
    ],
    ids=["missing", "no list", "condition", "output"],
)
def test_multi_instance_that_cannot_go_on_is_an_incident(
    model: str, given: dict[str, Any], repair: dict[str, Any]
) -> None:
    """B36, B48: collection, condition and output are evaluated again when the incident is resolved."""
    acting = Acting()
    instance = acting.begun(model, **given)
    if given.get("items") == [1]:
        acting.complete()
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "work")
    acting.set(instance, **repair)
    acting.resolve()
    if given.get("items") != [1]:
        acting.complete()

    assert acting.is_over(instance)
    nothing_left(acting)


def test_several_inner_instances_may_stand_still() -> None:
    """B36, B48: each with its own incident; the body ends when all are resolved."""
    acting = Acting()
    instance = acting.begun(looped(loop(condition="=enough")), items=[1, 2])
    acting.complete()
    acting.complete()
    first, second = list(acting.state.incidents.values())
    acting.set(instance, enough=False)
    acting.resolve(first)
    assert not acting.is_over(instance)
    acting.resolve(second)

    assert acting.is_over(instance)
    nothing_left(acting)


def test_subprocess_may_be_a_multi_instance() -> None:
    """B36: each has its own scope; a task inside sees the item."""
    inner = sub("s", task("work"), flows("s-start", "work"), loop(inputElement="item"))
    acting = Acting()
    instance = acting.begun(process(inner, flows("start", "s")), items=[1, 2])
    acting = acting.restarted()
    assert sorted(json.loads(job.variables)["item"] for job in acting.poll(most=2)) == [1, 2]
    for key in list(acting.state.jobs):
        acting.run(commands.CompleteJob(key))

    assert acting.is_over(instance)


@pytest.mark.parametrize("sequential", [False, True])
def test_thousands_of_inner_instances_without_a_wait_state_end(sequential: bool) -> None:
    """B36: they are begun and ended in slices, and leave nothing behind."""
    inner = sub(
        "s",
        element("endEvent", "done"),
        flows("s-start", "done"),
        loop("=for n in 1..k return n", sequential=sequential),
    )
    acting = Acting()
    instance = acting.begun(process(inner, end(), flows("start", "s", "end")), k=3_000)

    assert acting.is_over(instance)
    nothing_left(acting)


def test_thousands_of_jobs_are_made_and_cancelled() -> None:
    """B30, B36: what is put off for its length is written once, not once a slice."""
    acting = Acting()
    instance = acting.begun(looped(loop("=for n in 1..k return n")), k=3_000)
    assert len(acting.state.jobs) == 3_000
    acting.machine.taken()
    acting.run(commands.CancelInstance(instance))
    put_off = [step for name, _, *fields in acting.machine.taken() if name == "CUT_OFF" for step in fields[1]]

    assert len(put_off) < 8_000
    nothing_left(acting)

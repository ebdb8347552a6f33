"""Gateways, and how tokens are counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.core.acting import Acting, call, end, listeners, nothing_left, process, sub, task
from tests.engine.model.writing import element, flow, flows, started
from zeebe_fleet.engine.core import commands
from zeebe_fleet.engine.core.machine import SLICE, Machine
from zeebe_fleet.engine.elements import BEHAVIOURS

BEGIN_MS = 1_800_000_000_000


def choice(*, default: bool = True, first: str = "=x &gt; 1", second: str = "=x &gt; 0") -> str:
    """Write a gateway with two conditions, perhaps with a default that is written first."""
    attributes = 'default="g-d"' if default else ""
    return process(
        element("exclusiveGateway", "g", attributes=attributes),
        *(task(name, job_type=name) for name in ("one", "two", "d")),
        flows("start", "g"),
        flow("g", "d") if default else "",
        flow("g", "one", first),
        flow("g", "two", second),
    )


@pytest.mark.parametrize(("x", "taken"), [(2, "one"), (1, "two"), (0, "d")])
def test_exclusive_gateway_takes_the_first_that_holds(x: int, taken: str) -> None:
    """B26: in the order in which the flows are written, else the default."""
    acting = Acting()
    acting.begun(choice(), x=x)

    assert acting.jobs() == [taken]


@pytest.mark.parametrize(
    ("model", "given", "kind", "told"),
    [
        (
            choice(default=False),
            {"x": 0},
            "CONDITION_ERROR",
            "Expected at least one condition to evaluate to true, or to have a default flow",
        ),
        (
            choice(),
            {},
            "EXTRACT_VALUE_ERROR",
            "Expected result of the expression 'x > 1' to be 'BOOLEAN', but was 'NULL'.",
        ),
        (
            choice(first="=x"),
            {"x": "yes"},
            "EXTRACT_VALUE_ERROR",
            "Expected result of the expression 'x' to be 'BOOLEAN', but was 'STRING'.",
        ),
    ],
)
def test_exclusive_gateway_that_cannot_choose_is_an_incident(
    model: str, given: dict[str, Any], kind: str, told: str
) -> None:
    """B26, B48: nothing holds, or a condition is neither true nor false; resolved, it chooses anew."""
    acting = Acting()
    instance = acting.begun(model, **given)
    assert acting.told() == (kind, "g", told)
    acting.resolve()
    assert acting.told() == (kind, "g", told)
    acting.set(instance, x=False if "first" in given else 2)
    if told.startswith("Expected result of the expression 'x' "):
        acting.set(instance, x=True)
    acting.resolve()

    assert acting.jobs() == ["one"]


def test_two_tokens_go_through_a_merge_one_by_one() -> None:
    """An exclusive gateway joins nothing: what comes twice goes on twice, and the instance ends with the last."""
    acting = Acting()
    model = process(
        element("parallelGateway", "fork"),
        element("exclusiveGateway", "merge"),
        task("after"),
        end(),
        flows("start", "fork", "merge", "after", "end"),
        '<bpmn:sequenceFlow id="second" sourceRef="fork" targetRef="merge" />',
    )
    instance = acting.begun(model)
    assert acting.jobs() == ["a", "a"]
    acting.complete()
    assert not acting.is_over(instance)
    acting.complete()

    assert acting.ended(instance) == {}


@pytest.mark.parametrize("nested", [False, True])
def test_join_waits_for_every_flow(nested: bool) -> None:
    """In a process and in a subprocess: what comes first waits for what comes last."""
    inside = (
        element("parallelGateway", "fork"),
        element("parallelGateway", "join"),
        *(task(name, job_type=name) for name in ("one", "two", "after")),
        flows("fork", "one", "join", "after"),
        flows("fork", "two", "join"),
    )
    acting = Acting()
    if nested:
        model = process(sub("s", *inside, flows("s-start", "fork")), flows("start", "s"))
    else:
        model = process(*inside, flows("start", "fork"))
    instance = acting.begun(model)
    acting.complete("two")
    acting = acting.restarted()
    assert acting.jobs() == ["one"]
    acting.complete("one")
    assert acting.jobs() == ["after"]
    acting.complete("after")

    assert acting.is_over(instance)
    nothing_left(acting)


def test_join_keeps_a_second_token_of_one_flow_for_the_next_time() -> None:
    """Two tokens on one flow and one on the other join once; the one that is left waits for its partner."""
    acting = Acting()
    model = process(
        element("parallelGateway", "fork"),
        element("exclusiveGateway", "merge"),
        element("parallelGateway", "join"),
        *(task(name, job_type=name) for name in ("one", "two", "three", "after")),
        flows("fork", "one", "merge", "join", "after"),
        flows("fork", "two", "merge"),
        flows("fork", "three", "join"),
        flows("start", "fork"),
    )
    instance = acting.begun(model)
    for name in ("one", "two", "three"):
        acting.complete(name)
    assert acting.jobs() == ["after"]
    acting.complete("after")
    assert not acting.is_over(instance)
    acting.run(commands.ModifyInstance(instance, (commands.Activate("three"),)))
    acting.complete("three")
    acting.complete("after")

    assert acting.is_over(instance)
    nothing_left(acting)


def test_loop_goes_round_until_its_condition_holds() -> None:
    """A token that comes back to where it was is entered anew."""
    acting = Acting()
    model = process(
        element("exclusiveGateway", "again"),
        task("work"),
        element("exclusiveGateway", "enough", attributes='default="enough-again"'),
        end(),
        flows("start", "again", "work", "enough", "again"),
        flow("enough", "end", "=n &gt; 2"),
    )
    instance = acting.begun(model, n=0)
    for nth in range(1, 4):
        acting.complete("a", n=nth)

    assert acting.ended(instance) == {"n": 3}


def test_flows_of_a_task_are_all_taken() -> None:
    """Several flows out of a task are a fork; an instance ends with the last token, without any end event."""
    acting = Acting()
    instance = acting.begun(
        process(task("work"), task("b", job_type="b"), task("c", job_type="c"), flows("start", "work", "b")).replace(
            "</bpmn:process>", flow("work", "c") + "</bpmn:process>"
        )
    )
    acting.complete()
    acting.complete("b")
    assert not acting.is_over(instance)
    acting.complete("c")

    assert acting.is_over(instance)


def test_start_event_may_be_all_there_is() -> None:
    """A process that is nothing but its start event ends where it begins."""
    acting = Acting()
    instance = acting.begun(started(), x=1)

    assert acting.ended(instance) == {"x": 1}


def test_start_listener_of_a_gateway_decides_its_way() -> None:
    """B39: what a start listener gives is there when the conditions are evaluated."""
    acting = Acting()
    model = choice().replace(
        '<bpmn:exclusiveGateway id="g" default="g-d">',
        '<bpmn:exclusiveGateway id="g" default="g-d"><bpmn:extensionElements>'
        + listeners(("start", "l"))
        + "</bpmn:extensionElements>",
    )
    acting.begun(model)
    acting.complete("l", x=2)

    assert acting.jobs() == ["one"]


def test_subprocesses_may_be_nested_deeply() -> None:
    """Sixty levels are entered and left again."""
    inside = task("work") + flows("s0-start", "work")
    for level in range(60):
        inside = sub(f"s{level}", inside)
        inside += flows(f"s{level + 1}-start", f"s{level}")
    acting = Acting()
    instance = acting.begun(process(sub("s60", inside), flows("start", "s60")))
    acting = acting.restarted()
    acting.complete("a", x=1)

    assert acting.ended(instance) == {"x": 1}
    nothing_left(acting)


LOOPING = process(
    element("exclusiveGateway", "a"),
    element("exclusiveGateway", "b"),
    flows("start", "a", "b", "a"),
)
"""A loop of gateways, which nothing ever stops."""


def test_loop_without_a_wait_state_lets_others_have_their_turns() -> None:
    """A command ends after a slice of steps; what is left is put off, and others go on meanwhile."""
    machine = Machine(BEHAVIOURS)
    machine.run(commands.Deploy((("loop.bpmn", LOOPING.encode()),)), BEGIN_MS)
    looping = machine.run(commands.CreateInstance("p"), BEGIN_MS).process_instance_key
    assert len(machine.state.pending) == 1
    assert len(machine.taken()) < 10 * SLICE
    other = process(task("work"), flows("start", "work"), name="other")
    machine.run(commands.Deploy((("other.bpmn", other.encode()),)), BEGIN_MS)
    begun = machine.run(commands.CreateInstance("other"), BEGIN_MS).process_instance_key
    for _ in range(3):
        machine.resume(BEGIN_MS)
    job = machine.run(commands.ActivateJobs("a", "w", 1_000, 1), BEGIN_MS)[0]
    machine.run(commands.CompleteJob(job.key), BEGIN_MS)
    assert begun not in machine.state.instances
    machine.run(commands.CancelInstance(looping), BEGIN_MS)
    machine.resume(BEGIN_MS)

    assert not machine.state.instances
    assert not machine.state.pending


def test_process_that_calls_itself_stands_still_at_a_depth() -> None:
    """B35: a thousand calls deep it is an incident instead of a full disk; cancelled, all of it goes."""
    acting = Acting()
    instance = acting.begun(process(call("again", "p"), flows("start", "again")))

    assert acting.told()[0] == "CALLED_ELEMENT_ERROR"
    assert "maximum depth of 1000" in acting.incident().message
    acting.run(commands.CancelInstance(instance))
    nothing_left(acting)

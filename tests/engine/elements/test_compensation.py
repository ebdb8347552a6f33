"""Compensation: which handlers are begun, and who waits for them."""

from __future__ import annotations

import json

from tests.engine.core.acting import (
    Acting,
    call,
    end,
    io,
    loop,
    nothing_left,
    process,
    sub,
    task,
    timer,
    undo,
    undone,
)
from tests.engine.model.writing import boundary, element, flow, flows
from zeebe_fleet.engine.core import commands


def undoable(name: str, *inside: str) -> tuple[str, str]:
    """Write a task of its own type with a handler `un<name>`, and what comes last."""
    event, connected = undone(name, f"un{name}")
    return task(name, *inside, job_type=name) + event, connected


def test_all_handlers_of_a_scope_are_begun_at_once() -> None:
    """B37: of the activities that are completed; the throw event waits for all of them."""
    (one, by_one), (two, by_two), (three, by_three) = undoable("one"), undoable("two"), undoable("three")
    acting = Acting()
    instance = acting.begun(
        process(
            element("parallelGateway", "fork"),
            one,
            two,
            three,
            undo("back"),
            task("after", job_type="after"),
            flows("start", "fork", "one", "two", "back", "after"),
            flows("fork", "three"),
            by_one,
            by_two,
            by_three,
        )
    )
    acting.complete("one")
    acting.complete("two")
    assert acting.jobs() == ["three", "unone", "untwo"]
    acting.complete("unone")
    acting = acting.restarted()
    assert acting.jobs() == ["three", "untwo"]
    acting.complete("untwo")
    assert acting.jobs() == ["after", "three"]
    acting.complete("three")
    acting.complete("after")

    assert acting.is_over(instance)
    nothing_left(acting)


def test_order_comes_of_naming_activities() -> None:
    """B37: each throw event undoes its own, and the next begins when that is done."""
    (one, by_one), (two, by_two) = undoable("one"), undoable("two")
    acting = Acting()
    acting.begun(
        process(
            one,
            two,
            undo("back-two", "two"),
            undo("back-one", "one", "endEvent"),
            flows("start", "one", "two", "back-two", "back-one"),
            by_one,
            by_two,
        )
    )
    acting.complete("one")
    acting.complete("two")
    assert acting.jobs() == ["untwo"]
    acting.complete("untwo")
    assert acting.jobs() == ["unone"]
    acting.complete("unone")

    nothing_left(acting)


def test_nothing_to_undo_is_passed() -> None:
    """B37: without completed activities the throw event goes on at once."""
    one, by_one = undoable("one")
    acting = Acting()
    instance = acting.begun(process(undo("back"), one, end(), flows("start", "back", "end"), by_one))

    assert acting.is_over(instance)


def test_loop_of_three_has_three_handlers_with_the_last_variables() -> None:
    """B37: a handler for each time; they see the variables as they are now."""
    one, by_one = undoable("one")
    acting = Acting()
    acting.begun(
        process(
            element("exclusiveGateway", "again"),
            one,
            element("exclusiveGateway", "more", attributes='default="more-back"'),
            undo("back", "one"),
            flows("start", "again", "one", "more", "back"),
            flow("more", "again", "=n &lt; 3"),
            by_one,
        ),
        n=0,
    )
    for nth in range(1, 4):
        acting.complete("one", n=nth)

    assert [json.loads(job.variables) for job in acting.poll("unone", 5)] == [{"n": 3}] * 3


def test_multi_instance_has_one_handler() -> None:
    """B37: after all of it is completed, and without any item."""
    one, by_one = undoable("one", loop(inputElement="item"))
    acting = Acting()
    acting.begun(process(one, undo("back"), flows("start", "one", "back"), by_one), items=[1, 2, 3])
    for _ in range(3):
        assert acting.jobs()[0] == "one"
        acting.complete("one")
    assert acting.jobs() == ["unone"]
    assert json.loads(acting.complete("unone").variables) == {"items": [1, 2, 3]}

    nothing_left(acting)


def test_completed_subprocess_is_undone_from_outside() -> None:
    """B37: its handlers see what was local to it when it ended (camunda/camunda issue 15451)."""
    one, by_one = undoable("one")
    inner = sub("s", io(("input", "=1", "local")), one, flows("s-start", "one"), by_one)
    acting = Acting()
    acting.begun(process(sub("t", inner, flows("t-start", "s")), undo("back"), flows("start", "t", "back")), x=0)
    acting.complete("one", local=2, x=3)
    acting = acting.restarted()
    assert json.loads(acting.complete("unone").variables) == {"local": 2, "x": 3}

    nothing_left(acting)


def test_multi_instance_subprocess_is_undone_item_by_item() -> None:
    """B37: handlers inside are begun for each inner instance, with its item (camunda/camunda issue 15451)."""
    one, by_one = undoable("one")
    inner = sub("s", one, flows("s-start", "one"), loop(inputElement="item"), by_one)
    acting = Acting()
    acting.begun(process(inner, undo("back"), flows("start", "s", "back")), items=[1, 2])
    acting.complete("one")
    acting.complete("one")
    found = acting.poll("unone", 5)
    assert sorted(json.loads(job.variables)["item"] for job in found) == [1, 2]
    for job in found:
        acting.run(commands.CompleteJob(job.key))

    nothing_left(acting)


def test_subprocess_with_a_handler_has_those_inside_too() -> None:
    """B37: its own and those inside, also when it is named (camunda/camunda issue 16601)."""
    one, by_one = undoable("one")
    event, by_s = undone("s", "uns")
    two, by_two = undoable("two")
    acting = Acting()
    acting.begun(
        process(
            sub("s", one, flows("s-start", "one"), by_one),
            event,
            two,
            undo("back", "s"),
            flows("start", "s", "two", "back"),
            by_s,
            by_two,
        )
    )
    acting.complete("one")
    acting.complete("two")

    assert acting.jobs() == ["unone", "uns"]


def test_throw_inside_a_subprocess_undoes_nothing_outside() -> None:
    """B37: and nothing of a subprocess that is not completed is undone from outside."""
    (one, by_one), (two, by_two) = undoable("one"), undoable("two")
    inner = sub("s", two, undo("back"), flows("s-start", "two", "back"), by_two)
    acting = Acting()
    acting.begun(process(one, inner, end(), flows("start", "one", "s", "end"), by_one))
    acting.complete("one")
    acting.complete("two")

    assert acting.jobs() == ["untwo"]


def test_called_process_is_not_undone() -> None:
    """B37: compensation stops at a call activity, whose own handler is begun."""
    one, by_one = undoable("one")
    event, by_c = undone("c", "unc")
    acting = Acting()
    acting.begun(
        process(call("c"), event, undo("back"), flows("start", "c", "back"), by_c),
        process(one, flows("start", "one"), by_one, name="child"),
    )
    acting.complete("one")

    assert acting.jobs() == ["unc"]


def test_interrupted_activity_is_not_undone() -> None:
    """B37: it was not completed."""
    one, by_one = undoable("one")
    acting = Acting()
    instance = acting.begun(
        process(
            one,
            boundary("late", "one", timer("timeDuration", "PT1S")),
            undo("back"),
            flows("start", "one"),
            flows("late", "back"),
            by_one,
        )
    )
    acting.pass_time(2_000)

    assert acting.is_over(instance)


def test_handler_that_is_ended_by_hand_lets_its_thrower_go_on() -> None:
    """B37, B49: a throw event does not wait for ever for what nobody does any more."""
    (one, by_one), (two, by_two) = undoable("one"), undoable("two")
    acting = Acting()
    instance = acting.begun(process(one, two, undo("back"), flows("start", "one", "two", "back"), by_one, by_two))
    acting.complete("one")
    acting.complete("two")
    acting.run(commands.ModifyInstance(instance, terminate=(acting.of("unone").key,)))
    assert not acting.is_over(instance)
    acting.complete("untwo")

    assert acting.is_over(instance)
    nothing_left(acting)


def test_undone_once_is_not_undone_again() -> None:
    """B37: a second throw event finds nothing."""
    one, by_one = undoable("one")
    acting = Acting()
    instance = acting.begun(
        process(one, undo("back"), undo("back-again"), flows("start", "one", "back", "back-again"), by_one)
    )
    acting.complete("one")
    acting.complete("unone")

    assert acting.is_over(instance)

"""Inclusive gateways: what they choose, and how long they wait."""

from __future__ import annotations

import pytest

from tests.engine.core.acting import Acting, end, nothing_left, process, sub, task, timer
from tests.engine.model.writing import boundary, element, flow, flows


def gateway(name: str, default: str = "") -> str:
    """Write an inclusive gateway."""
    return element("inclusiveGateway", name, attributes=f'default="{default}"' if default else "")


def choice(default: str = "g-d", then: str = "") -> str:
    """Write a gateway with two conditions and a default, whose ways meet at `j`."""
    tasks = "".join(task(name, job_type=name) for name in ("one", "two", "d"))
    ways = flow("g", "one", "=x &gt; 0") + flow("g", "two", "=x &gt; 1") + flow("g", "d")
    meet = then or "".join(flow(name, "j") for name in ("one", "two", "d"))
    return process(
        gateway("g", default),
        tasks,
        flow("start", "g"),
        ways,
        gateway("j"),
        task("after", job_type="after"),
        meet,
        flow("j", "after"),
    )


@pytest.mark.parametrize(("x", "taken"), [(2, ["one", "two"]), (1, ["one"]), (0, ["d"])])
def test_inclusive_gateway_takes_all_that_hold_and_waits_for_them(x: int, taken: list[str]) -> None:
    """B27: else the default; the join goes on once."""
    acting = Acting()
    key = acting.begun(choice(), x=x)
    assert acting.jobs() == taken
    for name in taken:
        assert "after" not in acting.jobs()
        acting.complete(name)
    assert acting.jobs() == ["after"]
    acting.complete("after")

    assert acting.is_over(key)
    nothing_left(acting)


def test_inclusive_gateway_without_a_way_is_an_incident() -> None:
    """B27: as an exclusive one."""
    acting = Acting()
    model = process(
        gateway("g"),
        task("one"),
        task("two"),
        flow("start", "g"),
        flow("g", "one", "=x = 1"),
        flow("g", "two", "=x = 2"),
    )
    key = acting.begun(model, x=0)
    told = "Expected at least one condition to evaluate to true, or to have a default flow"
    assert acting.told() == ("CONDITION_ERROR", "g", told)
    acting.set(key, x=2)
    acting.resolve()
    assert acting.jobs() == ["a"]


def test_join_goes_on_when_the_other_way_ends_elsewhere() -> None:
    """B27: as the documentation says; a real one waits for ever (issue 19460)."""
    then = flow("one", "j") + flow("d", "j") + end() + flow("two", "end")
    acting = Acting()
    acting.begun(choice(then=then), x=2)
    acting.complete("one")
    assert acting.jobs() == ["after", "two"], "what the other way leads to never comes to the gateway"


def test_join_waits_for_a_way_that_may_yet_turn() -> None:
    """B27: until an exclusive gateway has led it away."""
    turn = element("exclusiveGateway", "x", attributes='default="x-end"')
    then = flow("one", "j") + flow("d", "j") + turn + end() + flow("two", "x") + flow("x", "j", "=y") + flow("x", "end")
    for y, after in ((True, 1), (False, 1)):
        acting = Acting()
        key = acting.begun(choice(then=then), x=2, y=y)
        acting.complete("one")
        assert acting.jobs() == ["two"]
        acting = acting.restarted()
        acting.complete("two")
        assert acting.jobs() == ["after"] * after
        acting.complete_all(key)
        nothing_left(acting)


def test_join_goes_on_when_what_it_waits_for_is_interrupted() -> None:
    """B27: a boundary event leads the token away."""
    leave = boundary("b", "two", timer("timeDuration", "PT5S")) + end() + flow("b", "end")
    then = "".join(flow(name, "j") for name in ("one", "two", "d")) + leave
    acting = Acting()
    acting.begun(choice(then=then), x=2)
    acting.complete("one")
    assert acting.jobs() == ["two"]
    acting.pass_time(5_000)

    assert acting.jobs() == ["after"]


def test_two_joins_that_could_wait_for_one_another_do_not() -> None:
    """B27: each has a token, and neither needs the other's."""
    model = process(
        element("parallelGateway", "f"),
        flow("start", "f"),
        *(task(name, job_type=name) for name in ("a", "b", "c", "d")),
        flow("f", "a"),
        flow("f", "b"),
        gateway("j"),
        gateway("k"),
        flow("a", "j"),
        flow("b", "k"),
        flow("j", "c"),
        flow("k", "d"),
        flow("c", "k"),
        flow("d", "j"),
    )
    acting = Acting()
    acting.begun(model)
    acting.complete("a")
    acting.complete("b")
    assert acting.jobs(), "it goes on"


def test_inclusive_gateway_in_a_subprocess_looks_at_its_scope_alone() -> None:
    """B27: what runs outside cannot come."""
    inside = sub(
        "s",
        gateway("g", "g-d"),
        gateway("j"),
        task("one", job_type="one"),
        task("d", job_type="d"),
        flow("s-start", "g"),
        flow("g", "one", "=true"),
        flow("g", "d"),
        flow("one", "j"),
        flow("d", "j"),
    )
    acting = Acting()
    key = acting.begun(
        process(
            element("parallelGateway", "f"),
            inside,
            task("b", job_type="b"),
            flow("start", "f"),
            flow("f", "s"),
            flow("f", "b"),
            end(),
            flows("s", "end"),
        )
    )
    acting.complete("one")
    assert acting.jobs() == ["b"]
    acting.complete("b")
    assert acting.is_over(key)

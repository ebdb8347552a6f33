"""Messages and signals: who has them, and for how long they are kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.core.acting import SECOND_MS, Acting, end, io, nothing_left, process, sub, task
from tests.engine.model.writing import boundary, definition, element, flows, message
from zeebe_fleet.engine.core import commands

SIGNAL = element("signal", "sig", attributes='name="go"')


def catch(name: str = "m", *inside: str) -> str:
    """Write an event that waits for a message."""
    return element("intermediateCatchEvent", "wait", *inside, definition("message", messageRef=name))


def waiting(*inside: str, name: str = "p", key: str = "=key") -> str:
    """Write a process that waits for a message."""
    return process(catch("m", *inside), end(), flows("start", "wait", "end"), beside=message("m", key), name=name)


def publish(acting: Acting, key: str = "k", ttl_ms: int = 0, message_id: str = "", document: str = "{}") -> int:
    """Publish the message `m`."""
    published: int = acting.run(commands.PublishMessage("m", key, ttl_ms, message_id, document))
    return published


def test_message_comes_to_whoever_waits_for_it() -> None:
    """B44: with its variables, which go on where nothing maps them."""
    acting = Acting()
    instance, other = acting.begun(waiting(), key="k"), acting.begin("p", key="other")
    publish(acting, document='{"x":1}')

    assert acting.ended(instance) == {"key": "k", "x": 1}
    assert not acting.is_over(other)


def test_message_s_variables_go_through_output_mappings() -> None:
    """B18, B44: then only what is mapped goes up."""
    acting = Acting()
    instance = acting.begun(waiting(io(("output", "=x + 1", "y"))), key="k")
    publish(acting, document='{"x":1}')

    assert acting.ended(instance) == {"key": "k", "y": 2}


def test_subscription_is_fixed_when_it_is_entered() -> None:
    """B44: a key that changes later changes nothing."""
    acting = Acting()
    instance = acting.begun(waiting(), key="k")
    acting.set(instance, key="new")
    publish(acting, "new")
    assert not acting.is_over(instance)
    publish(acting, "k")

    assert acting.is_over(instance)


def test_key_may_be_a_number() -> None:
    """B44: it is compared as it is written."""
    acting = Acting()
    instance = acting.begun(waiting(), key=42)
    publish(acting, "42")

    assert acting.is_over(instance)


@pytest.mark.parametrize(("given", "kind"), [({}, "NULL"), ({"key": None}, "NULL"), ({"key": [1]}, "ARRAY")])
def test_wrong_key_is_an_incident_of_the_event(given: dict[str, Any], kind: str) -> None:
    """B44, B48: without a job; repaired by the variable, then resolved."""
    acting = Acting()
    instance = acting.begun(waiting(), **given)
    assert acting.told() == (
        "EXTRACT_VALUE_ERROR",
        "wait",
        "Failed to extract the correlation key for 'key': The value must be either a string or a number, "
        f"but was '{kind}'.",
    )
    assert acting.incident().job_key == 0
    acting.set(instance, key="k")
    acting.resolve()
    publish(acting)

    assert acting.is_over(instance)


def test_message_is_kept_for_its_time_to_live() -> None:
    """B44: who comes in time has it, who comes later has not."""
    acting = Acting()
    acting.deploy(waiting())
    publish(acting, ttl_ms=10 * SECOND_MS)
    acting.pass_time(9 * SECOND_MS)
    in_time = acting.begin("p", key="k")
    assert acting.is_over(in_time)
    publish(acting, ttl_ms=10 * SECOND_MS)
    acting.now_ms += 10 * SECOND_MS

    assert not acting.is_over(acting.begin("p", key="k"))
    acting.pass_time(SECOND_MS)
    assert not acting.state.messages


def test_message_without_time_to_live_is_not_kept() -> None:
    """B44: it is there for those who wait now."""
    acting = Acting()
    acting.deploy(waiting())
    publish(acting)

    assert not acting.is_over(acting.begin("p", key="k"))
    assert not acting.state.messages


def test_kept_messages_come_in_the_order_of_their_publishing() -> None:
    """B44: first in, first out; also after a restart."""
    acting = Acting()
    acting.deploy(waiting())
    for nth in range(3):
        publish(acting, ttl_ms=60_000, document=f'{{"nth":{nth}}}')
    acting = acting.restarted()
    ended = [acting.ended(acting.begin("p", key="k"))["nth"] for _ in range(3)]

    assert ended == [0, 1, 2]


def test_message_comes_once_to_each_process() -> None:
    """B45: to one instance of a process, whatever its version, and to one of every other."""
    acting = Acting()
    first = acting.begun(waiting(), key="k")
    acting.deploy(waiting(io(("output", "=1", "one"))))
    second = acting.begin("p", key="k")
    acting.deploy(waiting(name="other"))
    third = acting.begin("other", key="k")
    publish(acting, ttl_ms=60_000)
    assert [acting.is_over(one) for one in (first, second, third)] == [True, False, True]
    fourth = acting.begin("other", key="k")
    assert not acting.is_over(fourth)
    publish(acting)

    assert acting.is_over(second)
    assert acting.is_over(fourth)


def test_same_message_id_is_refused_while_it_is_kept() -> None:
    """B45: name, key and id together; one that was not kept is no obstacle, a blank id never is."""
    acting = Acting()
    publish(acting, message_id="1")
    publish(acting, ttl_ms=60_000, message_id="1")
    publish(acting, "other", ttl_ms=60_000, message_id="1")
    publish(acting, ttl_ms=60_000)
    publish(acting, ttl_ms=60_000)
    for ttl_ms in (0, 60_000):
        refusal = acting.refused(commands.PublishMessage("m", "k", ttl_ms, "1"))
        assert refusal.kind == "ALREADY_EXISTS"
    acting.pass_time(61_000)

    publish(acting, message_id="1")


def test_receive_task_waits_for_its_message() -> None:
    """B44: as a catch event does; what comes goes on, or through its mappings."""
    task_ = '<bpmn:receiveTask id="wait" messageRef="m" />'
    mapped = element("receiveTask", "mapped", io(("output", "=x + 1", "y")), attributes='messageRef="m"')
    acting = Acting()
    instance = acting.begun(process(task_, mapped, flows("start", "wait", "mapped"), beside=message("m")), key="k")
    publish(acting, document='{"x":1}')
    assert acting.variables(instance) == {"key": "k", "x": 1}
    publish(acting, document='{"x":2}')

    assert acting.ended(instance) == {"key": "k", "x": 1, "y": 3}


def guarded(*, interrupting: bool) -> str:
    """Write a task with a message at its boundary."""
    return process(
        task("work"),
        boundary("told", "work", definition("message", messageRef="m"), interrupting=interrupting),
        task("after", job_type="after"),
        flows("start", "work"),
        flows("told", "after"),
        beside=message("m"),
    )


def test_message_at_a_boundary_interrupts() -> None:
    """B44: the way from the event is taken with what the message brought."""
    acting = Acting()
    instance = acting.begun(guarded(interrupting=True), key="k")
    publish(acting, document='{"x":1}')

    assert acting.jobs() == ["after"]
    assert acting.variables(instance) == {"key": "k", "x": 1}


def test_boundary_that_does_not_interrupt_has_every_message() -> None:
    """B44: those that were kept, all of them, and those that come."""
    acting = Acting()
    acting.deploy(guarded(interrupting=False))
    publish(acting, ttl_ms=60_000)
    publish(acting, ttl_ms=60_000)
    acting.begin("p", key="k")
    assert acting.jobs() == ["a", "after", "after"]
    publish(acting)

    assert acting.jobs() == ["a", "after", "after", "after"]


def test_signal_comes_to_everybody_at_once() -> None:
    """B31: to every one that waits now, of any process; who comes later waits for the next."""
    wait = element("intermediateCatchEvent", "wait", definition("signal", signalRef="sig"))
    models = [process(wait, end(), flows("start", "wait", "end"), beside=SIGNAL, name=name) for name in ("p", "q")]
    acting = Acting()
    acting.deploy(*models)
    waiting_ones = [acting.begin(name) for name in ("p", "p", "q")]
    acting.run(commands.BroadcastSignal("other"))
    assert not any(acting.is_over(one) for one in waiting_ones)
    acting.run(commands.BroadcastSignal("go", '{"x":1}'))
    assert [acting.ended(one) for one in waiting_ones] == [{"x": 1}] * 3

    assert not acting.is_over(acting.begin("p"))


def test_signal_comes_to_all_events_of_one_instance() -> None:
    """B31: an interrupting one at a subprocess ends what else waits inside."""
    wait = element("intermediateCatchEvent", "wait", definition("signal", signalRef="sig"))
    model = process(
        sub("s", wait, task("inside"), flows("s-start", "wait"), flows("wait", "inside")),
        boundary("told", "s", definition("signal", signalRef="sig")),
        task("after", job_type="after"),
        flows("start", "s"),
        flows("told", "after"),
        beside=SIGNAL,
    )
    acting = Acting()
    acting.begun(model)
    acting.run(commands.BroadcastSignal("go"))

    assert acting.active() == ["after"]


def test_nothing_of_a_wait_is_left_when_its_instance_is_cancelled() -> None:
    """B30: subscriptions, timers and signals are closed."""
    acting = Acting()
    instance = acting.begun(guarded(interrupting=False), key="k")
    acting.run(commands.CancelInstance(instance))

    nothing_left(acting)

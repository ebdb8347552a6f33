"""Processes that begin by themselves: by a message, a signal, a timer."""

from __future__ import annotations

import json

import pytest

from tests.engine.core.acting import HOUR_MS, Acting, end, io, nothing_left, process, task, timer
from tests.engine.model.writing import definition, element, flows, model
from zeebe_fleet.engine.core import commands

MESSAGE = '<bpmn:message id="m" name="order" />'
SIGNAL = '<bpmn:signal id="go" name="go" />'


def begins(*start: str, name: str = "p", beside: str = MESSAGE + SIGNAL, attributes: str = "") -> str:
    """Write a process with a start event of its own kind, and a job."""
    parts = (element("startEvent", "begin", *start), task("a"), flows("begin", "a"))
    return model(*parts, attributes=f'id="{name}" isExecutable="true" {attributes}', beside=beside)


ON_MESSAGE = definition("message", messageRef="m")


def publish(acting: Acting, key: str = "", ttl_ms: int = 0, **variables: object) -> None:
    """Publish the message."""
    acting.run(commands.PublishMessage("order", key, ttl_ms, variables=json.dumps(variables)))


def running(acting: Acting) -> list[int]:
    """Return the keys of all process instances."""
    return sorted(key for key, one in acting.state.instances.items() if one.scope is None)


def test_message_begins_a_process_with_its_variables() -> None:
    """B46: through the mappings of its start event, where it has some."""
    acting = Acting()
    acting.deploy(begins(ON_MESSAGE))
    acting.deploy(begins(io(("output", "=n + 1", "m")), ON_MESSAGE, name="q"))
    acting = acting.restarted()
    publish(acting, n=1)
    first, second = running(acting)
    for _ in (first, second):
        acting.complete()

    assert (acting.ended(first), acting.ended(second)) == ({"n": 1}, {"m": 2})
    nothing_left(acting)


def test_message_with_a_key_begins_one_at_a_time() -> None:
    """B46: what was kept begins the next when the first is over, by completion or cancellation."""
    acting = Acting()
    acting.deploy(begins(ON_MESSAGE))
    for number in range(3):
        publish(acting, "k", HOUR_MS, n=number)
    publish(acting, "other", HOUR_MS, n=9)
    assert len(running(acting)) == 2
    acting = acting.restarted()
    first = running(acting)[0]
    acting.complete()
    assert acting.ended(first) == {"n": 0}
    second = next(key for key in running(acting) if acting.variables(key) == {"n": 1})
    acting.run(commands.CancelInstance(second))

    assert [acting.variables(key) for key in running(acting)] == [{"n": 9}, {"n": 2}]


def test_message_without_a_key_begins_many() -> None:
    """B46: an empty key locks nothing."""
    acting = Acting()
    acting.deploy(begins(ON_MESSAGE))
    publish(acting)
    publish(acting)

    assert len(running(acting)) == 2


def test_message_that_is_not_kept_is_lost_while_its_key_is_taken() -> None:
    """B44, B46: a time to live of nothing."""
    acting = Acting()
    acting.deploy(begins(ON_MESSAGE))
    publish(acting, "k")
    publish(acting, "k")
    acting.complete()

    assert not running(acting)
    nothing_left(acting)


def test_kept_message_begins_the_version_that_is_the_newest_then() -> None:
    """B46: and no other version waits any more (B25)."""
    acting = Acting()
    acting.deploy(begins(ON_MESSAGE))
    publish(acting, "k", HOUR_MS)
    publish(acting, "k", HOUR_MS)
    newer = acting.deploy(begins(ON_MESSAGE, attributes='name="newer"')).processes[0]
    acting.complete()
    (key,) = running(acting)

    assert acting.state.instances[key].definition.key == newer.process_definition_key


def test_signal_begins_processes_and_those_that_wait_go_on() -> None:
    """B31: each newest version once."""
    acting = Acting()
    acting.deploy(begins(definition("signal", signalRef="go")))
    acting.deploy(begins(definition("signal", signalRef="go"), attributes='name="newer"'))
    acting.run(commands.BroadcastSignal("go", '{"n": 1}'))
    (key,) = running(acting)
    acting.complete()

    assert acting.ended(key) == {"n": 1}


def test_cycle_begins_a_process_again_and_again() -> None:
    """B29: counted from its deployment, over a restart."""
    acting = Acting()
    acting.deploy(begins(timer("timeCycle", "R3/PT1H")))
    acting = acting.restarted()
    for number in range(5):
        acting.pass_time(HOUR_MS)
        assert len(running(acting)) == min(number + 1, 3)
    assert not acting.state.starts


def test_new_version_moves_the_timer_and_a_deleted_one_gives_it_back() -> None:
    """B25: one version waits at a time."""
    acting = Acting()
    acting.deploy(begins(timer("timeCycle", "R/PT1H")))
    second = acting.deploy(begins(timer("timeCycle", "R/PT2H"))).processes[0]
    acting.pass_time(HOUR_MS)
    assert not running(acting)
    acting.run(commands.DeleteResource(second.process_definition_key))
    acting.pass_time(HOUR_MS)
    assert len(running(acting)) == 1
    third = process(task("a"), flows("start", "a"))
    acting.deploy(third)

    assert not acting.state.starts


def test_same_file_again_moves_nothing() -> None:
    """B21, B25: a timer goes on as it was."""
    acting = Acting()
    acting.deploy(begins(timer("timeCycle", "R/PT1H")))
    acting.pass_time(HOUR_MS - 1)
    acting.deploy(begins(timer("timeCycle", "R/PT1H")))
    acting.pass_time(1)

    assert len(running(acting)) == 1


@pytest.mark.parametrize(
    "start", [timer("timeDate", "=tomorrow"), definition("message", messageRef="x")], ids=["timer", "message"]
)
def test_start_event_that_needs_variables_refuses_the_deployment(start: str) -> None:
    """B29: start events are evaluated when they are deployed, without any."""
    unnamed = '<bpmn:message id="x" name="=whose" />'
    refusal = Acting().refused(commands.Deploy((("p.bpmn", begins(start, beside=unnamed).encode()),)))

    assert "- Element: begin\n    - ERROR: " in str(refusal)


def test_process_that_a_message_begins_is_not_created_by_command() -> None:
    """B57: it has no none start event; one beside it can be begun."""
    acting = Acting()
    acting.deploy(begins(ON_MESSAGE))
    assert acting.refused(commands.CreateInstance("p")).kind == "INVALID_STATE"
    acting.deploy(
        process(
            element("startEvent", "begin", ON_MESSAGE),
            task("a"),
            flows("start", "a"),
            end(),
            flows("begin", "end"),
            name="both",
            beside=MESSAGE,
        )
    )
    acting.begin("both")

    assert acting.jobs() == ["a"]

"""What an ended instance leaves: nothing, and nothing for the collector either."""

from __future__ import annotations

import gc

from tests.engine.core.acting import (
    Acting,
    call,
    catches,
    end,
    error,
    listeners,
    loop,
    nothing_left,
    process,
    sub,
    task,
    timer,
    undo,
    undone,
)
from tests.engine.model.writing import boundary, definition, element, flows, message
from zeebe_fleet.engine.core import commands

OURS = "zeebe_fleet.engine"


def everything() -> tuple[str, str]:
    """Write a process with most of what there is, and one that it calls."""
    event, connected = undone("work", "unwork")
    model = process(
        element("parallelGateway", "fork"),
        element("parallelGateway", "join"),
        task("work", listeners(("start", "l"), ("end", "l2"))),
        event,
        boundary("late", "work", timer("timeDuration", "PT1H"), interrupting=False),
        boundary("told", "work", definition("message", messageRef="m")),
        sub("s", task("each", loop("=[1, 2]"), job_type="each"), flows("s-start", "each")),
        boundary("broken", "s", catches("E")),
        call("c"),
        undo("back"),
        end(),
        flows("start", "fork", "work", "join", "back", "end"),
        flows("fork", "s", "join"),
        flows("fork", "c", "join"),
        connected,
        beside=message("m", "=1") + error("E"),
    )
    return model, process(task("called", job_type="called"), flows("start", "called"), name="child")


def test_thousand_instances_leave_no_cycle_of_ours() -> None:
    """The collector finds none of the engine's objects: counting references is enough for all of them."""
    acting = Acting()
    acting.deploy(*everything())
    acting.complete_all(acting.begin())
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for nth in range(1_000):
            instance = acting.begin()
            if nth % 10 == 0:
                acting.run(commands.CancelInstance(instance))
            elif nth % 10 == 1:
                acting.throw("each", "NONE")
                acting.throw("called", "NONE")
                acting.run(commands.CancelInstance(instance))
            else:
                acting.complete_all(instance)
            acting.machine.taken()
            acting.machine.ended.clear()
            acting.pass_time(1)
        gc.collect()
        found = sorted({type(one).__name__ for one in gc.garbage if type(one).__module__.startswith(OURS)})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()

    nothing_left(acting)
    assert found == []


def test_ended_instances_leave_no_queues_behind() -> None:
    """Job types that nobody asks for any more, and what is due later, are forgotten."""
    acting = Acting()
    acting.deploy(*everything())
    for _ in range(50):
        acting.complete_all(acting.begin())

    assert len(acting.state.wheel) == 0
    assert not acting.state.buffered
    assert not acting.state.message_ids

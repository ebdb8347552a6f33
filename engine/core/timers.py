"""When timers are due.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/timer-events/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core.expressions import evaluate
from zeebe_fleet.engine.core.moments import Unreadable, after, moment_ms, next_ms, read_cycle
from zeebe_fleet.engine.core.rejection import Stuck

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import Catch, ElementInstance
    from zeebe_fleet.engine.model.elements import Timer

FOR_EVER = -1
_MOST_AT_ONCE = 1000
"""How often a cycle may fire whose interval leads nowhere: at once, all of them."""


def schedule(machine: Machine, instance: ElementInstance | None, timer: Timer) -> tuple[int, int, str]:
    """Return when a timer is due first, how often it fires, and its interval.

    Raises:
        Stuck: its expression gives no time.
    """
    value: Any = evaluate(machine, instance, timer.value)
    try:
        if timer.kind == "date":
            return moment_ms(value), 1, ""
        if timer.kind == "duration":
            return after(machine.now_ms, value), 1, ""
        return _cycle(machine.now_ms, value)
    except Unreadable as wrong:
        raise Stuck("EXTRACT_VALUE_ERROR", str(wrong)) from None


def _cycle(now_ms: int, value: Any) -> tuple[int, int, str]:
    repetitions, interval, start_ms = read_cycle(value)
    first_ms = next_ms(now_ms, interval)
    if first_ms <= now_ms and not 0 < repetitions <= _MOST_AT_ONCE:
        raise Unreadable(f"The cycle '{value}' would fire without an end at one moment.")
    return first_ms if start_ms is None else start_ms, repetitions, interval


def again(machine: Machine, catch: Catch) -> None:
    """Begin a timer anew that fires more than once; it counts from when it was due."""
    left = catch.repetitions if catch.repetitions == FOR_EVER else catch.repetitions - 1
    if left == 0 or not catch.interval:
        return
    instance = catch.instance
    try:
        due_ms = next_ms(catch.due_ms, catch.interval)
    except Unreadable:
        return
    if left == FOR_EVER and due_ms <= catch.due_ms:
        return
    machine.emit(
        "TIMER_CREATED",
        instance.process_instance_key,
        machine.key(),
        instance.key,
        catch.element_id,
        due_ms,
        left,
        catch.interval,
    )

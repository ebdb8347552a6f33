"""Processes that begin by themselves: what the start events of their newest versions wait for.

Source: https://docs.camunda.io/docs/components/concepts/messages/#message-cardinality (one instance of a correlation
key), …/modeler/bpmn/timer-events/#timer-start-events, …/signal-events/#signal-start-events
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import course, documents, timers
from zeebe_fleet.engine.core.expressions import text
from zeebe_fleet.engine.core.moments import Unreadable, next_ms
from zeebe_fleet.engine.core.rejection import Rejected, Stuck
from zeebe_fleet.engine.model.elements import Message, Signal, Timer

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import Message as PublishedMessage
    from zeebe_fleet.engine.core.state import Start
    from zeebe_fleet.engine.model.elements import Element, Process

Opening = tuple[str, str, str, int, int, str]
"""Element, kind, name, when it is due, how often, and its interval."""


def openings(machine: Machine, process: Process) -> list[Opening]:
    """Return what the start events of a process wait for, evaluated without variables.

    Raises:
        Rejected: a name or time cannot be told.
    """
    found = []
    for element in process.root.children:
        if element.tag == "startEvent" and element.event is not None:
            try:
                found.append(_opening(machine, element))
            except Stuck as stuck:
                raise Rejected(
                    "INVALID_ARGUMENT",
                    f"Expected to deploy new resources, but encountered the following errors:\n"
                    f"- Element: {element.id}\n    - ERROR: {stuck.message}\n",
                    "CREATE",
                ) from None
    return found


def _opening(machine: Machine, element: Element) -> Opening:
    event = element.event
    if isinstance(event, Timer):
        return (element.id, "timer", "", *timers.schedule(machine, None, event))
    assert isinstance(event, Message | Signal)
    kind = "message" if isinstance(event, Message) else "signal"
    return element.id, kind, text(machine, None, event.name), 0, 1, ""


def renew(machine: Machine, bpmn_process_id: str, definition_key: int, wanted: Sequence[Opening]) -> None:
    """Let the newest version of a process wait in the place of the one before."""
    for start in [one for one in machine.state.starts.values() if one.definition.bpmn_process_id == bpmn_process_id]:
        machine.emit("START_CLOSED", 0, start.key)
    for opening in wanted:
        machine.emit("START_OPENED", 0, machine.key(), definition_key, *opening)


def begin(machine: Machine, start: Start, given: Mapping[str, str]) -> int:
    """Begin an instance by what its start event waited for; returns its key."""
    root = course.begin_process(machine, start.definition, {})
    machine.emit("START_TRIGGERED", root.key, root.key, start.element_id, documents.joined(given))
    return root.key


def fire(machine: Machine, start: Start) -> None:
    """A start event's timer is due."""
    machine.emit("START_CLOSED", 0, start.key)
    begin(machine, start, {})
    left = start.repetitions if start.repetitions == timers.FOR_EVER else start.repetitions - 1
    if not left or not start.interval:
        return
    try:
        due_ms = next_ms(start.due_ms, start.interval)
    except Unreadable:
        return
    rest: tuple[Any, ...] = (start.definition.key, start.element_id, "timer", "", due_ms, left, start.interval)
    machine.emit("START_OPENED", 0, machine.key(), *rest)


def by_message(machine: Machine, message: PublishedMessage) -> list[int]:
    """Begin an instance of each process that a message starts, and that has not had it; returns their keys."""
    starts = list(machine.state.started_by.get(("message", message.name), {}).values())
    return [key for start in starts if (key := _by_message(machine, start, message))]


def is_started(machine: Machine, message_name: str, correlation_key: str) -> bool:
    """Whether a message would begin an instance of any process now."""
    starts = machine.state.started_by.get(("message", message_name), {}).values()
    return any(not _locked(machine, start, correlation_key) for start in starts)


def _locked(machine: Machine, start: Start, correlation_key: str) -> bool:
    return bool(correlation_key) and (start.definition.bpmn_process_id, correlation_key) in machine.state.locks


def _by_message(machine: Machine, start: Start, message: PublishedMessage) -> int:
    process_id, key = start.definition.bpmn_process_id, message.correlation_key
    if process_id in message.served or _locked(machine, start, key):
        return 0
    machine.emit("MESSAGE_SERVED", 0, message.key, process_id)
    instance_key = begin(machine, start, documents.cut(message.variables))
    if key:
        machine.emit("INSTANCE_LOCKED", instance_key, key)
    return instance_key


def unlocked(machine: Machine, bpmn_process_id: str, correlation_key: str) -> None:
    """An instance that a message began is over: the next message that was kept begins one."""
    state = machine.state
    if (bpmn_process_id, correlation_key) in state.locks:
        return
    for start in list(state.starts.values()):
        if start.kind != "message" or start.definition.bpmn_process_id != bpmn_process_id:
            continue
        for message in list(state.buffered.get((start.name, correlation_key), {}).values()):
            if message.due_ms > machine.now_ms and _by_message(machine, start, message):
                return

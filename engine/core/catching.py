"""What an element instance waits for, and what happens when it comes."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, documents, sweeping, timers, variables
from zeebe_fleet.engine.core.expressions import evaluate, text, type_name
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.core.state import ACTIVE, TERMINATING, Catch, ElementInstance, Message
from zeebe_fleet.engine.model.elements import Message as MessageEvent
from zeebe_fleet.engine.model.elements import Signal, Timer

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element


def open_all(machine: Machine, instance: ElementInstance) -> None:
    """Begin to wait for what the boundary events, and the element itself, wait for.

    Raises:
        Stuck: a name, key or time cannot be told; nothing is waited for then.
    """
    for opening in openings(machine, instance, instance.element):
        opening()


def openings(
    machine: Machine, instance: ElementInstance, element: Element, but: Container[str] = ()
) -> list[Callable[[], None]]:
    """Return what begins the waiting; everything is evaluated before.

    Args:
        element: the instance's own, or the one that it goes on as.
        but: ids of events that are waited for already.

    Raises:
        Stuck: a name, key or time cannot be told.
    """
    awaited = [] if instance.body else list(_awaited(instance, element))
    if not instance.is_inner:
        awaited += element.boundaries
    return [_opening(machine, instance, one) for one in awaited if one.event is not None and one.id not in but]


def _awaited(instance: ElementInstance, element: Element) -> Iterator[Element]:
    """Yield the events that an element waits for itself."""
    if element.tag == "eventBasedGateway":
        yield from (flow.target for flow in element.outgoing)
    elif element.tag not in ("boundaryEvent", "startEvent"):
        yield element
    if not instance.interrupted:
        yield from event_starts(element)


def event_starts(scope: Element) -> Iterator[Element]:
    """Yield the start events of a scope's event subprocesses."""
    for one in scope.children:
        if one.triggered_by_event:
            yield from (start for start in one.children if start.tag == "startEvent")


def _opening(machine: Machine, instance: ElementInstance, element: Element) -> Callable[[], None]:
    """Evaluate what an event waits for; returns what begins the waiting."""
    event = element.event
    owner, key = instance.process_instance_key, instance.key
    if isinstance(event, Timer):
        due_ms, repetitions, interval = timers.schedule(machine, instance, event)
        return lambda: machine.emit(
            "TIMER_CREATED", owner, machine.key(), key, element.id, due_ms, repetitions, interval
        )
    if isinstance(event, MessageEvent) and event.correlation_key is not None:
        name = text(machine, instance, event.name)
        correlation_key = _correlation_key(machine, instance, event)
        return lambda: _subscribe(machine, instance, element, name, correlation_key)
    if isinstance(event, Signal):
        signal = text(machine, instance, event.name)
        return lambda: machine.emit("SIGNAL_SUBSCRIBED", owner, machine.key(), key, element.id, signal)
    return lambda: None


def _correlation_key(machine: Machine, instance: ElementInstance, event: MessageEvent) -> str:
    assert event.correlation_key is not None
    found = evaluate(machine, instance, event.correlation_key)
    if isinstance(found, str):
        return found
    if type_name(found) == "NUMBER":
        return documents.written(found)
    written = event.correlation_key if isinstance(event.correlation_key, str) else event.correlation_key.text
    raise Stuck(
        "EXTRACT_VALUE_ERROR",
        f"Failed to extract the correlation key for '{written}': "
        f"The value must be either a string or a number, but was '{type_name(found)}'.",
    )


def _subscribe(machine: Machine, instance: ElementInstance, element: Element, name: str, correlation_key: str) -> None:
    key = machine.key()
    machine.emit(
        "MESSAGE_SUBSCRIBED", instance.process_instance_key, key, instance.key, element.id, name, correlation_key
    )
    if (name, correlation_key) in machine.state.buffered:
        machine.later("buffered", key)


def buffered(machine: Machine, catch_key: int) -> None:
    """Give a subscription the first message that was kept and that its process has not had."""
    catch = machine.state.catches.get(catch_key)
    if catch is None or not is_open(catch.instance):
        return
    process_id = catch.instance.definition.bpmn_process_id
    for message in machine.state.buffered.get((catch.name, catch.correlation_key), {}).values():
        if process_id not in message.served and message.due_ms > machine.now_ms:
            correlate(machine, catch, message)
            if catch.key in machine.state.catches:
                machine.later("buffered", catch.key)
            return


def correlate(machine: Machine, catch: Catch, message: Message) -> None:
    """Give a message to whoever waits for it."""
    process_id = catch.instance.definition.bpmn_process_id
    machine.emit("MESSAGE_SERVED", catch.instance.process_instance_key, message.key, process_id)
    trigger(machine, catch, documents.cut(message.variables))


def trigger(machine: Machine, catch: Catch, given: dict[str, str]) -> None:
    """What was waited for has come, with its variables."""
    instance = catch.instance
    owner = instance.process_instance_key
    machine.emit("CATCH_TRIGGERED", owner, catch.key)
    element = instance.definition.process.elements[catch.element_id]
    if element is instance.element:
        machine.emit("CATCH_CLOSED", owner, catch.key)
        variables.set_local(machine, instance, given)
        course.complete(machine, instance)
    elif instance.element.tag == "eventBasedGateway":
        _choose(machine, instance, element, given)
    elif element.tag == "startEvent":
        trigger_event_subprocess(machine, instance, element, given, catch)
    else:
        trigger_boundary(machine, instance, element, given, catch)


def _choose(machine: Machine, gateway: ElementInstance, event: Element, given: dict[str, str]) -> None:
    """Let an event-based gateway go on by the event that came first."""
    owner, scope = gateway.process_instance_key, gateway.scope
    assert scope is not None
    flow = next(one for one in gateway.element.outgoing if one.target is event)
    close_all(machine, gateway)
    machine.emit("ELEMENT_COMPLETING", owner, gateway.key)
    machine.emit("SEQUENCE_FLOW_TAKEN", owner, scope.key, flow.id)
    course.begin_caught(machine, scope, event, given)
    machine.emit("ELEMENT_COMPLETED", owner, gateway.key)
    machine.count("completed", course.counted(gateway))


def trigger_event_subprocess(
    machine: Machine, scope: ElementInstance, start: Element, given: dict[str, str], catch: Catch | None = None
) -> None:
    """Let an event subprocess begin, in the place of all that is in its scope where it interrupts that."""
    owner = scope.process_instance_key
    if not is_open(scope):
        return
    if start.interrupting:
        starts = {one.id for one in event_starts(scope.element)}
        for other in [one for one in (scope.catches or {}).values() if one.element_id in starts]:
            machine.emit("CATCH_CLOSED", owner, other.key)
        sweeping.sweep(machine, scope, start_id=start.id, given=documents.joined(given))
        return
    if catch is not None and catch.kind == "timer":
        machine.emit("CATCH_CLOSED", owner, catch.key)
        timers.again(machine, catch)
    sweeping.begin_event_subprocess(machine, scope, start, documents.joined(given))


def trigger_boundary(
    machine: Machine, host: ElementInstance, event: Element, given: dict[str, str], catch: Catch | None = None
) -> None:
    """Let a boundary event go on, after its activity where it interrupts that."""
    owner = host.process_instance_key
    if not is_open(host):
        return
    if event.interrupting:
        machine.emit("BOUNDARY_TRIGGERED", owner, host.key, event.id, documents.joined(given))
        machine.later("terminate", host.key)
        return
    assert host.scope is not None
    if catch is not None and catch.kind == "timer":
        machine.emit("CATCH_CLOSED", owner, catch.key)
        timers.again(machine, catch)
    course.begin(machine, host.scope, event, given=given)


def is_open(host: ElementInstance) -> bool:
    """Whether what an instance waits for may come: it is at work, and nothing has interrupted it yet."""
    scope = host.scope
    if host.status != ACTIVE or host.trigger is not None or host.sweep is not None:
        return False
    return scope is None or (scope.status != TERMINATING and scope.sweep is None)


def close_all(machine: Machine, instance: ElementInstance) -> None:
    """Wait for nothing any more."""
    for key in list(instance.catches or ()):
        machine.emit("CATCH_CLOSED", instance.process_instance_key, key)

"""Timers, messages and signals, and who waits for them."""

from __future__ import annotations

from typing import TypeVar

from zeebe_fleet.engine.core.events.kinds import event
from zeebe_fleet.engine.core.state import Catch, Message, Start, State

K = TypeVar("K")


@event("TIMER", "CREATED")
def timer_created(
    state: State,
    process_instance_key: int,
    key: int,
    instance_key: int,
    element_id: str,
    due_ms: int,
    repetitions: int,
    interval: str,
) -> None:
    """A timer runs."""
    instance = state.instances[instance_key]
    keep(
        state,
        Catch(key, instance, element_id, "timer", due_ms=due_ms, repetitions=repetitions, interval=interval),
    )


@event("PROCESS_MESSAGE_SUBSCRIPTION", "CREATED")
def message_subscribed(
    state: State,
    process_instance_key: int,
    key: int,
    instance_key: int,
    element_id: str,
    name: str,
    correlation_key: str,
) -> None:
    """An element instance waits for a message."""
    instance = state.instances[instance_key]
    keep(state, Catch(key, instance, element_id, "message", name=name, correlation_key=correlation_key))


@event("SIGNAL_SUBSCRIPTION", "CREATED")
def signal_subscribed(
    state: State, process_instance_key: int, key: int, instance_key: int, element_id: str, name: str
) -> None:
    """An element instance waits for a signal."""
    keep(state, Catch(key, state.instances[instance_key], element_id, "signal", name=name))


@event("PROCESS_EVENT", "TRIGGERED")
def catch_triggered(state: State, process_instance_key: int, key: int) -> None:
    """What was waited for has come."""


@event("PROCESS_EVENT", "CLOSED")
def catch_closed(state: State, process_instance_key: int, key: int) -> None:
    """Nobody waits for it any more."""
    catch = state.catches.pop(key)
    catches = catch.instance.catches
    assert catches is not None
    del catches[key]
    if not catches:
        catch.instance.catches = None
    if catch.kind == "timer":
        state.wheel.discard(key)
    elif catch.kind == "message":
        _unlisted(state.subscriptions, (catch.name, catch.correlation_key), key)
    else:
        _unlisted(state.signals, catch.name, key)


@event("PROCESS_EVENT", "MIGRATED")
def catch_migrated(state: State, process_instance_key: int, key: int, element_id: str) -> None:
    """It is waited for by an element of another version."""
    state.catches[key].element_id = element_id


def keep(state: State, catch: Catch) -> None:
    """Note what an element instance waits for, where it is found when it comes."""
    instance = catch.instance
    if instance.catches is None:
        instance.catches = {}
    instance.catches[catch.key] = catch
    state.catches[catch.key] = catch
    if catch.kind == "timer":
        state.wheel.put(catch.key, catch.due_ms)
    elif catch.kind == "message":
        state.subscriptions.setdefault((catch.name, catch.correlation_key), {})[catch.key] = catch
    else:
        state.signals.setdefault(catch.name, {})[catch.key] = catch


def _unlisted(lists: dict[K, dict[int, Catch]], name: K, key: int) -> None:
    entries = lists[name]
    del entries[key]
    if not entries:
        del lists[name]


@event("PROCESS_EVENT", "START_OPENED")
def start_opened(
    state: State,
    process_instance_key: int,
    key: int,
    definition_key: int,
    element_id: str,
    kind: str,
    name: str,
    due_ms: int,
    repetitions: int,
    interval: str,
) -> None:
    """The start event of a process waits for what begins an instance."""
    definition = state.definitions[definition_key]
    keep_start(state, Start(key, definition, element_id, kind, name, due_ms, repetitions, interval))
    state.touched.add(("start", key))


def keep_start(state: State, start: Start) -> None:
    """Note what starts a process, where it is found when it comes."""
    state.starts[start.key] = start
    if start.kind == "timer":
        state.wheel.put(start.key, start.due_ms)
    else:
        state.started_by.setdefault((start.kind, start.name), {})[start.key] = start


@event("PROCESS_EVENT", "START_CLOSED")
def start_closed(state: State, process_instance_key: int, key: int) -> None:
    """A start event waits no more: another version does, or its timer has fired."""
    start = state.starts.pop(key)
    if start.kind == "timer":
        state.wheel.discard(key)
    else:
        entries = state.started_by[start.kind, start.name]
        del entries[key]
        if not entries:
            del state.started_by[start.kind, start.name]
    state.touched.add(("start", key))


@event("MESSAGE", "PUBLISHED")
def message_published(
    state: State,
    process_instance_key: int,
    key: int,
    name: str,
    correlation_key: str,
    message_id: str,
    due_ms: int,
    variables: str,
) -> None:
    """A message is kept until its time to live is over."""
    store(state, Message(key, name, correlation_key, message_id, due_ms, variables))
    state.touched.add(("message", key))


def store(state: State, message: Message) -> None:
    """Keep a message where those that come to wait for it find it."""
    state.messages[message.key] = message
    state.buffered.setdefault((message.name, message.correlation_key), {})[message.key] = message
    if message.message_id:
        state.message_ids.add((message.name, message.correlation_key, message.message_id))
    state.wheel.put(message.key, message.due_ms)


@event("MESSAGE", "CORRELATED")
def message_served(state: State, process_instance_key: int, key: int, bpmn_process_id: str) -> None:
    """An instance of a process has had the message; no other of that process will."""
    message = state.messages.get(key)
    if message is not None:
        message.served.add(bpmn_process_id)
        state.touched.add(("message", key))


@event("MESSAGE", "EXPIRED")
def message_expired(state: State, process_instance_key: int, key: int) -> None:
    """Its time to live is over."""
    message = state.messages.pop(key)
    entries = state.buffered[message.name, message.correlation_key]
    del entries[key]
    if not entries:
        del state.buffered[message.name, message.correlation_key]
    state.message_ids.discard((message.name, message.correlation_key, message.message_id))
    state.wheel.discard(key)
    state.touched.add(("message", key))

"""Process instances, what is deployed, and messages as bytes, and back: what a checkpoint holds.

Everything that follows from them (queues, subscriptions, the wheel) is built anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from sys import intern
from typing import Any

from zeebe_fleet.engine.core import decisions, forms
from zeebe_fleet.engine.core.definitions import Definition
from zeebe_fleet.engine.core.events import people, resources, waiting
from zeebe_fleet.engine.core.people import UserTask
from zeebe_fleet.engine.core.state import (
    ACTIVATABLE,
    Catch,
    ElementInstance,
    Incident,
    Job,
    LoopProgress,
    Message,
    Start,
    State,
    Undo,
)

Row = tuple[str, int, bytes]
INSTANCE, DEFINITION, MESSAGE, DECISIONS, FORM, START = (
    "instance",
    "definition",
    "message",
    "decisions",
    "form",
    "start",
)


def changed_rows(state: State) -> tuple[list[Row], list[tuple[str, int]]]:
    """Return what has to be written, by kind and key, and what has to be removed since the last call."""
    written: list[Row] = []
    removed: list[tuple[str, int]] = []
    for key in sorted(state.changed):
        root = state.instances.get(key)
        if root is None:
            removed.append((INSTANCE, key))
        else:
            written.append((INSTANCE, key, _bytes(_packed(root))))
    for kind, key in sorted(state.touched):
        row = _row(state, kind, key)
        if row is None:
            removed.append((kind, key))
        else:
            written.append((kind, key, _bytes(row)))
    state.changed.clear()
    state.touched.clear()
    written.sort()
    return written, removed


def meta(state: State) -> bytes:
    """Return what belongs to no row."""
    numbers = [state.decisions.graphs.numbers, state.decisions.definitions.numbers, state.forms.numbers]
    return _bytes([state.last_key, state.pinned_ms, list(state.pending), state.numbers, *numbers])


def restore(state: State, rows: Iterable[Row], rest: bytes | None) -> None:
    """Bring back what a checkpoint holds.

    Args:
        rows: by kind and key, so that the definitions come first; each is let go of before the next is read.
    """
    for kind, _, packed in rows:
        fields = json.loads(packed)
        if kind == DEFINITION:
            _restore_definition(state, fields)
        elif kind == MESSAGE:
            _restore_message(state, fields)
        elif kind == DECISIONS:
            state.decisions.keep(decisions.unpacked(fields))
        elif kind == START:
            _restore_start(state, fields)
        elif kind == FORM:
            state.forms.keep(forms.unpacked(fields))
        else:
            _restore_instance(state, fields)
    if rest is not None:
        state.last_key, state.pinned_ms, pending, state.numbers, *others = json.loads(rest)
        state.pending.extend(pending)
        if others:  # what an older engine wrote has none
            state.decisions.graphs.numbers, state.decisions.definitions.numbers, state.forms.numbers = others
    _put_in_order(state)
    offer_all(state)


def _put_in_order(state: State) -> None:
    """Let those who waited first be served first: the rows come in the order of their instances."""
    for entries in (*state.subscriptions.values(), *state.signals.values()):
        if len(entries) > 1:
            ordered = sorted(entries.items())
            entries.clear()
            entries.update(ordered)


def offer_all(state: State) -> None:
    """Put every job that waits for a worker into its queue, the oldest first."""
    state.queues.clear()
    for key in sorted(state.jobs):
        job = state.jobs[key]
        if job.status == ACTIVATABLE:
            state.offer(job)


def _bytes(fields: Any) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def _row(state: State, kind: str, key: int) -> list[Any] | None:
    if kind == DEFINITION:
        definition = state.definitions.get(key)
        return None if definition is None else _packed_definition(definition)
    if kind == DECISIONS:
        graph = state.decisions.graphs.by_key.get(key)
        return None if graph is None else graph.packed()
    if kind == START:
        start = state.starts.get(key)
        return None if start is None else _packed_start(start)
    if kind == FORM:
        form = state.forms.by_key.get(key)
        return None if form is None else form.packed()
    message = state.messages.get(key)
    return None if message is None else _packed_message(message)


def _packed_definition(one: Definition) -> list[Any]:
    text = one.resource.decode("utf-8", "surrogateescape")
    return [one.key, one.bpmn_process_id, one.version, one.version_tag, one.deployment_key, one.resource_name, text]


def _restore_definition(state: State, fields: list[Any]) -> None:
    key, bpmn_process_id, version, version_tag, deployment_key, resource_name, text = fields
    content = text.encode("utf-8", "surrogateescape")
    resources.keep(
        state,
        Definition(
            key, bpmn_process_id, version, version_tag, deployment_key, resource_name, content, state.behaviours
        ),
    )


def _packed_start(one: Start) -> list[Any]:
    head = [one.key, one.definition.key, one.element_id, one.kind, one.name]
    return [*head, one.due_ms, one.repetitions, one.interval]


def _restore_start(state: State, fields: list[Any]) -> None:
    key, definition_key, *rest = fields
    waiting.keep_start(state, Start(key, state.definitions[definition_key], *rest))


def _packed_message(one: Message) -> list[Any]:
    return [one.key, one.name, one.correlation_key, one.message_id, one.due_ms, one.variables, sorted(one.served)]


def _restore_message(state: State, fields: list[Any]) -> None:
    *head, served = fields
    message = Message(*head)
    message.served.update(served)
    waiting.store(state, message)


def _packed(instance: ElementInstance) -> list[Any]:
    """Write an instance and all that is inside of it."""
    return [
        instance.key,
        instance.definition.key,
        instance.element.id,
        int(instance.body),
        instance.status,
        instance.tokens,
        instance.listener,
        instance.variables,
        instance.joins,
        instance.trigger,
        [instance.caller_key, instance.called_key, instance.compensates, instance.start_at, *_rare(instance)],
        _packed_job(instance.job),
        _packed_incident(instance.incident),
        [_packed_catch(one) for one in (instance.catches or {}).values()],
        [
            [one.key, one.activity_id, one.handler_id, one.variables, one.thrower_key]
            for one in (instance.undo or {}).values()
        ],
        _packed_loop(instance.loop),
        [_packed(child) for child in (instance.children or {}).values()],
    ]


_ABSENT: list[Any] = [None, None, False, "", False, None]
"""What an older engine's checkpoint says nothing of."""


def _rare(instance: ElementInstance) -> list[Any]:
    """Write what few instances have; nothing where there is nothing, which is how an older engine wrote all."""
    rare = [instance.begun_by, instance.sweep, instance.interrupted, instance.lock, instance.enough]
    found = [*rare, _packed_task(instance.user_task)]
    return found if any(found) else []


def _packed_task(one: UserTask | None) -> list[Any] | None:
    if one is None:
        return None
    return [
        [one.key, one.attributes, one.form_key, one.external_reference, one.created_ms],
        [one.state, one.action, one.changes, one.given, one.local, one.listener],
    ]


def _packed_job(job: Job | None) -> list[Any] | None:
    if job is None:
        return None
    return [
        [job.key, job.type, job.retries, job.kind, job.headers],
        [job.status, job.worker, job.deadline_ms, job.error_message, job.error_code],
    ]


def _packed_incident(one: Incident | None) -> list[Any] | None:
    return None if one is None else [one.key, one.job_key, one.type, one.message, one.created_ms]


def _packed_catch(one: Catch) -> list[Any]:
    return [
        one.key,
        one.element_id,
        one.kind,
        one.name,
        one.correlation_key,
        one.due_ms,
        one.repetitions,
        one.interval,
    ]


def _packed_undo(one: Undo) -> list[Any]:
    return [one.key, one.activity_id, one.handler_id, one.variables, one.thrower_key]


def _packed_loop(one: LoopProgress | None) -> list[Any] | None:
    return None if one is None else [one.items, one.outputs, one.spawned, one.completed, one.terminated, one.enough]


def _restore_instance(state: State, fields: list[Any]) -> None:
    waiting_to_be_restored: list[tuple[list[Any], ElementInstance | None]] = [(fields, None)]
    root_key = fields[0]
    while waiting_to_be_restored:
        packed, scope = waiting_to_be_restored.pop()
        instance = _restored(state, packed, scope, root_key)
        if packed[-1]:
            instance.children = {}
            waiting_to_be_restored.extend((child, instance) for child in reversed(packed[-1]))


def _restored(state: State, packed: list[Any], scope: ElementInstance | None, root_key: int) -> ElementInstance:
    key, definition_key, element_id, body, status, tokens, listener, variables, joins, trigger, links, *rest = packed
    job, incident, catches, undo, loop, _ = rest
    definition = state.definitions[definition_key]
    element = definition.process.elements[element_id]
    instance = ElementInstance(key, root_key, definition, element, scope, bool(body))
    instance.status, instance.tokens, instance.listener = status, tokens, listener
    # Texts that instances share are kept once.
    instance.variables = None if variables is None else {intern(name): text for name, text in variables.items()}
    instance.joins = joins
    instance.trigger = None if trigger is None else (trigger[0], trigger[1])
    instance.caller_key, instance.called_key, instance.compensates, start_at, *rare = links
    if rare:
        whole = list(rare) + list(_ABSENT)[len(rare) :]
        begun_by, sweep, instance.interrupted, instance.lock, instance.enough, task = whole
        instance.begun_by = None if begun_by is None else (begun_by[0], begun_by[1])
        instance.sweep = None if sweep is None else (sweep[0], sweep[1])
        if task is not None:
            _restore_task(state, instance, *task)
    instance.start_at = tuple(start_at)
    if instance.lock:
        state.locks[definition.bpmn_process_id, instance.lock] = key
    state.instances[key] = instance
    if scope is not None and scope.children is not None:
        scope.children[key] = instance
    if undo:
        instance.undo = {one[0]: Undo(*one) for one in undo}
    if loop is not None:
        instance.loop = LoopProgress(loop[0])
        _restore_loop(instance.loop, loop)
    _restore_work(state, instance, job, incident)
    for one in catches:
        catch_key, *more = one
        waiting.keep(state, Catch(catch_key, instance, *more))
    return instance


def _restore_loop(progress: LoopProgress, fields: list[Any]) -> None:
    _, progress.outputs, progress.spawned, progress.completed, progress.terminated, progress.enough = fields


def _restore_task(state: State, instance: ElementInstance, fields: list[Any], moving: list[Any]) -> None:
    key, attributes, form_key, external_reference, created_ms = fields
    task = UserTask(key, instance, attributes, form_key, external_reference, created_ms)
    task.state, task.action, task.changes, task.given, task.local, task.listener = moving
    people.keep(state, task)


def _restore_work(state: State, instance: ElementInstance, job: list[Any] | None, incident: list[Any] | None) -> None:
    if job is not None:
        (key, type_, retries, kind, headers), rest = job
        made = Job(key, instance, intern(type_), retries, kind, intern(headers))
        made.status, made.worker, made.deadline_ms, made.error_message, made.error_code = rest
        made.worker = intern(made.worker)
        instance.job = state.jobs[key] = made
        if made.deadline_ms:
            state.wheel.put(key, made.deadline_ms)
    if incident is not None:
        found = Incident(incident[0], instance, *incident[1:])
        instance.incident = state.incidents[found.key] = found

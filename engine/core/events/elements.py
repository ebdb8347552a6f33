"""The life of element instances, and the tokens between them."""

from __future__ import annotations

from zeebe_fleet.engine.core.events.kinds import event
from zeebe_fleet.engine.core.state import ACTIVE, COMPLETING, TERMINATING, ElementInstance, State


@event("PROCESS_INSTANCE", "ELEMENT_ACTIVATING")
def process_activating(
    state: State,
    process_instance_key: int,
    definition_key: int,
    caller_key: int,
    parent_key: int,
    start_at: list[str],
) -> None:
    """An instance begins; `caller_key` is the call activity of the instance `parent_key`, or 0."""
    definition = state.definitions[definition_key]
    root = ElementInstance(process_instance_key, process_instance_key, definition, definition.process.root, None)
    root.caller_key = caller_key
    root.start_at = tuple(start_at)
    state.instances[process_instance_key] = root


@event("PROCESS_INSTANCE", "ELEMENT_ACTIVATING")
def element_activating(
    state: State, process_instance_key: int, key: int, scope_key: int, element_id: str, body: bool, took: int
) -> None:
    """A child begins in its scope; it takes the place of `took` flows that led to it."""
    scope = state.instances[scope_key]
    element = scope.definition.process.elements[element_id]
    child = ElementInstance(key, process_instance_key, scope.definition, element, scope, body)
    state.instances[key] = child
    if scope.children is None:
        scope.children = {}
    scope.children[key] = child
    scope.tokens += 1 - took
    if took and scope.joins is not None:
        _take_from_join(scope, [flow.id for flow in element.incoming])
    if scope.body and scope.loop is not None:
        scope.loop.spawned += 1


def _take_from_join(scope: ElementInstance, flow_ids: list[str]) -> None:
    joins = scope.joins
    assert joins is not None
    for flow_id in flow_ids:
        waiting = joins.get(flow_id, 0)
        if waiting > 1:
            joins[flow_id] = waiting - 1
        elif waiting:
            del joins[flow_id]
    if not joins:
        scope.joins = None


@event("PROCESS_INSTANCE", "ELEMENT_ACTIVATED")
def element_activated(state: State, process_instance_key: int, key: int) -> None:
    """It is at work."""
    state.instances[key].status = ACTIVE


@event("PROCESS_INSTANCE", "ELEMENT_COMPLETING")
def element_completing(state: State, process_instance_key: int, key: int) -> None:
    """Its work is done; mappings and end listeners are left."""
    instance = state.instances[key]
    instance.status = COMPLETING
    instance.listener = 0


@event("PROCESS_INSTANCE", "ELEMENT_COMPLETED")
def element_completed(state: State, process_instance_key: int, key: int) -> None:
    """It is over."""
    scope = _removed(state, key)
    if scope is not None and scope.loop is not None:
        scope.loop.completed += 1


@event("PROCESS_INSTANCE", "ELEMENT_TERMINATING")
def element_terminating(state: State, process_instance_key: int, key: int) -> None:
    """It is to end before its time."""
    state.instances[key].status = TERMINATING


@event("PROCESS_INSTANCE", "ELEMENT_TERMINATED")
def element_terminated(state: State, process_instance_key: int, key: int) -> None:
    """It has ended before its time."""
    scope = _removed(state, key)
    if scope is not None and scope.loop is not None:
        scope.loop.terminated += 1


def _removed(state: State, key: int) -> ElementInstance | None:
    instance = state.instances.pop(key)
    scope = instance.scope
    if instance.lock:
        del state.locks[instance.definition.bpmn_process_id, instance.lock]
    if scope is not None:
        assert scope.children is not None
        del scope.children[key]
        scope.tokens -= 1
    return scope


@event("PROCESS_INSTANCE", "SEQUENCE_FLOW_TAKEN")
def sequence_flow_taken(state: State, process_instance_key: int, scope_key: int, flow_id: str) -> None:
    """A token is on its way."""
    state.instances[scope_key].tokens += 1


@event("PROCESS_INSTANCE", "SEQUENCE_FLOW_JOINED")
def sequence_flow_joined(state: State, process_instance_key: int, scope_key: int, flow_id: str) -> None:
    """A token waits at a gateway for those of the other flows."""
    scope = state.instances[scope_key]
    if scope.joins is None:
        scope.joins = {}
    scope.joins[flow_id] = scope.joins.get(flow_id, 0) + 1


@event("PROCESS_INSTANCE", "SEQUENCE_FLOW_DELETED")
def sequence_flow_deleted(state: State, process_instance_key: int, scope_key: int, flow_id: str) -> None:
    """A token is taken off a flow: its scope ends, or was moved."""
    state.instances[scope_key].tokens -= 1


@event("PROCESS_INSTANCE", "SWEPT")
def scope_swept(state: State, process_instance_key: int, scope_key: int, start_id: str, variables: str) -> None:
    """All in a scope is to end; then an event subprocess begins with its start event, or the scope ends too."""
    scope = state.instances[scope_key]
    scope.sweep = (start_id, variables)
    if scope.joins is not None:
        scope.tokens -= sum(scope.joins.values())
        scope.joins = None


@event("AD_HOC_SUB_PROCESS_INSTRUCTION", "COMPLETED")
def ad_hoc_enough(state: State, process_instance_key: int, scope_key: int) -> None:
    """The completion condition of an ad-hoc subprocess held."""
    state.instances[scope_key].enough = True


@event("PROCESS_INSTANCE", "INTERRUPTED")
def scope_interrupted(state: State, process_instance_key: int, scope_key: int) -> None:
    """All in a scope has ended for an event subprocess to begin."""
    scope = state.instances[scope_key]
    scope.sweep = None
    scope.interrupted = True


@event("PROCESS_EVENT", "TRIGGERING")
def start_triggered(state: State, process_instance_key: int, key: int, start_id: str, variables: str) -> None:
    """A process or an event subprocess begins by what its start event waited for."""
    state.instances[key].begun_by = (start_id, variables)


@event("MESSAGE_START_EVENT_SUBSCRIPTION", "LOCKED")
def instance_locked(state: State, process_instance_key: int, correlation_key: str) -> None:
    """While an instance that a message began lives, no other message of its key begins one of its process."""
    root = state.instances[process_instance_key]
    root.lock = correlation_key
    state.locks[root.definition.bpmn_process_id, correlation_key] = process_instance_key


@event("PROCESS_INSTANCE", "LISTENER_PASSED")
def listener_passed(state: State, process_instance_key: int, key: int, listener: int) -> None:
    """So many of its execution listeners are done."""
    state.instances[key].listener = listener


@event("PROCESS_EVENT", "TRIGGERING")
def boundary_triggered(state: State, process_instance_key: int, key: int, element_id: str, variables: str) -> None:
    """A boundary event goes on as soon as the activity it is attached to has ended."""
    state.instances[key].trigger = (element_id, variables)


@event("PROCESS_INSTANCE", "CALLED")
def process_called(state: State, process_instance_key: int, key: int, called_key: int) -> None:
    """A call activity has its process."""
    state.instances[key].called_key = called_key


@event("PROCESS_INSTANCE", "ELEMENT_MIGRATED")
def element_migrated(state: State, process_instance_key: int, key: int, definition_key: int, element_id: str) -> None:
    """It goes on as an element of another version or process."""
    instance = state.instances[key]
    definition = state.definitions[definition_key]
    if instance.lock:
        del state.locks[instance.definition.bpmn_process_id, instance.lock]
        state.locks[definition.bpmn_process_id, instance.lock] = key
    instance.definition = definition
    instance.element = definition.process.elements[element_id]


@event("PROCESS_INSTANCE", "FLOWS_MIGRATED")
def flows_migrated(state: State, process_instance_key: int, scope_key: int, joins: dict[str, int]) -> None:
    """Tokens that wait at a gateway wait on the flows of another version."""
    state.instances[scope_key].joins = joins or None

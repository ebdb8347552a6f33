"""Where variables are set: in the nearest scope that has the name, else in the process.

Source: https://docs.camunda.io/docs/components/concepts/variables/#variable-propagation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import documents
from zeebe_fleet.engine.core.expressions import evaluate, value_of

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import IoMapping


def set_local(machine: Machine, scope: ElementInstance, variables: Mapping[str, str]) -> None:
    """Set variables in one scope."""
    if variables:
        machine.emit("VARIABLES_SET", scope.process_instance_key, scope.key, dict(variables))


def propagate(machine: Machine, nearest: ElementInstance, variables: Mapping[str, str]) -> None:
    """Set each variable in the nearest scope that has it, else in the process."""
    if not variables:
        return
    by_scope: dict[int, tuple[ElementInstance, dict[str, str]]] = {}
    for name, text in variables.items():
        scope = _holder(nearest, name)
        by_scope.setdefault(scope.key, (scope, {}))[1][name] = text
    for scope, members in by_scope.values():
        set_local(machine, scope, members)


def _holder(nearest: ElementInstance, name: str) -> ElementInstance:
    scope = nearest
    while True:
        if scope.variables is not None and name in scope.variables:
            return scope
        if scope.scope is None:
            return scope
        scope = scope.scope


def visible(instance: ElementInstance, names: Sequence[str] = ()) -> dict[str, str]:
    """Return the variables that can be seen from an instance; of the same name the inner one."""
    found: dict[str, str] = {}
    if names:
        for name in names:
            for scope in instance.scopes():
                if scope.variables is not None and name in scope.variables:
                    found[name] = scope.variables[name]
                    break
        return found
    for scope in reversed(list(instance.scopes())):
        if scope.variables is not None:
            found.update(scope.variables)
    return found


def map_inputs(machine: Machine, instance: ElementInstance, mappings: Sequence[IoMapping]) -> None:
    """Make local variables by input mappings, each of which sees those before it.

    Raises:
        Stuck: an expression failed.
    """
    for mapping in mappings:
        value = evaluate(machine, instance, mapping.source, "IO_MAPPING_ERROR")
        name, *path = mapping.target
        if not path:
            set_local(machine, instance, {name: documents.written(value)})
            continue
        held = (instance.variables or {}).get(name)
        whole = value_of(held) if held is not None else None
        set_local(machine, instance, {name: documents.written(_with(whole, path, value))})


def map_outputs(machine: Machine, instance: ElementInstance, mappings: Sequence[IoMapping]) -> None:
    """Set variables around an instance by output mappings.

    Raises:
        Stuck: an expression failed.
    """
    # What an inner instance of a multi-instance maps may be its own output variable.
    around = instance if instance.is_inner else instance.scope
    assert around is not None
    made: dict[str, Any] = {}
    for mapping in mappings:
        value = evaluate(machine, instance, mapping.source, "IO_MAPPING_ERROR", made)
        name, *path = mapping.target
        if not path:
            made[name] = value
            continue
        made[name] = _with(made[name] if name in made else _held(around, name), path, value)
    propagate(machine, around, {name: documents.written(value) for name, value in made.items()})


def _held(scope: ElementInstance, name: str) -> Any:
    text = visible(scope, (name,)).get(name)
    return None if text is None else value_of(text)


def _with(whole: Any, path: Sequence[str], value: Any) -> Any:
    """Return a copy of a context in which `value` is at `path`."""
    if not path:
        return value
    members = dict(whole) if isinstance(whole, dict) else {}
    members[path[0]] = _with(members.get(path[0]), path[1:], value)
    return members

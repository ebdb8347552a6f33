"""BPMN errors: caught by the nearest scope that knows the code, else by one that catches all.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/error-events/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching
from zeebe_fleet.engine.core.state import ElementInstance
from zeebe_fleet.engine.model.elements import Error

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element, Value

Catcher = tuple[ElementInstance, "Element"]


def catcher_of(machine: Machine, instance: ElementInstance, code: str) -> Catcher | None:
    """Return what catches an error thrown at an instance: the host and its boundary event."""
    for host in _hosts(machine, instance):
        events = [(one, one.event) for one in host.element.boundaries if isinstance(one.event, Error)]
        catching_all = None
        for element, event in events:
            if event.code is None:
                catching_all = element
            elif _written(event.code) == code:
                return host, element
        if catching_all is not None:
            return host, catching_all
    return None


def _written(code: Value) -> str:
    """Return the code that an event catches; to write an expression there means nothing."""
    return code if isinstance(code, str) else code.text


def _hosts(machine: Machine, instance: ElementInstance) -> Iterator[ElementInstance]:
    """Yield the instance and what lies around it, the calling processes too."""
    host: ElementInstance | None = instance
    while host is not None:
        if not host.is_inner:
            yield host
        host = host.scope or machine.state.instances.get(host.caller_key)


def caught(machine: Machine, catcher: Catcher, given: dict[str, str]) -> None:
    """Let the boundary event go on once its host has ended."""
    host, element = catcher
    catching.trigger_boundary(machine, host, element, given)


def unhandled(machine: Machine, instance: ElementInstance, code: str, message: str) -> str:
    """Say that nobody catches an error, and what could have been caught."""
    known = sorted(
        {
            _written(event.code)
            for host in _hosts(machine, instance)
            for element in host.element.boundaries
            if isinstance(event := element.event, Error) and event.code is not None
        }
    )
    available = (
        f"Available error events are [{', '.join(known)}]" if known else "No error events are available in the scope."
    )
    said = f"An error was thrown with the code '{code}'" + (f" with message '{message}'" if message else "")
    return f"{said}, but not caught. {available}"

"""BPMN errors and escalations: caught by the nearest scope that knows the code, else by one that catches all.

In each scope its event subprocesses are asked first, then the boundary events of its activity.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/error-events/, …/escalation-events/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching
from zeebe_fleet.engine.core.state import ElementInstance
from zeebe_fleet.engine.model.elements import Error, Escalation

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element, Value

Catcher = tuple[ElementInstance, "Element"]
Kind = type[Error] | type[Escalation]


def catcher_of(machine: Machine, instance: ElementInstance, code: str, kind: Kind = Error) -> Catcher | None:
    """Return what catches what is thrown at an instance: the host, and its boundary or start event."""
    for host, events in _catching(machine, instance):
        catching_all = None
        for element in events:
            event = element.event
            if not isinstance(event, kind):
                continue
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


def _catching(machine: Machine, instance: ElementInstance) -> Iterator[tuple[ElementInstance, list[Element]]]:
    """Yield the instance and what lies around it, the calling processes too, each with its events that may catch."""
    host: ElementInstance | None = instance
    inside: ElementInstance | None = None
    while host is not None:
        if inside is not None and not host.interrupted and not inside.element.triggered_by_event:
            yield host, list(catching.event_starts(host.element))
        if not host.is_inner:
            yield host, host.element.boundaries
        inside = host if host.scope is not None else None
        host = host.scope or machine.state.instances.get(host.caller_key)


def caught(machine: Machine, catcher: Catcher, given: dict[str, str]) -> None:
    """Let the boundary event go on once its host has ended, or the event subprocess begin."""
    host, element = catcher
    if element.tag == "startEvent":
        catching.trigger_event_subprocess(machine, host, element, given)
    else:
        catching.trigger_boundary(machine, host, element, given)


def unhandled(machine: Machine, instance: ElementInstance, code: str, message: str) -> str:
    """Say that nobody catches an error, and what could have been caught."""
    known = sorted(
        {
            _written(event.code)
            for _, events in _catching(machine, instance)
            for element in events
            if isinstance(event := element.event, Error) and event.code is not None
        }
    )
    available = (
        f"Available error events are [{', '.join(known)}]" if known else "No error events are available in the scope."
    )
    said = f"An error was thrown with the code '{code}'" + (f" with message '{message}'" if message else "")
    return f"{said}, but not caught. {available}"

"""When an inclusive gateway has waited enough: nothing can come any more over the flows that brought no token.

Source: BPMN 2.0.2, table 13.3 (inclusive gateway: the synchronising behaviour)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course
from zeebe_fleet.engine.core.state import ACTIVE, ElementInstance
from zeebe_fleet.engine.model.elements import Link

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element, Flow


def look(machine: Machine, scope: ElementInstance) -> None:
    """Have the gateways looked at that wait in a scope, if there are any."""
    if scope.joins and scope.status == ACTIVE:
        flows = scope.definition.process.flows
        if any(flows[flow_id].target.tag == "inclusiveGateway" for flow_id in scope.joins):
            machine.later("joined", scope.key)


def joined(machine: Machine, scope_key: int) -> None:
    """Let each inclusive gateway of a scope go on for which nothing can come any more.

    Where all tokens wait at gateways, for one another, the one that stands first goes on.
    """
    scope = machine.state.instances.get(scope_key)
    if scope is None or scope.status != ACTIVE or not scope.joins or scope.sweep is not None:
        return
    if scope.tokens != len(scope.children or ()) + sum(scope.joins.values()):
        machine.later("joined", scope_key)  # some are on their way: where they arrive is not known yet
        return
    flows = scope.definition.process.flows
    waiting = {flows[flow_id].target.id: flows[flow_id].target for flow_id in scope.joins}
    for gateway in waiting.values():
        if gateway.tag == "inclusiveGateway" and not (scope.children and _may_come(scope, gateway)):
            course.begin(machine, scope, gateway, took=sum(one.id in scope.joins for one in gateway.incoming))
            look(machine, scope)
            return


def _may_come(scope: ElementInstance, gateway: Element) -> bool:
    """Tell whether a token may still come over a flow that brought none, and only over such a one."""
    joins = scope.joins or {}
    brought = {flow.id for flow in gateway.incoming if flow.id in joins}
    missing = {flow.id for flow in gateway.incoming} - brought
    if not missing:
        return False
    for element in _places(scope, gateway):
        reached = _reached(element, gateway)
        if reached & missing and not reached & brought:
            return True
    return False


def _places(scope: ElementInstance, gateway: Element) -> Iterator[Element]:
    """Yield the elements at which there are tokens, but for those at the gateway itself."""
    for child in (scope.children or {}).values():
        if child.element is not gateway:
            yield child.element
    flows = scope.definition.process.flows
    for flow_id in scope.joins or ():
        if flows[flow_id].target is not gateway:
            yield flows[flow_id].target


def _reached(element: Element, gateway: Element) -> set[str]:
    """Return the ids of the flows into a gateway that can be reached from an element without passing it."""
    found: set[str] = set()
    seen = {element.id}
    waiting = [element]
    while waiting:
        for flow in _ways_out(waiting.pop()):
            if flow.target is gateway:
                found.add(flow.id)
            elif flow.target.id not in seen:
                seen.add(flow.target.id)
                waiting.append(flow.target)
    return found


def _ways_out(element: Element) -> Iterable[Flow]:
    yield from element.outgoing
    for boundary in element.boundaries:
        yield from boundary.outgoing
    if isinstance(element.event, Link) and element.tag == "intermediateThrowEvent":
        yield from link_target(element).outgoing


def link_target(thrown: Element) -> Element:
    """Return where a link leads: the catch event of its name in the same scope."""
    assert isinstance(thrown.event, Link)
    assert thrown.scope is not None
    name = thrown.event.name
    return next(
        one
        for one in thrown.scope.children
        if one.tag == "intermediateCatchEvent" and isinstance(one.event, Link) and one.event.name == name
    )

"""Gateways and the conditions of their flows."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram, definitions
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.rules.duplicates import names_twice
from zeebe_fleet.engine.model.rules.rule import Rule, for_each
from zeebe_fleet.engine.model.tags import FLOW_NODES

_CHOOSE = frozenset(("exclusiveGateway", "inclusiveGateway"))
_AWAITED = frozenset(
    ("messageEventDefinition", "timerEventDefinition", "signalEventDefinition", "conditionalEventDefinition")
)


def default_starts_here(gateway: Node, diagram: Diagram) -> Iterator[str]:
    """The default flow is one of the gateway's own."""
    default = gateway.ref("default")
    if default and all(flow.id != default for flow in diagram.outgoing.get(gateway.id, ())):
        yield "Default flow must start at gateway"


def flow_is_chosen(flow: Node, diagram: Diagram) -> Iterator[str]:
    """A flow from a gateway that chooses has a condition, or is the default."""
    source = diagram.named(flow.ref("sourceRef"), *_CHOOSE)
    if source is None or len(diagram.outgoing[source.id]) < 2 or source.ref("default") == flow.id:
        return
    if flow.first("conditionExpression") is None:
        yield (
            "Must have a condition or be default flow" if source.tag == "exclusiveGateway" else "Must have a condition"
        )


def conditions_only_where_chosen(node: Node, diagram: Diagram) -> Iterator[str]:
    """No other element looks at a condition."""
    if any(flow.first("conditionExpression") is not None for flow in diagram.outgoing.get(node.id, ())):
        yield "Conditional sequence flows are only supported at exclusive or inclusive gateway"


def event_gateway_waits(gateway: Node, diagram: Diagram) -> Iterator[str]:
    """An event-based gateway leads to two catch events or more, which are its alone and all differ."""
    flows = diagram.outgoing.get(gateway.id, [])
    if len(flows) < 2:
        yield "Event-based gateway must have at least 2 outgoing sequence flows."
    targets = [diagram.nodes.get(target) for target in dict.fromkeys(flow.ref("targetRef") for flow in flows)]
    if any(target is None or not _is_awaited(target) for target in targets):
        yield (
            "Event-based gateway must not have an outgoing sequence flow to other elements than "
            "message/timer/signal/conditional intermediate catch events."
        )
    yield from names_twice([one for target in targets if target is not None for one in definitions(target)], diagram)
    incoming = (flow for target in targets if target is not None for flow in diagram.incoming.get(target.id, ()))
    if any(flow.ref("sourceRef") != gateway.id for flow in incoming):
        yield (
            "Target elements of an event gateway must not have any additional incoming sequence flows other than "
            "that from the event gateway."
        )


def _is_awaited(node: Node) -> bool:
    kinds = [definition.tag for definition in definitions(node)]
    return node.tag == "intermediateCatchEvent" and len(kinds) == 1 and kinds[0] in _AWAITED


RULES: dict[str, tuple[Rule, ...]] = for_each(FLOW_NODES - _CHOOSE, conditions_only_where_chosen)
RULES |= for_each(_CHOOSE, default_starts_here)
RULES["eventBasedGateway"] += (event_gateway_waits,)
RULES["sequenceFlow"] = (flow_is_chosen,)

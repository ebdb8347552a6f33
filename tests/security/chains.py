"""Models of any size: chains, layers and heaps, with or without a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

HEAD = (
    '<?xml version="1.0"?>\n<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    'targetNamespace="x">\n<bpmn:process id="p" isExecutable="true">\n'
)
TASK = '<zeebe:taskDefinition type="a.b" retries="3"/>'


def node(kind: str, element_id: str) -> str:
    """Write a node; tasks with a job type."""
    inner = f"<bpmn:extensionElements>{TASK}</bpmn:extensionElements>" if kind == "serviceTask" else ""
    return f'<bpmn:{kind} id="{element_id}" name="{element_id}">{inner}</bpmn:{kind}>\n'


def flow(source: str, target: str) -> str:
    """Write a flow."""
    return f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}"/>\n'


def drawn(element_ids: Sequence[str], x_step: int = 150) -> str:
    """Draw nodes in a row; on one another with no step."""
    shapes = "".join(
        f'<bpmndi:BPMNShape bpmnElement="{element_id}"><dc:Bounds x="{place * x_step}" y="0" width="100" height="80"/>'
        "</bpmndi:BPMNShape>\n"
        for place, element_id in enumerate(element_ids)
    )
    return f'<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="p">{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'


def chain(length: int, kind: str = "serviceTask", x_step: int = 150) -> str:
    """Write a process that is one long way."""
    ids = ["s", *(f"n{place}" for place in range(length)), "e"]
    kinds = ["startEvent", *[kind] * length, "endEvent"]
    nodes = "".join(map(node, kinds, ids))
    flows = "".join(map(flow, ids, ids[1:]))
    return f"{HEAD}{nodes}{flows}</bpmn:process>{drawn(ids, x_step)}</bpmn:definitions>"


def layers(count: int, width: int, kind: str = "exclusiveGateway") -> str:
    """Write layers of gateways, each leading to each of the next, with a task at each."""
    ids = [[f"g{layer}x{place}" for place in range(width)] for layer in range(count)]
    nodes = "".join(
        node(kind, one) + node("serviceTask", f"t{one}") + flow(one, f"t{one}") for row in ids for one in row
    )
    flows = "".join(flow(one, other) for row, after in pairwise(ids) for one in row for other in after)
    return f"{HEAD}{nodes}{flows}</bpmn:process></bpmn:definitions>"

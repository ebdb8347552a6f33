"""Models written as text: a head, a process around a body, and the few elements that tests need often."""

from __future__ import annotations

from itertools import pairwise

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="test">
"""
START = '<bpmn:startEvent id="start" />'
TAIL = "</bpmn:definitions>"


def model(*parts: str, attributes: str = 'id="p" isExecutable="true"', beside: str = "") -> str:
    """Write a file with one process; `beside` stands next to it."""
    return f"{HEAD}<bpmn:process {attributes}>{''.join(parts)}</bpmn:process>{beside}{TAIL}"


def started(*parts: str, beside: str = "") -> str:
    """Write a file whose process has a start event."""
    return model(START, *parts, beside=beside)


def element(tag: str, name: str, *inside: str, attributes: str = "") -> str:
    """Write an element of BPMN; parts of the `zeebe` namespace go into its extensions."""
    extensions = "".join(part for part in inside if part.startswith("<zeebe:"))
    held = f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>" if extensions else ""
    content = held + "".join(part for part in inside if not part.startswith("<zeebe:"))
    return f'<bpmn:{tag} id="{name}" {attributes}>{content}</bpmn:{tag}>'


def work(name: str, *inside: str, attributes: str = "") -> str:
    """Write a service task that is whole."""
    return element("serviceTask", name, f'<zeebe:taskDefinition type="{name}" />', *inside, attributes=attributes)


def flow(source: str, target: str, condition: str = "") -> str:
    """Write a sequence flow, `source-target`."""
    inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    ends = f'id="{source}-{target}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {ends}>{inside}</bpmn:sequenceFlow>"


def flows(*nodes: str) -> str:
    """Connect nodes in a row."""
    return "".join(flow(source, target) for source, target in pairwise(nodes))


def definition(kind: str, identity: str = "", /, *inside: str, **attributes: str) -> str:
    """Write an event definition: `definition("message", messageRef="m")`."""
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    given = f' id="{identity}"' if identity else ""
    return f"<bpmn:{kind}EventDefinition{given}{written}>{''.join(inside)}</bpmn:{kind}EventDefinition>"


def boundary(name: str, activity: str, *inside: str, interrupting: bool = True) -> str:
    """Attach a boundary event."""
    attributes = f'attachedToRef="{activity}" cancelActivity="{str(interrupting).lower()}"'
    return element("boundaryEvent", name, *inside, attributes=attributes)


def association(source: str, target: str) -> str:
    """Connect a compensation boundary event with its handler; these come last in a process."""
    return f'<bpmn:association id="{source}-by" sourceRef="{source}" targetRef="{target}" />'


def message(name: str, key: str = "=key") -> str:
    """Write a message that can be waited for."""
    return element("message", name, f'<zeebe:subscription correlationKey="{key}" />', attributes=f'name="{name}"')


def listener(event: str, job_type: str = "l") -> str:
    """Write execution listeners with one of an event."""
    inside = f'<zeebe:executionListener eventType="{event}" type="{job_type}" />'
    return f"<zeebe:executionListeners>{inside}</zeebe:executionListeners>"

"""Small models, written as a line for each element."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.judging import judge
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.subject import Subject

_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="models">'
)


def model(*elements: str, beside: str = "") -> bytes:
    """Put elements into a process named `p`."""
    process = f'<bpmn:process id="p" isExecutable="true">{"".join(elements)}</bpmn:process>'
    return f"{_HEAD}{process}{beside}</bpmn:definitions>".encode()


def element(kind: str, element_id: str, *inner: str, extensions: str = "", **attributes: str) -> str:
    """Write an element, `attachedToRef` and the like as attributes."""
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    held = f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>" if extensions else ""
    return f'<bpmn:{kind} id="{element_id}"{written}>{held}{"".join(inner)}</bpmn:{kind}>'


def task(element_id: str, job_type: str = "a.b", *inner: str, mapping: str = "", **attributes: str) -> str:
    """Write a service task."""
    mapped = f"<zeebe:ioMapping>{mapping}</zeebe:ioMapping>" if mapping else ""
    extensions = f'<zeebe:taskDefinition type="{job_type}" retries="3" />{mapped}'
    return element("serviceTask", element_id, *inner, extensions=extensions, **attributes)


def flows(*ways: str, **conditions: str) -> str:
    """Connect what stands in a way, as `a b c`; a condition is named after its source and target: `a_b`."""
    pairs = [pair for way in ways for pair in zip(way.split(), way.split()[1:], strict=False)]
    return "".join(
        f'<bpmn:sequenceFlow id="{one}_{other}" sourceRef="{one}" targetRef="{other}">'
        + (
            f"<bpmn:conditionExpression>{conditions[f'{one}_{other}']}</bpmn:conditionExpression>"
            if f"{one}_{other}" in conditions
            else ""
        )
        + "</bpmn:sequenceFlow>"
        for one, other in pairs
    )


def found(bpmn: bytes, *rules: str, forms: tuple[dict[str, Any], ...] = (), **manifest: Any) -> list[Finding]:
    """Return what some rules find in a model."""
    said = {"name": "p", "version": "1.0.0", "description": "A model."} | manifest
    package = ProcessPackage(Path("p"), Manifest.model_validate(said), bpmn, {form["id"]: form for form in forms})
    return [one for one in judge(Subject(package)) if one.rule in rules]

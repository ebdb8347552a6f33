"""A process package with a decision: how much off an order of some size, told by a job."""

from __future__ import annotations

from pathlib import Path

from tests.bpmn.models import element, flows, model, task

_MANIFEST = """
name: {name}
version: {version}
description: Finds a discount.
access: {{start: everybody, see: everybody}}
input: {{type: object, required: [size], properties: {{size: {{enum: [small, large]}}}}}}
job_types:
  {name}.tell:
    description: Tells somebody.
    effects: none
    input: {{type: object, required: [percent], properties: {{percent: {{type: [number, "null"]}}}}}}
"""
_DECISIONS = """<?xml version="1.0" encoding="UTF-8"?>
<!-- How much is off. -->
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="{name}_rules" name="Discounts" namespace="tests">
  <decision id="{name}_discount" name="Discount">
    <decisionTable id="table" hitPolicy="{policy}">
      <input id="in"><inputExpression id="of" typeRef="string"><text>size</text></inputExpression></input>
      <output id="out" name="percent" typeRef="number" />
      <rule id="one"><inputEntry id="a"><text>"large"</text></inputEntry>
        <outputEntry id="b"><text>{percent}</text></outputEntry></rule>
      <rule id="two"><inputEntry id="c"><text>-</text></inputEntry>
        <outputEntry id="d"><text>0</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""


def bpmn(name: str, version: str = "1.0.0", binding: str = "deployment") -> bytes:
    """Return the model: it decides, and tells."""
    called = f'decisionId="{name}_discount" bindingType="{binding}" resultVariable="percent"'
    decide = element("businessRuleTask", "decide", extensions=f"<zeebe:calledDecision {called} />")
    tag = f'<bpmn:extensionElements><zeebe:versionTag value="{version}" /></bpmn:extensionElements>'
    way = flows("start decide tell end")
    said = model(
        tag, element("startEvent", "start"), decide, task("tell", f"{name}.tell"), element("endEvent", "end"), way
    )
    return said.replace(b'id="p"', f'id="{name}"'.encode())


def decisions(name: str, percent: str = "10", policy: str = "FIRST") -> str:
    """Return the file of decisions."""
    return _DECISIONS.format(name=name, percent=percent, policy=policy)


def write_package(processes: Path, name: str, version: str = "1.0.0", percent: str = "10") -> Path:
    """Write the package of a name into a folder; returns its own."""
    folder = processes / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.yaml").write_text(_MANIFEST.format(name=name, version=version))
    (folder / f"{name}.bpmn").write_bytes(bpmn(name, version))
    (folder / "rules.dmn").write_text(decisions(name, percent))
    return folder

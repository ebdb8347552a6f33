"""Writes the customer's project: the examples of the document as they stand, and workflows around them."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path

import yaml

HERE = Path(__file__).parent
APP = "myworkflows"

#: what the examples leave out: the imports, under this product's names
_IMPORTS = """\
from datetime import datetime
from sqlalchemy import DateTime, Integer, String
from sqlalchemy.orm import Mapped, mapped_column
from zeebe_fleet.data_models import ServiceTaskHelper
"""

#: process: its data models, and the job types of its tasks, one after the other
WORKFLOWS: dict[str, tuple[list[str], list[str]]] = {
    "ApprovalProcess": ([], ["approval.create"]),
    "PurchaseCreate": (["PurchaseRequest"], ["purchase.create", "purchase.note"]),
    "PurchasePriced": (["PurchaseRequest"], ["purchase.create", "purchase.price"]),
    "PurchaseTwice": (["PurchaseRequest"], ["purchase.create", "purchase.price", "purchase.add-again"]),
    "PurchaseCorrect": (["PurchaseRequest"], ["purchase.correct"]),
    "PurchaseApprove": (["PurchaseRequest"], ["purchase.approve"]),
    "Failing": (["Approval", "Snapshot"], ["approval.fail"]),
    "Querying": (["Approval", "Snapshot", "Balance"], ["approval.query"]),
    "RollingBack": (["Approval"], ["approval.roll-back"]),
    "Trespassing": (["Approval", "PeriodState"], ["trespass.try"]),
    "ChainBreaking": (["PurchaseRequest"], ["chain.break"]),
    "Period": (["PeriodState", "Snapshot", "Balance"], ["period.change", "period.change"]),
    "PeriodOnce": (["PeriodState", "Snapshot", "Balance"], ["period.change"]),
    "PeriodSpread": (["PeriodState", "PeriodRemark"], ["period.spread", "period.spread"]),
    "BrokenCondition": ([], ["period.broken-condition"]),
    "PersisterCalls": (["Snapshot"], ["period.persister-calls"]),
    "PersisterWrites": (["Approval"], ["period.persister-writes"]),
    "WrongOutput": (["Approval"], ["output.wrong"]),
}

_ACTIONS = {"approval.create": "service_create_approval"}
"""Bound in the manifest."""


def examples() -> dict[str, str]:
    """Return the document's examples by the path their first line names."""
    text = (HERE / "data_model_examples.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return {block.partition("\n")[0].removeprefix("# "): block for block in blocks}


def write_project(folder: Path) -> Path:
    """Write the project and return its package's folder."""
    package = folder / APP
    shutil.copytree(HERE / "project", package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, code in examples().items():
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_IMPORTS + code.replace("actidoo_wfe", "zeebe_fleet"), "utf-8")
    for name, (models, job_types) in WORKFLOWS.items():
        process = package / "workflows" / name
        process.mkdir(parents=True, exist_ok=True)
        (process / "manifest.yaml").write_text(_manifest(name, models, job_types), "utf-8")
        (process / f"{name}.bpmn").write_text(model(name, job_types), "utf-8")
    return package


def _manifest(name: str, models: list[str], job_types: list[str]) -> str:
    declared = {one: {"description": one, "action": _ACTIONS.get(one, "")} for one in job_types}
    said = {"name": name, "version": "1.0.0", "description": name, "job_types": declared, "data_models": models}
    return yaml.safe_dump(said)


def model(name: str, job_types: list[str]) -> str:
    """Return the model of a process that does these jobs one after the other."""
    tasks = [
        f'<bpmn:serviceTask id="task_{number}"><bpmn:extensionElements>'
        f'<zeebe:taskDefinition type="{job_type}" retries="1" /></bpmn:extensionElements></bpmn:serviceTask>'
        for number, job_type in enumerate(job_types)
    ]
    ids = ["start", *(f"task_{number}" for number in range(len(job_types))), "end"]
    flows = [
        f'<bpmn:sequenceFlow id="flow_{number}" sourceRef="{one}" targetRef="{other}" />'
        for number, (one, other) in enumerate(pairwise(ids))
    ]
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="{name}_definitions" targetNamespace="seeds">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:extensionElements>
      <zeebe:versionTag value="1.0.0" />
      <zeebe:executionListeners>
        <zeebe:executionListener eventType="start" type="fleet-adopt" />
        <zeebe:executionListener eventType="end" type="fleet-ended" />
      </zeebe:executionListeners>
    </bpmn:extensionElements>
    <bpmn:startEvent id="start" />{"".join(tasks)}<bpmn:endEvent id="end" />{"".join(flows)}
  </bpmn:process>
</bpmn:definitions>
"""

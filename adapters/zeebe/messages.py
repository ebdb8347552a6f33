"""What goes over the wire, in the gateway's own types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zeebe_fleet.workers.contract.errors import EngineRejected
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.variables import unfit

_EMPTY = ("", "{}")
MAX_MESSAGE = 4_000
"""Characters of an error message that reach the engine; it stores them with every failure."""


def job_of(activated: Any, lease_s: float) -> Job:
    """Read an ActivatedJob; its lease counts from now."""
    return Job(
        key=JobKey(activated.key),
        type=activated.type,
        process_name=activated.bpmnProcessId,
        process_version=activated.processDefinitionVersion,
        definition_key=DefinitionKey(activated.processDefinitionKey),
        process_instance_key=ProcessInstanceKey(activated.processInstanceKey),
        element_id=activated.elementId,
        element_instance_key=ElementInstanceKey(activated.elementInstanceKey),
        retries=activated.retries,
        lease_s=lease_s,
        variables=_object(activated.variables),
        headers=_object(activated.customHeaders),
        tenant_id=activated.tenantId,
    )


def _object(text: str) -> dict[str, Any]:
    return {} if text in _EMPTY else json.loads(text)


def document(variables: Mapping[str, Any]) -> str:
    """Write variables as JSON.

    Raises:
        EngineRejected: they are none; refused here, because the gateway's own refusal quotes them.
    """
    if not variables:
        return "{}"
    if wrong := unfit(variables):
        raise EngineRejected(
            f"The variables are no JSON that can be kept: {wrong}.",
            "Variables hold objects, lists, text, numbers of 64 bits, booleans and null.",
        )
    return json.dumps(variables, separators=(",", ":"))


def message(text: str) -> str:
    """Cut a message to what the engine is given, without characters that UTF-8 cannot hold."""
    return text[:MAX_MESSAGE].encode("utf-8", "replace").decode("utf-8")


def milliseconds(seconds: float) -> int:
    """Round to the unit the gateway counts in."""
    return round(seconds * 1000)

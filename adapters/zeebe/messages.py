"""What goes over the wire, in the gateway's own types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zeebe_fleet.workers.contract.errors import EngineRejected
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey

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
    try:
        return json.dumps(variables, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise EngineRejected(
            f"The variables are not JSON ({type(error).__name__}).",
            "Variables hold only objects, lists, strings, finite numbers, booleans and null.",
        ) from None


def message(text: str) -> str:
    """Cut a message to what the engine is given, without characters that UTF-8 cannot hold."""
    return text[:MAX_MESSAGE].encode("utf-8", "replace").decode("utf-8")


def milliseconds(seconds: float) -> int:
    """Round to the unit the gateway counts in."""
    return round(seconds * 1000)

"""One job, as the engine hands it out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType
from uuid import UUID

JobKey = NewType("JobKey", int)
ProcessInstanceKey = NewType("ProcessInstanceKey", int)
ElementInstanceKey = NewType("ElementInstanceKey", int)
DefinitionKey = NewType("DefinitionKey", int)

DEFAULT_TENANT = "<default>"
WORKFLOW_ID = "workflow_id"
"""Reserved process variable: the workflow an instance belongs to."""
FLEET_INSTANCE = "fleet_instance"
"""Reserved process variable: the key of the instance that was adopted last on the way down."""
RESERVED_VARIABLES = (WORKFLOW_ID, FLEET_INSTANCE, "loopCounter")
"""Fetched with every job, whatever a task asks for."""
PARENT_VARIABLE = "parent_workflow_instance_id"
"""Variable that names the workflow whose rows a workflow carries on from."""


@dataclass(slots=True, eq=False)
class Job:
    """An activated job; `lease_s` runs from `received_at`, a monotonic time in seconds.

    Only the lease ever changes: it is counted from our own receipt, never against the engine's clock.
    Key 0 stands for no job: the undoing of an orphaned step, which owes the engine nothing.
    """

    key: JobKey
    type: str
    process_name: str
    process_version: int
    definition_key: DefinitionKey
    process_instance_key: ProcessInstanceKey
    element_id: str
    element_instance_key: ElementInstanceKey
    retries: int
    lease_s: float
    variables: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    tenant_id: str = DEFAULT_TENANT
    received_at: float = field(default_factory=time.monotonic)
    is_finished: bool = False
    """Its outcome is committed: the lease has done its work, and whoever holds it now can only repeat the outcome."""
    is_given_up: bool = False
    """We ended the work on it ourselves: the lease is lost, or the worker stops."""

    def extended(self, lease_s: float) -> None:
        """Note that the engine leases this job to us for `lease_s` from now."""
        self.lease_s = lease_s
        self.received_at = time.monotonic()

    def lease_left_s(self) -> float:
        """Return the seconds until another worker may be given this job."""
        return self.received_at + self.lease_s - time.monotonic()

    @property
    def workflow_id(self) -> UUID | None:
        """The workflow named by the reserved variable; `None` when there is none or it is no UUID."""
        value = self.variables.get(WORKFLOW_ID)
        try:
            return UUID(str(value)) if value else None
        except ValueError:
            return None

"""Process instances begun, cancelled, and given variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import by_hand, course, documents, lifecycle, termination, transitions, variables
from zeebe_fleet.engine.core.commands.jobs import require_default_tenant, require_small
from zeebe_fleet.engine.core.commands.people import require_at_rest
from zeebe_fleet.engine.core.definitions import Definition
from zeebe_fleet.engine.core.people import UPDATING, Pending
from zeebe_fleet.engine.core.rejection import Rejected

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element

LATEST = -1


@dataclass(frozen=True, slots=True)
class Created:
    """A process instance that has begun."""

    process_instance_key: int
    bpmn_process_id: str
    version: int
    process_definition_key: int


@dataclass(frozen=True, slots=True)
class CreateInstance:
    """Begin an instance of a version by its key, or of a process by its id.

    Args:
        version: by id; `LATEST` or below takes the newest.
        start_elements: where to begin instead of at the none start event.
    """

    bpmn_process_id: str = ""
    version: int = LATEST
    process_definition_key: int = 0
    variables: str = documents.EMPTY
    start_elements: tuple[str, ...] = ()
    tenant: str = ""

    def run(self, machine: Machine) -> Created:
        """Begin it; everything in it goes on by its own steps."""
        require_default_tenant(self.tenant, "CreateProcessInstance", "")
        require_small(self.variables, "CREATE")
        definition = self._definition(machine)
        given = documents.cut(self.variables)
        self._check(definition)
        root = course.begin_process(machine, definition, given, start_at=self.start_elements)
        return Created(root.key, definition.bpmn_process_id, definition.version, definition.key)

    def _definition(self, machine: Machine) -> Definition:
        state = machine.state
        if self.process_definition_key > 0:
            found = state.definitions.get(self.process_definition_key)
            wanted = f"key '{self.process_definition_key}'"
        elif not self.bpmn_process_id:
            raise Rejected(
                "INVALID_ARGUMENT",
                "Expected at least a bpmnProcessId or a key greater than -1, but none given",
                "CREATE",
            )
        elif self.version < 1:
            found = state.latest(self.bpmn_process_id)
            wanted = f"process ID '{self.bpmn_process_id}'"
        else:
            found = state.versions.get(self.bpmn_process_id, {}).get(self.version)
            wanted = f"process ID '{self.bpmn_process_id}' and version '{self.version}'"
        if found is None:
            raise Rejected("NOT_FOUND", f"Expected to find process definition with {wanted}, but none found", "CREATE")
        return found

    def _check(self, definition: Definition) -> None:
        process = definition.process
        if not self.start_elements and process.none_start is None:
            raise Rejected(
                "INVALID_STATE",
                "Expected to create instance of process with none start event, but there is no such event",
                "CREATE",
            )
        for element_id in self.start_elements:
            element = process.elements.get(element_id)
            if element is None or element is process.root:
                raise Rejected(
                    "INVALID_ARGUMENT",
                    f"Expected to create instance of process with start instructions but no element found with id "
                    f"'{element_id}'.",
                    "CREATE",
                )
            _require_startable(element)


def _require_startable(element: Element) -> None:
    wrong = ""
    scope = element.scope
    while scope is not None:
        if scope.loop is not None:
            wrong = "it is inside a multi-instance subprocess"
        scope = scope.scope
    if by_hand.is_behind_event_gateway(element):
        wrong = "it belongs to an event-based gateway"
    if element.tag in ("startEvent", "boundaryEvent"):
        wrong = f"the element is a {element.tag}, and these cannot be activated"
    if wrong:
        raise Rejected(
            "INVALID_ARGUMENT",
            f"Expected to create instance of process with start instructions but the element with id '{element.id}' "
            f"cannot be started at: {wrong}.",
            "CREATE",
        )


@dataclass(frozen=True, slots=True)
class CancelInstance:
    """End a process instance, and those it has called."""

    process_instance_key: int

    def run(self, machine: Machine) -> None:
        """Terminate it."""
        key = self.process_instance_key
        root = machine.state.instances.get(key)
        if root is None or root.scope is not None:
            raise Rejected(
                "NOT_FOUND",
                f"Expected to cancel a process instance with key '{key}', but no such process was found",
                "CANCEL",
            )
        if root.caller_key:
            raise Rejected(
                "INVALID_STATE",
                f"Expected to cancel a process instance with key '{key}', but it is created by a parent process "
                f"instance. Cancel the root process instance '{_outermost(machine, key)}' instead.",
                "CANCEL",
            )
        termination.terminate(machine, key)


def _outermost(machine: Machine, key: int) -> int:
    instances = machine.state.instances
    while key in instances and instances[key].caller_key in instances:
        key = instances[instances[key].caller_key].process_instance_key
    return key


@dataclass(frozen=True, slots=True)
class SetVariables:
    """Set variables in a scope, or from it outwards.

    Args:
        scope_key: of an element instance, or of a process instance.
        local: in that scope alone; else each where its name is, as `variables.propagate` does.
    """

    scope_key: int
    variables: str = documents.EMPTY
    local: bool = False

    def run(self, machine: Machine) -> int | Pending:
        """Set them; answers with the key of the command. Those of a user task wait for its listeners."""
        scope = machine.state.instances.get(self.scope_key)
        if scope is None:
            raise Rejected(
                "NOT_FOUND",
                f"Expected to update variables for element with key '{self.scope_key}', but no such element was found",
                "UPDATE",
            )
        require_small(self.variables, "UPDATE")
        given = documents.cut(self.variables)
        task = scope.user_task
        if task is not None:
            require_at_rest(task, "UPDATE", "set variables of")
            waits = transitions.move(machine, task, UPDATING, "", {}, self.variables, self.local)
            return Pending(task.key, machine.key()) if waits else machine.key()
        if self.local:
            variables.set_local(machine, scope, given)
        else:
            variables.propagate(machine, scope, given)
        return machine.key()


@dataclass(frozen=True, slots=True)
class ResolveIncident:
    """Let go on what stood still."""

    incident_key: int

    def run(self, machine: Machine) -> None:
        """Run the failed step again, or offer its job."""
        incident = machine.state.incidents.get(self.incident_key)
        if incident is None:
            raise Rejected(
                "NOT_FOUND",
                f"Expected to resolve incident with key '{self.incident_key}', but no such incident was found",
                "RESOLVE",
            )
        job = machine.state.jobs.get(incident.job_key)
        if job is not None and job.retries < 1:
            raise Rejected(
                "INVALID_STATE",
                f"Expected to resolve incident with key '{self.incident_key}', but job with key '{job.key}' has no "
                f"retries left. Please update the job retries before resolving the incident.",
                "RESOLVE",
            )
        instance = incident.instance
        machine.emit("INCIDENT_RESOLVED", instance.process_instance_key, incident.key)
        if job is None:
            lifecycle.resume(machine, instance)

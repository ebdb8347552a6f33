"""Resources deployed and deleted.

Source: https://docs.camunda.io/docs/components/concepts/resource-deletion/; camunda/camunda issue 19859: of several
files one changed gives all of them a new version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import decisions, forms, starts
from zeebe_fleet.engine.core.commands.jobs import require_default_tenant
from zeebe_fleet.engine.core.decisions import DecisionDefinition, DecisionGraph
from zeebe_fleet.engine.core.definitions import Definition
from zeebe_fleet.engine.core.files import INTENT, File, files_of
from zeebe_fleet.engine.core.forms import FormDefinition
from zeebe_fleet.engine.core.rejection import Rejected

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import State


@dataclass(frozen=True, slots=True)
class DeployedProcess:
    """One version of a process."""

    bpmn_process_id: str
    version: int
    process_definition_key: int
    resource_name: str
    version_tag: str = ""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment made, or found to be there already."""

    key: int
    processes: tuple[DeployedProcess, ...] = ()
    graphs: tuple[DecisionGraph, ...] = ()
    forms: tuple[FormDefinition, ...] = ()

    @property
    def decisions(self) -> tuple[DecisionDefinition, ...]:
        """The decisions of all graphs."""
        return tuple(one for graph in self.graphs for one in graph.decisions)


@dataclass(frozen=True, slots=True)
class Deploy:
    """Deploy all of some resources, or none: pairs of name and content."""

    resources: tuple[tuple[str, bytes], ...]
    tenant: str = ""

    def run(self, machine: Machine) -> Deployed:
        """Check every resource, then give each process, decision and form its version."""
        require_default_tenant(self.tenant, "DeployResource", "")
        if not self.resources:
            raise Rejected("INVALID_ARGUMENT", "Expected to deploy new resources, but none were given", INTENT)
        files = files_of(machine.state, self.resources)
        same = _same(machine, files)
        return _deployed(machine, files) if same is None else same


def _deployed(machine: Machine, files: Sequence[File]) -> Deployed:
    key = machine.key()
    models, processes = _processes(machine, files)
    waiting = [
        (process.id, starts.openings(machine, process))
        for file in files
        if file.model is not None
        for process in file.model.processes
    ]
    graphs = [_graph(machine, key, file) for file in files if file.requirements is not None]
    made = [_form(machine, key, file) for file in files if file.form is not None]
    if models or not (graphs or made):
        machine.emit("DEPLOYED", 0, key, models)
        keys = {one.bpmn_process_id: one.process_definition_key for one in processes}
        for process_id, openings in waiting:
            starts.renew(machine, process_id, keys[process_id], openings)
    if graphs:
        machine.emit("DECISIONS_DEPLOYED", 0, key, [one.packed() for one in graphs])
    if made:
        machine.emit("FORMS_DEPLOYED", 0, key, [one.packed() for one in made])
    return Deployed(key, tuple(processes), tuple(graphs), tuple(made))


def _processes(machine: Machine, files: Sequence[File]) -> tuple[list[list[Any]], list[DeployedProcess]]:
    """Return what the event says of each file, and what the answer says of each process."""
    told: list[list[Any]] = []
    made: list[DeployedProcess] = []
    for file in files:
        if file.model is None:
            continue
        processes = []
        for process in file.model.processes:
            version = machine.state.numbers.get(process.id, 0) + 1
            key = machine.key()
            processes.append([key, process.id, version, process.version_tag])
            made.append(DeployedProcess(process.id, version, key, file.name, process.version_tag))
        told.append([file.name, _text(file), processes])
    return told, made


def _graph(machine: Machine, deployment_key: int, file: File) -> DecisionGraph:
    read, known = file.requirements, machine.state.decisions
    assert read is not None
    version = known.graphs.numbers.get(read.requirements_id, 0) + 1
    head = [machine.key(), read.requirements_id, read.name, version, deployment_key, file.name, _text(file)]
    inside = [
        [
            machine.key(),
            one.decision_id,
            one.name,
            known.definitions.numbers.get(one.decision_id, 0) + 1,
            one.version_tag,
        ]
        for one in read.decisions.values()
    ]
    return decisions.unpacked([*head, inside])


def _form(machine: Machine, deployment_key: int, file: File) -> FormDefinition:
    assert file.form is not None
    identity, version_tag = file.form
    version = machine.state.forms.numbers.get(identity, 0) + 1
    return forms.unpacked([machine.key(), identity, version, version_tag, deployment_key, file.name, _text(file)])


def _text(file: File) -> str:
    return file.content.decode("utf-8", "surrogateescape")


def _same(machine: Machine, files: Sequence[File]) -> Deployed | None:
    """Return what is deployed already, if every file is the same as the newest of what is in it."""
    state = machine.state
    processes: list[DeployedProcess] = []
    graphs: list[DecisionGraph] = []
    made: list[FormDefinition] = []
    for file in files:
        if file.requirements is not None:
            graph = state.decisions.graphs.latest(file.requirements.requirements_id)
            if graph is None or (graph.resource_name, graph.resource) != (file.name, file.content):
                return None
            graphs.append(graph)
        elif file.form is not None:
            form = state.forms.latest(file.form[0])
            if form is None or (form.resource_name, form.text) != (file.name, _text(file)):
                return None
            made.append(form)
        else:
            same = _same_processes(state, file)
            if same is None:
                return None
            processes += same
    return Deployed(machine.key(), tuple(processes), tuple(graphs), tuple(made))


def _same_processes(state: State, file: File) -> list[DeployedProcess] | None:
    assert file.model is not None
    found = []
    for process in file.model.processes:
        latest = state.latest(process.id)
        if latest is None or latest.resource != file.content or latest.resource_name != file.name:
            return None
        if latest.version != state.numbers[process.id]:
            return None
        found.append(_told(latest))
    return found


def _told(definition: Definition) -> DeployedProcess:
    return DeployedProcess(
        definition.bpmn_process_id,
        definition.version,
        definition.key,
        definition.resource_name,
        definition.version_tag,
    )


@dataclass(frozen=True, slots=True)
class DeleteResource:
    """Delete one version of a process, of a file of decisions, or of a form; the version before becomes the newest."""

    resource_key: int

    def run(self, machine: Machine) -> None:
        """Delete it, if nothing runs on it."""
        state, key = machine.state, self.resource_key
        if key in state.decisions.graphs.by_key:
            machine.emit("DECISIONS_DELETED", 0, key)
        elif key in state.forms.by_key:
            machine.emit("FORM_DELETED", 0, key)
        else:
            self._delete_process(machine)

    def _delete_process(self, machine: Machine) -> None:
        state = machine.state
        definition = state.definitions.get(self.resource_key)
        if definition is None:
            raise Rejected(
                "NOT_FOUND",
                f"Expected to delete resource but no resource found with key `{self.resource_key}`",
                "DELETE",
            )
        if any(one.definition is definition for one in state.instances.values()):
            raise Rejected(
                "INVALID_STATE",
                f"Expected to delete resource with key `{self.resource_key}`, but there are still running instances",
                "DELETE",
            )
        process_id = definition.bpmn_process_id
        if state.latest(process_id) is not definition:
            machine.emit("DEFINITION_DELETED", 0, definition.key)
            return
        others = {number: one for number, one in state.versions[process_id].items() if one is not definition}
        before = others[max(others)] if others else None
        waiting = [] if before is None else starts.openings(machine, before.process)
        starts.renew(machine, process_id, 0, ())
        machine.emit("DEFINITION_DELETED", 0, definition.key)
        if before is not None:
            starts.renew(machine, process_id, before.key, waiting)

"""Resources deployed and deleted.

Source: https://docs.camunda.io/docs/components/concepts/resource-deletion/; camunda/camunda issue 19859: of several
files one changed gives all of them a new version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core.commands.jobs import require_default_tenant
from zeebe_fleet.engine.core.definitions import Definition
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.model import MAX_NEW_ELEMENTS, MAX_TOLD, Model, Refused, error_text, read, unknown_type_text

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import State
    from zeebe_fleet.engine.model.elements import Element

INTENT = "CREATE"
_MOST_TAGS = 3 * MAX_NEW_ELEMENTS
"""Of all files together: they are read while everybody waits."""
_LATER = {
    ".dmn": "Decisions are not evaluated by this engine yet: decide in a service task, or use Camunda 8 itself.",
    ".form": "Forms are not kept by this engine yet: put the form into the model as a zeebe:userTaskForm.",
}


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
    processes: tuple[DeployedProcess, ...]


@dataclass(frozen=True, slots=True)
class Deploy:
    """Deploy all of some resources, or none: pairs of name and content."""

    resources: tuple[tuple[str, bytes], ...]
    tenant: str = ""

    def run(self, machine: Machine) -> Deployed:
        """Check every resource, then give each process its version."""
        require_default_tenant(self.tenant, "DeployResource", "")
        if not self.resources:
            raise Rejected("INVALID_ARGUMENT", "Expected to deploy new resources, but none were given", INTENT)
        models = _read(machine.state, self.resources)
        _require_single(models)
        same = _same(machine.state, models)
        if same is not None:
            return Deployed(machine.key(), same)
        return self._deployed(machine, models)

    def _deployed(self, machine: Machine, models: Sequence[tuple[Model, bytes]]) -> Deployed:
        key = machine.key()
        numbers = machine.state.numbers
        files, made = [], []
        for model, content in models:
            processes = []
            for process in model.processes:
                version = numbers.get(process.id, 0) + 1
                definition_key = machine.key()
                processes.append([definition_key, process.id, version, process.version_tag])
                made.append(DeployedProcess(process.id, version, definition_key, model.name, process.version_tag))
            files.append([model.name, content.decode("utf-8", "surrogateescape"), processes])
        machine.emit("DEPLOYED", 0, key, files)
        return Deployed(key, tuple(made))


def _read(state: State, resources: Sequence[tuple[str, bytes]]) -> list[tuple[Model, bytes]]:
    found, refusals = [], []
    if sum(content.count(b"<") for _, content in resources) > _MOST_TAGS:
        raise Rejected(
            "INVALID_ARGUMENT",
            f"Expected to deploy new resources, but they have more than {_MOST_TAGS} tags; deploy fewer at once",
            INTENT,
        )
    for name, content in resources:
        try:
            found.append((_model(state, name, content), content))
        except Refused as refused:
            refusals.append(str(refused))
    if refusals:
        told = "\n".join(refusals)
        raise Rejected(
            "INVALID_ARGUMENT",
            f"Expected to deploy new resources, but encountered the following errors:\n{told}",
            INTENT,
        )
    return found


def _model(state: State, name: str, content: bytes) -> Model:
    if not name.endswith((".bpmn", ".xml")):
        ending = next((one for one in _LATER if name.endswith(one)), None)
        raise Refused(f"'{name}': {_LATER[ending]}" if ending else unknown_type_text(name))
    model = read(name, content, MAX_NEW_ELEMENTS)
    wrong = [
        (element.id, [_not_yet(what, element)])
        for process in model.processes
        for element in process.elements.values()
        if (what := _unknown(state, element))
    ]
    wrong += [(path, list(told)) for path, told in model.unfit[:MAX_TOLD]]
    if wrong:
        raise Refused(error_text(name, wrong))
    return model


def _unknown(state: State, element: Element) -> str:
    """Name what the engine doesn't run of an element; empty when it runs all of it."""
    if element.triggered_by_event:
        return "event subprocess"
    if element.user_task is not None and element.user_task.native:
        return "Camunda user task (zeebe:userTask)"
    if (element.tag, element.event_name) in state.behaviours:
        return ""
    return f"{element.tag} with a {element.event_name} event" if element.event is not None else element.tag


def _not_yet(what: str, element: Element) -> str:
    instead = _INSTEAD.get(element.tag, "another element")
    return (
        f"This engine does not run a {what} yet (line {element.line}). Use {instead}, "
        f"or Camunda 8 itself by FLEET_ENGINE=docker or remote."
    )


_INSTEAD = {
    "sendTask": "a service task",
    "scriptTask": "a service task, or an output mapping",
    "businessRuleTask": "a service task",
    "receiveTask": "an intermediate message catch event",
    "manualTask": "a user task",
    "task": "a service task",
    "inclusiveGateway": "exclusive and parallel gateways",
    "eventBasedGateway": "a boundary event",
    "adHocSubProcess": "a subprocess with gateways",
    "userTask": "a user task without zeebe:userTask",
    "startEvent": "a none start event",
    "subProcess": "boundary events",
}


def _require_single(models: Sequence[tuple[Model, bytes]]) -> None:
    seen: dict[str, str] = {}
    for model, _ in models:
        for process in model.processes:
            other = seen.setdefault(process.id, model.name)
            if other != model.name:
                raise Rejected(
                    "INVALID_ARGUMENT",
                    "Expected to deploy new resources, but encountered the following errors:\n"
                    f"Duplicated process id in resources '{other}' and '{model.name}'",
                    INTENT,
                )


def _same(state: State, models: Sequence[tuple[Model, bytes]]) -> tuple[DeployedProcess, ...] | None:
    """Return what is deployed already, if every file is the same as the newest of its processes."""
    found = []
    for model, content in models:
        for process in model.processes:
            latest = state.latest(process.id)
            if latest is None or latest.resource != content or latest.resource_name != model.name:
                return None
            if latest.version != state.numbers[process.id]:
                return None
            found.append(_told(latest))
    return tuple(found)


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
    """Delete one version of a process; the version before becomes the newest."""

    resource_key: int

    def run(self, machine: Machine) -> None:
        """Delete it, if nothing runs on it."""
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
        machine.emit("DEFINITION_DELETED", 0, definition.key)

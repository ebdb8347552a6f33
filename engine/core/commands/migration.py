"""A running process instance moved to another version, or another process.

Source: https://docs.camunda.io/docs/components/concepts/process-instance-migration/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, compensation
from zeebe_fleet.engine.core.commands.modification import require_settled
from zeebe_fleet.engine.core.rejection import Kind, Rejected, Stuck
from zeebe_fleet.engine.core.state import ElementInstance

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element

INTENT = "MIGRATE"


@dataclass(frozen=True, slots=True)
class MigrateInstance:
    """Let every active element go on as the one it is mapped to; keys stay.

    Args:
        mappings: pairs of source and target element id.
    """

    process_instance_key: int
    target_definition_key: int
    mappings: tuple[tuple[str, str], ...]

    def run(self, machine: Machine) -> None:
        """Check that each active element can be moved, then move them."""
        root = machine.state.instances.get(self.process_instance_key)
        if root is None or root.scope is not None:
            raise self._refusal("NOT_FOUND", "no process instance found with that key")
        target = machine.state.definitions.get(self.target_definition_key)
        if target is None:
            raise self._refusal(
                "NOT_FOUND", f"no process definition found for the target key '{self.target_definition_key}'"
            )
        moved = self._mapped(root.definition, target)
        instances = _all(root)
        for instance in instances:
            self._check(instance, target, moved)
        require_settled(machine, root, self._refusal)
        openings = {one.key: self._openings(machine, one, target, moved) for one in instances}
        self._move(machine, root, target, moved, instances)
        for instance in instances:
            self._move_catches(machine, instance, moved)
            for opening in openings[instance.key]:
                opening()

    def _mapped(self, source: Definition, target: Definition) -> dict[str, str]:
        moved: dict[str, str] = {}
        for source_id, target_id in self.mappings:
            if source_id not in source.process.elements:
                raise self._refusal("INVALID_ARGUMENT", f"mapping source '{source_id}' is no element of its process")
            if target_id not in target.process.elements:
                raise self._refusal("INVALID_ARGUMENT", f"mapping target '{target_id}' is no element of the target")
            if source_id in moved:
                raise self._refusal("INVALID_ARGUMENT", f"element '{source_id}' is mapped more than once")
            moved[source_id] = target_id
        moved[source.process.root.id] = target.process.root.id
        return moved

    def _check(self, instance: ElementInstance, target: Definition, moved: dict[str, str]) -> None:
        element = instance.element
        target_id = moved.get(element.id)
        if target_id is None:
            raise self._refusal(
                "INVALID_STATE", f"no mapping instruction defined for active element with id '{element.id}'"
            )
        wanted = target.process.elements[target_id]
        if (wanted.tag, wanted.event_name) != (element.tag, element.event_name):
            raise self._refusal(
                "INVALID_STATE",
                f"active element with id '{element.id}' and type '{element.tag}' is mapped to an element of another "
                f"type with id '{target_id}' and type '{wanted.tag}'",
            )
        if _is_native(wanted) != _is_native(element):
            raise self._refusal(
                "INVALID_STATE", f"user tasks '{element.id}' and '{target_id}' are not of the same implementation"
            )
        if _looping(wanted) != _looping(element):
            raise self._refusal(
                "INVALID_STATE", f"element '{element.id}' and '{target_id}' are not multi-instances of the same kind"
            )
        self._check_boundaries(instance, wanted, moved)
        scope = instance.scope
        if scope is not None and wanted.scope is not None:
            around = scope.scope if scope.body and scope.scope is not None else scope
            if moved.get(around.element.id) != wanted.scope.id:
                raise self._refusal(
                    "INVALID_STATE", f"the flow scope of active element with id '{element.id}' is changed"
                )
        if instance.joins and not _joins(instance, target, moved):
            raise self._refusal("INVALID_STATE", "a token waits at a gateway whose flows are not in the target")

    def _check_boundaries(self, instance: ElementInstance, wanted: Element, moved: dict[str, str]) -> None:
        theirs = {one.id: one.event_name for one in wanted.boundaries}
        for event in instance.element.boundaries:
            target_id = moved.get(event.id)
            if target_id is not None and theirs.get(target_id) != event.event_name:
                raise self._refusal(
                    "INVALID_STATE",
                    f"active element with id '{instance.element.id}' is mapped to '{wanted.id}', to which the catch "
                    f"event '{target_id}' of the same type is not attached",
                )

    def _move(
        self,
        machine: Machine,
        root: ElementInstance,
        target: Definition,
        moved: dict[str, str],
        instances: list[ElementInstance],
    ) -> None:
        owner = root.key
        for instance in instances:
            if instance.joins:
                machine.emit("FLOWS_MIGRATED", owner, instance.key, _joins(instance, target, moved))
            self._move_undo(machine, instance, target, moved)
            machine.emit("ELEMENT_MIGRATED", owner, instance.key, target.key, moved[instance.element.id])

    def _move_undo(
        self, machine: Machine, instance: ElementInstance, target: Definition, moved: dict[str, str]
    ) -> None:
        for undo in list((instance.undo or {}).values()):
            activity = target.process.elements.get(moved.get(undo.activity_id, undo.activity_id))
            handler = compensation.handler_of(activity) if activity else None
            owner = instance.process_instance_key
            if activity is None or handler is None:
                machine.emit("UNDO_DONE", owner, instance.key, undo.key)
            else:
                machine.emit("UNDO_MIGRATED", owner, instance.key, undo.key, activity.id, handler.id)

    def _openings(
        self, machine: Machine, instance: ElementInstance, target: Definition, moved: dict[str, str]
    ) -> list[Callable[[], None]]:
        """Return what begins to wait for events of the target that no mapping leads to."""
        if not catching.is_open(instance):
            return []
        kept = {moved[one.element_id] for one in (instance.catches or {}).values() if one.element_id in moved}
        element = target.process.elements[moved[instance.element.id]]
        try:
            return catching.openings(machine, instance, element, kept)
        except Stuck as stuck:
            raise self._refusal("INVALID_STATE", stuck.message) from None

    def _move_catches(self, machine: Machine, instance: ElementInstance, moved: dict[str, str]) -> None:
        """Keep what is waited for by mapped events, and close the rest."""
        owner = instance.process_instance_key
        for catch in list((instance.catches or {}).values()):
            target_id = moved.get(catch.element_id)
            if target_id is None:
                machine.emit("CATCH_CLOSED", owner, catch.key)
            else:
                machine.emit("CATCH_MIGRATED", owner, catch.key, target_id)

    def _refusal(self, kind: Kind, why: str) -> Rejected:
        return Rejected(
            kind,
            f"Expected to migrate process instance '{self.process_instance_key}' but {why}",
            INTENT,
        )


def _all(root: ElementInstance) -> list[ElementInstance]:
    found, level = [], [root]
    while level:
        found += level
        level = [child for one in level for child in (one.children or {}).values()]
    return found


def _is_native(element: Element) -> bool:
    """Whether it is a Camunda user task."""
    return element.user_task is not None and element.user_task.native


def _looping(element: Element) -> tuple[bool, bool]:
    return element.loop is not None, element.loop is not None and element.loop.sequential


def _joins(instance: ElementInstance, target: Definition, moved: dict[str, str]) -> dict[str, int]:
    """Return the tokens that wait at gateways, by the target's flows; empty when one has no place there."""
    found: dict[str, int] = {}
    flows = instance.definition.process.flows
    for flow_id, count in (instance.joins or {}).items():
        gateway: Element = flows[flow_id].target
        wanted = target.process.elements.get(moved.get(gateway.id, ""))
        same = target.process.flows.get(flow_id)
        if wanted is None or same is None or same.target is not wanted:
            return {}
        found[flow_id] = count
    return found

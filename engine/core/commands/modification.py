"""A running process instance changed by hand: elements begun, element instances ended.

Source: https://docs.camunda.io/docs/components/concepts/process-instance-modification/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import by_hand, course, documents, variables
from zeebe_fleet.engine.core.rejection import Kind, Rejected
from zeebe_fleet.engine.core.state import ACTIVE, TERMINATING, ElementInstance

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element

_NEVER = ("startEvent", "boundaryEvent")
INTENT = "MODIFY"


@dataclass(frozen=True, slots=True)
class Activate:
    """Begin an element.

    Args:
        ancestor_key: the scope instance to begin it in, where there are several.
        variables: pairs of scope id ("" for the process) and JSON text.
    """

    element_id: str
    ancestor_key: int = 0
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ModifyInstance:
    """First begin, then end; all or nothing.

    Args:
        terminate: keys of element instances.
        terminate_all_of: ids of elements whose instances are all ended.
    """

    process_instance_key: int
    activate: tuple[Activate, ...] = ()
    terminate: tuple[int, ...] = ()
    terminate_all_of: tuple[str, ...] = ()

    def run(self, machine: Machine) -> None:
        """Check every instruction, then carry them out."""
        root = machine.state.instances.get(self.process_instance_key)
        if root is None or root.scope is not None:
            raise self._refusal("NOT_FOUND", "no process instance found with that key")
        given = [self._checked(machine, root, one) for one in self.activate]
        terminated = [*self.terminate, *self._of_elements(root)]
        for key in terminated:
            found = machine.state.instances.get(key)
            if found is None or found.process_instance_key != root.key or found.status == TERMINATING:
                raise self._refusal(
                    "INVALID_ARGUMENT",
                    f"it contains one or more terminate instructions with an element instance that could not be "
                    f"found: '{key}'",
                )
        ended = frozenset(terminated)
        if root.caller_key and (root.key in ended or (not self.activate and _would_end(root, ended))):
            raise self._refusal(
                "INVALID_ARGUMENT",
                "the given instructions would terminate the instance. The instance was created by a call activity in "
                "the parent process. To terminate this instance please modify the parent process instead.",
            )
        require_settled(machine, root, self._refusal)
        for instruction, documents_by_scope in zip(self.activate, given, strict=True):
            self._begin(machine, root, instruction, documents_by_scope)
        for key in terminated:
            machine.later("terminate", key)

    def _of_elements(self, root: ElementInstance) -> list[int]:
        found: list[int] = []
        for element_id in self.terminate_all_of:
            element = root.definition.process.elements.get(element_id)
            instances = [] if element is None else _instances_of(root, element, bodies=True)
            if not instances:
                raise self._refusal(
                    "INVALID_ARGUMENT",
                    f"it contains one or more terminate instructions with an element that has no active instances: "
                    f"'{element_id}'",
                )
            found += [one.key for one in instances]
        return found

    def _checked(self, machine: Machine, root: ElementInstance, instruction: Activate) -> dict[str, dict[str, str]]:
        element = root.definition.process.elements.get(instruction.element_id)
        if element is None or element.scope is None:
            raise self._refusal(
                "INVALID_ARGUMENT",
                f"it contains one or more activate instructions with an element that could not be found: "
                f"'{instruction.element_id}'",
            )
        if element.tag in _NEVER:
            raise self._refusal(
                "INVALID_ARGUMENT",
                f"it contains one or more activate instructions for elements that are unsupported: '{element.id}'. "
                f"The activation of elements of type '{element.tag}' is not supported",
            )
        if by_hand.is_behind_event_gateway(element):
            raise self._refusal(
                "INVALID_ARGUMENT",
                f"it contains one or more activate instructions for elements that are unsupported: '{element.id}'. "
                f"The activation of events belonging to an event-based gateway is not supported",
            )
        if any(one.loop is not None for one in _around(element)):
            raise self._refusal(
                "INVALID_ARGUMENT",
                f"it contains one or more activate instructions for elements that are unsupported: '{element.id}'. "
                f"The activation of elements inside a multi-instance subprocess is not supported",
            )
        self._scope(machine, root, element, instruction.ancestor_key)
        scopes = {"", *(one.id for one in _around(element))}
        for scope_id, _ in instruction.variables:
            if scope_id not in scopes:
                raise self._refusal(
                    "INVALID_ARGUMENT",
                    f"it contains variable instructions with a scope id '{scope_id}' that is no flow scope of "
                    f"'{element.id}'",
                )
        return {scope_id: documents.cut(text) for scope_id, text in instruction.variables}

    def _begin(
        self,
        machine: Machine,
        root: ElementInstance,
        instruction: Activate,
        given: Mapping[str, Mapping[str, str]],
    ) -> None:
        element = root.definition.process.elements[instruction.element_id]
        scope = self._scope(machine, root, element, instruction.ancestor_key)
        variables.set_local(machine, root, given.get("", {}))
        if scope is not root:
            variables.set_local(machine, scope, given.get(scope.element.id, {}))
        for missing in _missing(scope, element):
            scope = by_hand.begin_around(machine, scope, missing)
            variables.set_local(machine, scope, given.get(missing.id, {}))
        begun = course.begin(machine, scope, element)
        variables.set_local(machine, begun, given.get(element.id, {}))

    def _scope(self, machine: Machine, root: ElementInstance, element: Element, ancestor_key: int) -> ElementInstance:
        """Return the innermost scope instance there is for an element."""
        if ancestor_key:
            found = machine.state.instances.get(ancestor_key)
            is_scope = found is not None and found.process_instance_key == root.key and found.status <= ACTIVE
            if found is None or not is_scope or found.element not in _around(element):
                raise self._refusal(
                    "INVALID_ARGUMENT",
                    f"it contains one or more activate instructions with an ancestor scope key that does not exist, or "
                    f"is not an ancestor of the element: '{ancestor_key}'",
                )
            return found
        for wanted in _around(element):
            instances = _instances_of(root, wanted)
            if len(instances) > 1:
                raise self._refusal(
                    "INVALID_ARGUMENT",
                    f"it contains one or more activate instructions for an element that has multiple active "
                    f"instances of its flow scope '{wanted.id}'. Can't decide in which instance the element should be "
                    f"activated: name one as ancestor",
                )
            if instances:
                return instances[0]
        return root

    def _refusal(self, kind: Kind, why: str) -> Rejected:
        return Rejected(
            kind,
            f"Expected to modify instance of process with key '{self.process_instance_key}' but {why}",
            INTENT,
        )


def require_settled(machine: Machine, root: ElementInstance, refusal: Callable[[Kind, str], Rejected]) -> None:
    """Refuse what would change an instance while a command on it was cut off for its length."""
    if any(_owner(machine, step) == root.key for step in machine.state.pending):
        raise refusal("INVALID_STATE", "a concurrent command was executed on the process instance. Please retry")


def _owner(machine: Machine, step: list[Any]) -> int:
    instance = machine.state.instances.get(step[1])
    return 0 if instance is None else instance.process_instance_key


def _would_end(scope: ElementInstance, ended: frozenset[int]) -> bool:
    """Whether nothing is left in a scope when some element instances have ended."""
    left = scope.tokens
    for child in (scope.children or {}).values():
        if child.key in ended or (child.children and _would_end(child, ended)):
            left -= 1
    return not left


def _around(element: Element) -> list[Element]:
    """Return the scopes of an element, the innermost first."""
    found = []
    scope = element.scope
    while scope is not None:
        found.append(scope)
        scope = scope.scope
    return found


def _instances_of(root: ElementInstance, element: Element, *, bodies: bool = False) -> list[ElementInstance]:
    """Return what is at work of an element: where `bodies` are wanted, a multi-instance as a whole."""
    found, level = [], [root]
    while level:
        of_it = [one for one in level if one.element is element and one.status <= ACTIVE]
        found += [one for one in of_it if (not one.is_inner if bodies else not one.body)]
        level = [child for one in level for child in (one.children or {}).values()]
    return found


def _missing(scope: ElementInstance, element: Element) -> list[Element]:
    """Return the scopes between a scope instance and an element, the outermost first."""
    around = _around(element)
    return list(reversed(around[: around.index(scope.element)]))

"""Activities of an ad-hoc subprocess begun by command.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/ad-hoc-subprocesses/#activate-elements-via-command
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import ad_hoc, course, documents
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.core.state import ACTIVE

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine

_INTENT = "ACTIVATE"


@dataclass(frozen=True, slots=True)
class ActivateAdHoc:
    """Begin activities of an ad-hoc subprocess.

    Args:
        elements: pairs of element id and JSON text of local variables.
        cancel_remaining: end first what is active in it.
    """

    key: int
    elements: tuple[tuple[str, str], ...]
    cancel_remaining: bool = False

    def run(self, machine: Machine) -> None:
        """Check all of them, then begin them."""
        scope = machine.state.instances.get(self.key)
        if scope is None or scope.element.ad_hoc is None or scope.body:
            raise self._refusal("NOT_FOUND", f"no ad-hoc sub-process instance found with key '{self.key}'")
        if scope.status != ACTIVE or scope.sweep is not None or scope.enough:
            raise Rejected(
                "INVALID_STATE",
                f"Expected to activate activities for ad-hoc sub-process with key '{self.key}', but it is not active.",
                _INTENT,
            )
        possible = ad_hoc.activatable(scope.element)
        names = [name for name, _ in self.elements]
        if len(set(names)) < len(names):
            raise self._refusal("INVALID_ARGUMENT", "duplicate activities were given")
        if unknown := [name for name in names if name not in possible]:
            raise self._refusal("NOT_FOUND", f"the given elements do not exist: {', '.join(unknown)}")
        given = [documents.cut(variables) for _, variables in self.elements]
        before = list(scope.children or ()) if self.cancel_remaining else []
        for name, variables in zip(names, given, strict=True):
            course.begin(machine, scope, possible[name], given=variables)
        for key in before:
            machine.later("terminate", key)

    def _refusal(self, kind: str, why: str) -> Rejected:
        told = f"Expected to activate activities for ad-hoc sub-process with key '{self.key}', but {why}."
        return Rejected("NOT_FOUND" if kind == "NOT_FOUND" else "INVALID_ARGUMENT", told, _INTENT)

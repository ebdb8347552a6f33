"""Decisions evaluated on their own.

Source: https://docs.camunda.io/docs/apis-tools/zeebe-api/gateway-service/#evaluatedecision-rpc
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine import feel
from zeebe_fleet.engine.core import deciding, documents
from zeebe_fleet.engine.core.commands.jobs import require_default_tenant, require_small
from zeebe_fleet.engine.core.expressions import value_of
from zeebe_fleet.engine.core.rejection import Rejected

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.deciding import Decided
    from zeebe_fleet.engine.core.decisions import DecisionDefinition
    from zeebe_fleet.engine.core.machine import Machine

_INTENT = "EVALUATE"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A decision, and what came of it."""

    definition: DecisionDefinition
    decided: Decided


@dataclass(frozen=True, slots=True)
class EvaluateDecision:
    """Evaluate the newest version of a decision by its id, or one by its key."""

    decision_id: str = ""
    decision_key: int = 0
    variables: str = documents.EMPTY
    tenant: str = ""

    def run(self, machine: Machine) -> Evaluated:
        """Evaluate it; a decision that fails is an answer too."""
        require_default_tenant(self.tenant, "EvaluateDecision", "")
        require_small(self.variables, _INTENT)
        definition = self._definition(machine)
        given = documents.cut(self.variables)
        decided = deciding.decide(
            machine, definition, lambda name: value_of(given[name]) if name in given else feel.MISSING
        )
        return Evaluated(definition, decided)

    def _definition(self, machine: Machine) -> DecisionDefinition:
        definitions = machine.state.decisions.definitions
        if self.decision_key > 0:
            found = definitions.by_key.get(self.decision_key)
            wanted = f"key '{self.decision_key}'"
        elif self.decision_id:
            found = definitions.latest(self.decision_id)
            wanted = f"id '{self.decision_id}'"
        else:
            raise Rejected(
                "INVALID_ARGUMENT", "Expected either a decision id or a valid decision key, but none provided", _INTENT
            )
        if found is None:
            told = f"Expected to evaluate decision with {wanted}, but no decision found for {wanted}"
            raise Rejected("NOT_FOUND", told, _INTENT)
        return found

"""Signals: told to everybody who waits for them now.

Source: https://docs.camunda.io/docs/components/concepts/signals/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, starts

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine


def broadcast(machine: Machine, name: str, given: Mapping[str, str]) -> None:
    """Trigger every event that waits for a signal, and begin every process that it starts."""
    starting = list(machine.state.started_by.get(("signal", name), {}).values())
    for catch in list(machine.state.signals.get(name, {}).values()):
        if catch.key in machine.state.catches and catching.is_open(catch.instance):
            catching.trigger(machine, catch, dict(given))
    for start in starting:
        starts.begin(machine, start, given)

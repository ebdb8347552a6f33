"""Time goes on, stands still, or is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, starts
from zeebe_fleet.engine.core.state import ACTIVATED, FAILED

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine

AT_ONCE = 500
"""Things that come due in one turn; the rest in the next."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Do what is due by now; answers whether there may be more."""

    def run(self, machine: Machine) -> bool:
        """End leases and backoffs, fire timers, forget messages."""
        keys = machine.state.wheel.due(machine.now_ms, AT_ONCE)
        for key in keys:
            _due(machine, key)
        return bool(machine.state.wheel.due(machine.now_ms, 1))


def _due(machine: Machine, key: int) -> None:
    state = machine.state
    if (job := state.jobs.get(key)) is not None:
        owner = job.instance.process_instance_key
        if job.status == ACTIVATED:
            machine.emit("JOB_TIMED_OUT", owner, key)
        elif job.status == FAILED and job.retries > 0:
            machine.emit("JOB_RECURRED", owner, key)
    elif (catch := state.catches.get(key)) is not None:
        if catching.is_open(catch.instance):
            catching.trigger(machine, catch, {})
        else:
            # Its activity is being left, perhaps at an incident: nothing interrupts it any more.
            machine.emit("CATCH_CLOSED", catch.instance.process_instance_key, key)
    elif (start := state.starts.get(key)) is not None:
        starts.fire(machine, start)
    elif key in state.messages:
        machine.emit("MESSAGE_EXPIRED", 0, key)


@dataclass(frozen=True, slots=True)
class PinClock:
    """Hold the time."""

    timestamp_ms: int

    def run(self, machine: Machine) -> None:
        """Hold it at a point, which may lie before or behind."""
        machine.emit("CLOCK_PINNED", 0, self.timestamp_ms)


@dataclass(frozen=True, slots=True)
class ResetClock:
    """Let the time run again."""

    def run(self, machine: Machine) -> None:
        """Give it back to the machine's clock."""
        machine.emit("CLOCK_PINNED", 0, None)

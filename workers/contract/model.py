"""What the fleet must know of a process model; read from the BPMN by `bpmn.tooling.parse`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Undo:
    """A compensation handler's other half."""

    element_id: str
    """The element whose effect it takes back."""
    takes_all: bool
    """One handler job for a whole multi-instance; otherwise one job for each run."""


@dataclass(frozen=True, slots=True)
class HumanTask:
    """A user task as modelled."""

    element_id: str
    name: str
    form: Mapping[str, Any] | None = None
    priority: str = ""
    """As written: a number, an expression, or nothing."""


@dataclass(frozen=True, slots=True)
class ProcessModel:
    """Facts of one process, by element id."""

    process_name: str = ""
    job_types: Mapping[str, str] = field(default_factory=dict)
    """Element id → job type, of tasks and of execution listeners' processes."""
    undoes: Mapping[str, Undo] = field(default_factory=dict)
    """Compensation handler → what it undoes."""
    preceding: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Element → the tasks whose flows lead to it, gateways and events skipped."""
    flowing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Element → the tasks that complete before it begins: `preceding` without boundary events."""
    interrupting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Element → the tasks whose interruption leads to it; one may be in `flowing` too, where the ways meet again."""
    once: frozenset[str] = frozenset()
    """Elements that begin once at most in an instance, or once for each loop counter."""
    in_turn: frozenset[str] = frozenset()
    """Elements that begin again, each time after they have completed."""
    calls: Mapping[str, str] = field(default_factory=dict)
    """Call activity → the process it calls; empty where an expression decides."""
    human_tasks: Mapping[str, HumanTask] = field(default_factory=dict)
    has_listeners: bool = False
    """Whether the process carries `fleet-adopt` and `fleet-ended`."""


UNKNOWN = ProcessModel()
"""For a process deployed by somebody else."""

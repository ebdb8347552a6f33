"""Decisions as they were read: what each stands on, and its logic as code.

A logic is a `Code`: what it reads is looked up, what it gives is a value of FEEL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zeebe_fleet.engine.dmn.trace import Trace
from zeebe_fleet.engine.feel.limits import Run
from zeebe_fleet.engine.feel.values import Lookup

Code = Callable[[Lookup, Run], Any]
Traced = Callable[[Lookup, Run, Trace | None], Any]
"""Code that says what it met, where somebody wants to know."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: a function that decisions call."""

    knowledge_id: str
    name: str
    parameters: tuple[tuple[str, str], ...]
    """Name and type of each."""
    code: Code
    requires: tuple[Knowledge, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision, what it requires, and its logic."""

    decision_id: str
    name: str
    kind: str
    result_name: str
    """The variable that holds its result for whoever requires it."""
    result_type: str
    requires: tuple[Decision, ...]
    knowledge: tuple[Knowledge, ...]
    code: Traced
    version_tag: str = ""


@dataclass(frozen=True, slots=True)
class Requirements:
    """A decision requirements graph: all decisions of one file."""

    requirements_id: str
    name: str
    namespace: str
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    """By their id, in the file's order."""

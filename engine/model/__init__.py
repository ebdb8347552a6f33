"""BPMN read into processes of elements, validated as the engine's users know it. Pure: no clock, no disk, no network.

`read` is the door. What a file says comes back as plain data (`elements`), or `Refused` with the whole answer for it.
"""

from __future__ import annotations

from zeebe_fleet.engine.model.elements import Model, Process
from zeebe_fleet.engine.model.markup import MAX_NEW_ELEMENTS
from zeebe_fleet.engine.model.reading import read
from zeebe_fleet.engine.model.refusal import MAX_TOLD, Problem, Refused, error_text, unknown_type_text

__all__ = [
    "MAX_NEW_ELEMENTS",
    "MAX_TOLD",
    "Model",
    "Problem",
    "Process",
    "Refused",
    "error_text",
    "read",
    "unknown_type_text",
]

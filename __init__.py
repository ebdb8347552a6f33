"""Zeebe Fleet: a worker fleet for Camunda 8.

What is named here is the public surface; it is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeebe_fleet import testing
    from zeebe_fleet.workers.context import OutboundService, TaskContext
    from zeebe_fleet.workers.contract.errors import BusinessError, FleetError, PermanentError, TransientError
    from zeebe_fleet.workers.contract.records import UndoneStep
    from zeebe_fleet.workers.task import task

__all__ = [
    "BusinessError",
    "FleetError",
    "OutboundService",
    "PermanentError",
    "TaskContext",
    "TransientError",
    "UndoneStep",
    "task",
    "testing",
]

_HOMES = {
    "BusinessError": "workers.contract.errors",
    "FleetError": "workers.contract.errors",
    "OutboundService": "workers.context",
    "PermanentError": "workers.contract.errors",
    "TaskContext": "workers.context",
    "TransientError": "workers.contract.errors",
    "UndoneStep": "workers.contract.records",
    "task": "workers.task",
}


def __getattr__(name: str) -> Any:
    if name == "testing":
        found: Any = importlib.import_module(f"{__name__}.testing")
    elif name in _HOMES:
        found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Zeebe Fleet: a worker fleet for Camunda 8.

What is named here is the public surface; it is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeebe_fleet import data_models, testing
    from zeebe_fleet.workers.context import OutboundService, TaskContext
    from zeebe_fleet.workers.contract.errors import BusinessError, FleetError, PermanentError, TransientError
    from zeebe_fleet.workers.contract.flow import Action, Condition, FlowEvent, Observer, Persister, Validator
    from zeebe_fleet.workers.contract.records import UndoneStep
    from zeebe_fleet.workers.contract.variable import Variable
    from zeebe_fleet.workers.service_task import ServiceTaskHelper
    from zeebe_fleet.workers.task import task

__all__ = [
    "Action",
    "BusinessError",
    "Condition",
    "FleetError",
    "FlowEvent",
    "Observer",
    "OutboundService",
    "PermanentError",
    "Persister",
    "ServiceTaskHelper",
    "TaskContext",
    "TransientError",
    "UndoneStep",
    "Validator",
    "Variable",
    "data_models",
    "task",
    "testing",
]

_HOMES = {
    "Action": "workers.contract.flow",
    "BusinessError": "workers.contract.errors",
    "Condition": "workers.contract.flow",
    "FleetError": "workers.contract.errors",
    "FlowEvent": "workers.contract.flow",
    "Observer": "workers.contract.flow",
    "OutboundService": "workers.context",
    "PermanentError": "workers.contract.errors",
    "Persister": "workers.contract.flow",
    "ServiceTaskHelper": "workers.service_task",
    "TaskContext": "workers.context",
    "TransientError": "workers.contract.errors",
    "UndoneStep": "workers.contract.records",
    "Validator": "workers.contract.flow",
    "Variable": "workers.contract.variable",
    "task": "workers.task",
}
_MODULES = frozenset({"data_models", "testing"})


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found: Any = importlib.import_module(f"{__name__}.{name}")
    elif name in _HOMES:
        found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

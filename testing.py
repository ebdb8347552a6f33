"""What users' tests need: the fleet on a real engine, a task tried without one, and the engine alone.

What is named here is loaded when it is first used: a test of the engine alone loads nothing of the fleet.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeebe_fleet.deploy.testing import (
        Complete,
        Fail,
        Fault,
        FaultGateway,
        FleetClient,
        HandBack,
        RunningFleet,
        StepInfo,
        ThrowError,
        WorkflowResult,
        run_task,
        running_fleet,
    )
    from zeebe_fleet.deploy.testing_engine import RunningEngine, running_engine
    from zeebe_fleet.deploy.testing_fixture import zeebe_engine

__all__ = [
    "Complete",
    "Fail",
    "Fault",
    "FaultGateway",
    "FleetClient",
    "HandBack",
    "RunningEngine",
    "RunningFleet",
    "StepInfo",
    "ThrowError",
    "WorkflowResult",
    "run_task",
    "running_engine",
    "running_fleet",
    "zeebe_engine",
]

_FLEET = "zeebe_fleet.deploy.testing"
_HOMES = {
    "RunningEngine": "zeebe_fleet.deploy.testing_engine",
    "running_engine": "zeebe_fleet.deploy.testing_engine",
    "zeebe_engine": "zeebe_fleet.deploy.testing_fixture",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOMES.get(name, _FLEET)), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

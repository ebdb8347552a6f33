"""The public surface: what users import is named, loads, and goes on existing."""

from __future__ import annotations

import subprocess
import sys

import zeebe_fleet
from zeebe_fleet import data_models, testing

PUBLIC = [
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
FOR_MODELS = [
    "ExtensionModel",
    "ModelPersister",
    "Readable",
    "ServiceTaskHelper",
    "WorkflowManagedMixin",
    "WorkflowStateMixin",
    "extension_model_base",
    "register_data_model",
]
FOR_TESTS = [
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


def test_exported_members_are_these() -> None:
    """Taking one away breaks users; adding one is a promise. Both want to be meant."""
    assert sorted(zeebe_fleet.__all__) == PUBLIC
    assert sorted(testing.__all__) == FOR_TESTS
    assert sorted(data_models.__all__) == FOR_MODELS


def test_exported_members_are_there() -> None:
    """Each name leads to something, is listed, and is documented."""
    for module, names in ((zeebe_fleet, PUBLIC), (testing, FOR_TESTS), (data_models, FOR_MODELS)):
        for name in names:
            assert getattr(module, name).__doc__, name
            assert name in dir(module)


def test_import_loads_nothing_else() -> None:
    """`import zeebe_fleet` costs nothing: no part of the house is loaded before it is used."""
    script = "import sys, zeebe_fleet; print(*(name for name in sys.modules if name.startswith('zeebe_fleet.')))"

    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert printed.split() == []


def test_a_wrong_name_is_an_attribute_error() -> None:
    """As with any module."""
    assert not hasattr(zeebe_fleet, "no_such_thing")

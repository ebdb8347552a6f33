"""What can be asked of the engine: one class a command, which checks, emits and answers."""

from zeebe_fleet.engine.core.commands.ad_hoc import ActivateAdHoc
from zeebe_fleet.engine.core.commands.decisions import EvaluateDecision
from zeebe_fleet.engine.core.commands.deployment import DeleteResource, Deploy, Deployed, DeployedProcess
from zeebe_fleet.engine.core.commands.instances import (
    CancelInstance,
    Created,
    CreateInstance,
    ResolveIncident,
    SetVariables,
)
from zeebe_fleet.engine.core.commands.jobs import (
    ActivateJobs,
    CompleteJob,
    FailJob,
    ThrowError,
    UpdateJobRetries,
    UpdateJobTimeout,
    YieldJobs,
)
from zeebe_fleet.engine.core.commands.messages import BroadcastSignal, PublishMessage
from zeebe_fleet.engine.core.commands.migration import MigrateInstance
from zeebe_fleet.engine.core.commands.modification import Activate, ModifyInstance
from zeebe_fleet.engine.core.commands.time import PinClock, ResetClock, Tick

__all__ = [
    "Activate",
    "ActivateAdHoc",
    "ActivateJobs",
    "BroadcastSignal",
    "CancelInstance",
    "CompleteJob",
    "CreateInstance",
    "Created",
    "DeleteResource",
    "Deploy",
    "Deployed",
    "DeployedProcess",
    "EvaluateDecision",
    "FailJob",
    "MigrateInstance",
    "ModifyInstance",
    "PinClock",
    "PublishMessage",
    "ResetClock",
    "ResolveIncident",
    "SetVariables",
    "ThrowError",
    "Tick",
    "UpdateJobRetries",
    "UpdateJobTimeout",
    "YieldJobs",
]

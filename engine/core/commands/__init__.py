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
from zeebe_fleet.engine.core.commands.messages import BroadcastSignal, CorrelateMessage, PublishMessage
from zeebe_fleet.engine.core.commands.migration import MigrateInstance
from zeebe_fleet.engine.core.commands.modification import Activate, ModifyInstance
from zeebe_fleet.engine.core.commands.people import AssignUserTask, CompleteUserTask, UpdateUserTask
from zeebe_fleet.engine.core.commands.time import PinClock, ResetClock, Tick
from zeebe_fleet.engine.core.hearing import JobResult

__all__ = [
    "Activate",
    "ActivateAdHoc",
    "ActivateJobs",
    "AssignUserTask",
    "BroadcastSignal",
    "CancelInstance",
    "CompleteJob",
    "CompleteUserTask",
    "CorrelateMessage",
    "CreateInstance",
    "Created",
    "DeleteResource",
    "Deploy",
    "Deployed",
    "DeployedProcess",
    "EvaluateDecision",
    "FailJob",
    "JobResult",
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
    "UpdateUserTask",
    "YieldJobs",
]

"""What each BPMN element does when it runs.

A new element is one file here: a `Behaviour` with its `kinds` (tag and event) and what it does when a token arrives,
when it is activated, and when it is left; then its class in `ALL` below. `model` reads every element of BPMN already;
what has no behaviour is refused at deployment, by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.elements.ad_hoc_sub_process import AdHocSubProcess
from zeebe_fleet.engine.elements.boundary_event import BoundaryEvent
from zeebe_fleet.engine.elements.business_rule_task import BusinessRuleTask
from zeebe_fleet.engine.elements.call_activity import CallActivity
from zeebe_fleet.engine.elements.catch_event import CatchEvent, LinkCatchEvent
from zeebe_fleet.engine.elements.end_event import EndEvent, ErrorEndEvent, TerminateEndEvent
from zeebe_fleet.engine.elements.exclusive_gateway import ExclusiveGateway
from zeebe_fleet.engine.elements.inclusive_gateway import InclusiveGateway
from zeebe_fleet.engine.elements.job_task import JobTask
from zeebe_fleet.engine.elements.parallel_gateway import ParallelGateway
from zeebe_fleet.engine.elements.pass_through_task import PassThroughTask
from zeebe_fleet.engine.elements.process import Process
from zeebe_fleet.engine.elements.script_task import ScriptTask
from zeebe_fleet.engine.elements.start_event import StartEvent
from zeebe_fleet.engine.elements.sub_process import SubProcess
from zeebe_fleet.engine.elements.throw_event import (
    CompensationThrowEvent,
    EscalationThrowEvent,
    LinkThrowEvent,
    SignalThrowEvent,
    ThrowEvent,
)
from zeebe_fleet.engine.elements.user_task import UserTask

ALL: tuple[type[Behaviour], ...] = (
    Process,
    SubProcess,
    AdHocSubProcess,
    StartEvent,
    EndEvent,
    ErrorEndEvent,
    TerminateEndEvent,
    JobTask,
    PassThroughTask,
    ScriptTask,
    BusinessRuleTask,
    UserTask,
    ExclusiveGateway,
    ParallelGateway,
    InclusiveGateway,
    CatchEvent,
    LinkCatchEvent,
    BoundaryEvent,
    ThrowEvent,
    CompensationThrowEvent,
    SignalThrowEvent,
    EscalationThrowEvent,
    LinkThrowEvent,
    CallActivity,
)

BEHAVIOURS: Mapping[tuple[str, str], Behaviour] = {
    kind: behaviour for behaviour in (one() for one in ALL) for kind in behaviour.kinds
}

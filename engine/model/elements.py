"""What a BPMN file says, as the engine reads it: processes of elements, flows and what is written at them.

Plain data, made once by `reading.read` and never changed afterwards; nothing here runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from zeebe_fleet.engine.feel import Expression

Value = str | Expression
"""Text as it stands, or what was written behind a `=`."""


@dataclass(frozen=True, slots=True)
class IoMapping:
    """One `zeebe:input` or `zeebe:output`; `target` is a path, `("order", "id")` for `order.id`."""

    source: Value
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobDefinition:
    """What a job is made of: `zeebe:taskDefinition` or an execution listener."""

    type: Value
    retries: Value


@dataclass(frozen=True, slots=True)
class Loop:
    """`multiInstanceLoopCharacteristics` with its `zeebe:loopCharacteristics`."""

    sequential: bool
    input_collection: Value
    input_element: str = ""
    output_collection: str = ""
    output_element: Value | None = None
    completion_condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class AdHoc:
    """`zeebe:adHoc` and what BPMN itself says of an ad-hoc subprocess."""

    active_elements: Expression | None = None
    completion_condition: Expression | None = None
    cancel_remaining: bool = True
    output_collection: str = ""
    output_element: Expression | None = None


Binding = Literal["latest", "deployment", "versionTag"]


@dataclass(frozen=True, slots=True)
class CalledElement:
    """`zeebe:calledElement`; both propagations are on when they are not written."""

    process_id: Value
    propagate_all_parent_variables: bool = True
    propagate_all_child_variables: bool = True
    binding: Binding = "latest"
    version_tag: str = ""


TaskEvent = Literal["creating", "assigning", "updating", "completing", "canceling"]


@dataclass(frozen=True, slots=True)
class TaskListener:
    """`zeebe:taskListener` of a Camunda user task."""

    event: TaskEvent
    job: JobDefinition


@dataclass(frozen=True, slots=True)
class UserTask:
    """What is written at a user task; `native` is `zeebe:userTask`, else a job carries it.

    Args:
        form_key: of an external form (a native task's `externalReference`), or `camunda-forms:bpmn:<id>` of one in
            the model.
        form_id: of a form that was deployed by itself.
        listeners: in the order in which they are written.
    """

    native: bool = False
    assignee: Value | None = None
    candidate_groups: Value | None = None
    candidate_users: Value | None = None
    due_date: Value | None = None
    follow_up_date: Value | None = None
    priority: Value | None = None
    form_key: Value | None = None
    form_id: str = ""
    form_binding: Binding = "latest"
    form_version_tag: str = ""
    listeners: tuple[TaskListener, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message event or receive task; a start event has no correlation key."""

    name: Value
    correlation_key: Value | None


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer event."""

    kind: Literal["date", "duration", "cycle"]
    value: Value


@dataclass(frozen=True, slots=True)
class Error:
    """An error event; without a code it catches every error."""

    code: Value | None


@dataclass(frozen=True, slots=True)
class Escalation:
    """An escalation event; without a code it catches every escalation."""

    code: Value | None


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal event."""

    name: Value


@dataclass(frozen=True, slots=True)
class Compensation:
    """A compensation event; a throw event without `activity_id` undoes its whole scope."""

    activity_id: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link event."""

    name: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """A terminate end event."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """A conditional event.

    Args:
        variable_names: only changes of these count; every one when there are none.
        variable_events: `create`, `update`; both when there are none.
    """

    condition: Expression | None
    variable_names: tuple[str, ...] = ()
    variable_events: tuple[str, ...] = ()


EventDefinition = Message | Timer | Error | Escalation | Signal | Compensation | Link | Terminate | Conditional


@dataclass(slots=True, eq=False)
class Flow:
    """A sequence flow."""

    id: str
    source: Element = field(repr=False)
    target: Element = field(repr=False)
    condition: Expression | None = None
    line: int = 0


@dataclass(slots=True, eq=False)
class Element:
    """A process or a flow node, with everything that is written at it.

    Args:
        id: of its process's own.
        tag: BPMN's local name: `process`, `serviceTask`, `boundaryEvent` …
        line: where it stands in its file.
        scope: the process or subprocess it lies in; None for a process.
        children: flow nodes right inside it, boundary events and compensation handlers too.
        boundaries: boundary events attached to it.
        attached_to: the activity a boundary event is attached to.
        interrupting: whether a boundary event, or an event subprocess's start event, ends what it is attached to.
        event: its event definition; None for what is no event, and for a none event.
        default: the flow taken when no condition holds.
        handler: of a compensation boundary event, the activity that undoes.
        for_compensation: it is such an activity.
        job: what its job is made of, where it has one.
        headers: `zeebe:taskHeaders`.
        inputs: in the order in which they are written.
        start_listeners: `zeebe:executionListener` of `eventType="start"`, in order.
        properties: `zeebe:properties`.
        form_id: of a start event, the deployed form that it has linked.
        triggered_by_event: it is an event subprocess.
    """

    id: str
    tag: str
    line: int = 0
    name: str = ""
    scope: Element | None = field(default=None, repr=False)
    children: list[Element] = field(default_factory=list, repr=False)
    incoming: list[Flow] = field(default_factory=list, repr=False)
    outgoing: list[Flow] = field(default_factory=list, repr=False)
    boundaries: list[Element] = field(default_factory=list, repr=False)
    attached_to: Element | None = field(default=None, repr=False)
    interrupting: bool = True
    event: EventDefinition | None = None
    default: Flow | None = None
    handler: Element | None = None
    for_compensation: bool = False
    triggered_by_event: bool = False
    job: JobDefinition | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[IoMapping, ...] = ()
    outputs: tuple[IoMapping, ...] = ()
    start_listeners: tuple[JobDefinition, ...] = ()
    end_listeners: tuple[JobDefinition, ...] = ()
    loop: Loop | None = None
    ad_hoc: AdHoc | None = None
    called: CalledElement | None = None
    user_task: UserTask | None = None
    script: Expression | None = None
    script_result: str = ""
    decision_id: Value = ""
    decision_result: str = ""
    decision_binding: Binding = "latest"
    decision_version_tag: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    form_id: str = ""

    @property
    def event_name(self) -> str:
        """`message`, `timer` …; empty for what is no event, and for a none event."""
        return "" if self.event is None else type(self.event).__name__.lower()


@dataclass(slots=True, eq=False)
class Process:
    """One executable process of a file.

    Args:
        root: the element of the process itself.
        elements: every element by its id, `root` among them.
        none_start: where an instance begins that nothing but a command started; None when there is no such event.
    """

    id: str
    name: str
    version_tag: str
    root: Element
    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    none_start: Element | None


@dataclass(frozen=True, slots=True)
class Model:
    """What a file holds.

    Args:
        processes: the executable ones, in the file's order.
        skipped: ids of those that are not.
        unfit: elements, by their path, with patterns that fail whenever they are met. A file that runs already runs
            on with them; no new one is taken.
    """

    name: str
    processes: tuple[Process, ...]
    skipped: tuple[str, ...] = ()
    unfit: tuple[tuple[str, tuple[str, ...]], ...] = ()

"""All that the engine knows, changed by the appliers of events alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core.decisions import Decisions
from zeebe_fleet.engine.core.versions import Versions
from zeebe_fleet.engine.core.wheel import Wheel

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.behaviour import Behaviour
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.forms import FormDefinition
    from zeebe_fleet.engine.core.people import UserTask
    from zeebe_fleet.engine.model.elements import Element

PARTITION = 1
FIRST_KEY = PARTITION << 51
"""The partition is in the top 13 bits of a key, a counter in the rest."""
DEFAULT_TENANT = "<default>"

ACTIVATING, ACTIVE, COMPLETING, TERMINATING = range(4)
ACTIVATABLE, ACTIVATED, FAILED, ERROR_THROWN = range(4)

ELEMENT_JOB, START_LISTENER, END_LISTENER, TASK_LISTENER = range(4)
"""What a job is of; from the last on by the transition of the user task, as `people.EVENTS` has them."""
QUEUE_OFFERS = 1_024
"""Keys that a queue takes, at least, before it is looked through for those of jobs that streams have had."""


class ElementInstance:
    """One element of one process instance, from its activation to its end.

    Attributes:
        body: it is the whole of a multi-instance, the scope of its inner instances.
        variables: JSON text by name; of this scope alone.
        tokens: what keeps this scope from its end: children, and flows taken that nobody has entered yet.
        joins: flows taken into a parallel gateway that waits for others, by flow id.
        catches: what it waits for, by key.
        undo: what was completed in this scope and can be compensated, by key.
        trigger: the boundary event that goes on once this has ended, and its variables.
        listener: index of the execution listener whose job is out.
        caller_key: of a called process, the call activity.
        called_key: of a call activity, the called process instance.
        compensates: key of the `Undo` that this handler answers.
        start_at: ids of the elements that a process begins at instead of its start event.
        begun_by: of a process or event subprocess, the start event that was triggered, and its variables.
        sweep: of a scope in which all is to end: the start event of the event subprocess that follows, or "", and its
            variables.
        lock: of a process that a message began, its correlation key: no other message of that key begins one meanwhile.
        enough: of an ad-hoc subprocess, its completion condition held.
        interrupted: an event subprocess has taken the place of all that was in this scope.
    """

    __slots__ = (
        "begun_by",
        "body",
        "called_key",
        "caller_key",
        "catches",
        "children",
        "compensates",
        "definition",
        "element",
        "enough",
        "incident",
        "interrupted",
        "job",
        "joins",
        "key",
        "listener",
        "lock",
        "loop",
        "process_instance_key",
        "scope",
        "start_at",
        "status",
        "sweep",
        "tokens",
        "trigger",
        "undo",
        "user_task",
        "variables",
    )

    def __init__(
        self,
        key: int,
        process_instance_key: int,
        definition: Definition,
        element: Element,
        scope: ElementInstance | None,
        body: bool = False,
    ) -> None:
        self.key = key
        self.process_instance_key = process_instance_key
        self.definition = definition
        self.element = element
        self.scope = scope
        self.body = body
        self.status = ACTIVATING
        self.variables: dict[str, str] | None = None
        self.children: dict[int, ElementInstance] | None = None
        self.tokens = 0
        self.joins: dict[str, int] | None = None
        self.job: Job | None = None
        self.user_task: UserTask | None = None
        self.catches: dict[int, Catch] | None = None
        self.incident: Incident | None = None
        self.loop: LoopProgress | None = None
        self.undo: dict[int, Undo] | None = None
        self.trigger: tuple[str, str] | None = None
        self.listener = 0
        self.caller_key = 0
        self.called_key = 0
        self.compensates = 0
        self.start_at: tuple[str, ...] = ()
        self.begun_by: tuple[str, str] | None = None
        self.sweep: tuple[str, str] | None = None
        self.interrupted = False
        self.lock = ""
        self.enough = False

    @property
    def is_inner(self) -> bool:
        """Whether it is one of a multi-instance's."""
        return self.scope is not None and self.scope.body

    def scopes(self) -> Iterator[ElementInstance]:
        """Yield this and every scope around it, up to the process."""
        scope: ElementInstance | None = self
        while scope is not None:
            yield scope
            scope = scope.scope


class Job:
    """What a worker does for an element instance."""

    __slots__ = (
        "deadline_ms",
        "error_code",
        "error_message",
        "headers",
        "instance",
        "key",
        "kind",
        "retries",
        "status",
        "type",
        "worker",
    )

    def __init__(self, key: int, instance: ElementInstance, type_: str, retries: int, kind: int, headers: str) -> None:
        self.key = key
        self.instance = instance
        self.type = type_
        self.retries = retries
        self.kind = kind
        self.headers = headers
        self.status = ACTIVATABLE
        self.worker = ""
        self.deadline_ms = 0
        self.error_message = ""
        self.error_code = ""


class Incident:
    """Why an element instance stands still; of its job, where it has one."""

    __slots__ = ("created_ms", "instance", "job_key", "key", "message", "type")

    def __init__(
        self, key: int, instance: ElementInstance, job_key: int, type_: str, message: str, created_ms: int
    ) -> None:
        self.key = key
        self.instance = instance
        self.job_key = job_key
        self.type = type_
        self.message = message
        self.created_ms = created_ms


class Catch:
    """Something an element instance waits for: a timer, a message, or a signal.

    Attributes:
        element_id: its own element, or a boundary event attached to it.
        name: of the message or signal.
        correlation_key: of the message.
        due_ms: of the timer.
        repetitions: how often the timer fires from now on; -1 is for ever.
        interval: of a timer that fires again, as ISO 8601 writes it.
    """

    __slots__ = (
        "correlation_key",
        "due_ms",
        "element_id",
        "instance",
        "interval",
        "key",
        "kind",
        "name",
        "repetitions",
    )

    def __init__(
        self,
        key: int,
        instance: ElementInstance,
        element_id: str,
        kind: str,
        name: str = "",
        correlation_key: str = "",
        due_ms: int = 0,
        repetitions: int = 1,
        interval: str = "",
    ) -> None:
        self.key = key
        self.instance = instance
        self.element_id = element_id
        self.kind = kind
        self.name = name
        self.correlation_key = correlation_key
        self.due_ms = due_ms
        self.repetitions = repetitions
        self.interval = interval


class Start:
    """What the start event of a process waits for: a timer, a message, or a signal.

    Attributes:
        name: of the message or signal.
        due_ms, repetitions, interval: of the timer, as a `Catch` has them.
    """

    __slots__ = ("definition", "due_ms", "element_id", "interval", "key", "kind", "name", "repetitions")

    def __init__(
        self,
        key: int,
        definition: Definition,
        element_id: str,
        kind: str,
        name: str,
        due_ms: int,
        repetitions: int,
        interval: str,
    ) -> None:
        self.key = key
        self.definition = definition
        self.element_id = element_id
        self.kind = kind
        self.name = name
        self.due_ms = due_ms
        self.repetitions = repetitions
        self.interval = interval


class LoopProgress:
    """How far a multi-instance has come.

    Attributes:
        items: the input collection, as JSON texts.
        outputs: by index, as JSON texts.
        spawned: how many inner instances were begun.
        enough: the completion condition held: none begins any more, and those at work are ended.
    """

    __slots__ = ("completed", "enough", "items", "outputs", "spawned", "terminated")

    def __init__(self, items: list[str]) -> None:
        self.items = items
        self.outputs: list[str] = ["null"] * len(items)
        self.spawned = 0
        self.completed = 0
        self.terminated = 0
        self.enough = False


class Undo:
    """A completed activity that can be compensated.

    Attributes:
        variables: what was local to the subprocesses that it lay in, as JSON text; they are over.
        thrower_key: the throw event that waits for its handler; 0 before it is thrown.
    """

    __slots__ = ("activity_id", "handler_id", "key", "thrower_key", "variables")

    def __init__(self, key: int, activity_id: str, handler_id: str, variables: str, thrower_key: int = 0) -> None:
        self.key = key
        self.activity_id = activity_id
        self.handler_id = handler_id
        self.variables = variables
        self.thrower_key = thrower_key


class Message:
    """A published message that is kept for its time to live.

    Attributes:
        served: ids of the processes that have had it.
    """

    __slots__ = ("correlation_key", "due_ms", "key", "message_id", "name", "served", "variables")

    def __init__(self, key: int, name: str, correlation_key: str, message_id: str, due_ms: int, variables: str) -> None:
        self.key = key
        self.name = name
        self.correlation_key = correlation_key
        self.message_id = message_id
        self.due_ms = due_ms
        self.variables = variables
        self.served: set[str] = set()


class Queue(deque[int]):
    """Keys of jobs of one type, the oldest first.

    Attributes:
        offers_left: after so many more offers, the keys of jobs that wait no longer are taken out.
    """

    offers_left = QUEUE_OFFERS


class State:
    """Everything by its key, and what finds it.

    What is kept beside the instances, definitions and messages (queues, subscriptions, the wheel) follows from them and
    is built anew when they are read.

    Attributes:
        queues: keys of jobs that wait for a worker, by type, the oldest first; a key whose job no longer waits is
            passed over.
        fresh: keys of jobs that came into the queues since the last hand-out.
        pending: steps of a command that was cut off for its length, to be taken up again.
        pinned_ms: the time, when it is held.
        started_by: what starts processes, by its kind and name.
        locks: process instances begun by messages, by the process's id and the message's correlation key.
        changed: process instances that differ from what the last checkpoint holds.
        touched: what is deployed, and messages, that do, as kind and key.
    """

    def __init__(self, behaviours: Mapping[tuple[str, str], Behaviour]) -> None:
        self.behaviours = behaviours
        self.last_key = FIRST_KEY
        self.changed: set[int] = set()
        self.touched: set[tuple[str, int]] = set()
        self.definitions: dict[int, Definition] = {}
        self.versions: dict[str, dict[int, Definition]] = {}
        self.numbers: dict[str, int] = {}
        self.tags: dict[tuple[str, str], Definition] = {}
        self.decisions = Decisions()
        self.forms: Versions[FormDefinition] = Versions()
        self.instances: dict[int, ElementInstance] = {}
        self.jobs: dict[int, Job] = {}
        self.user_tasks: dict[int, UserTask] = {}
        self.incidents: dict[int, Incident] = {}
        self.catches: dict[int, Catch] = {}
        self.messages: dict[int, Message] = {}
        self.starts: dict[int, Start] = {}
        self.started_by: dict[tuple[str, str], dict[int, Start]] = {}
        self.locks: dict[tuple[str, str], int] = {}
        self.pending: deque[list[Any]] = deque()
        self.pinned_ms: int | None = None
        self.queues: dict[str, Queue] = {}
        self.fresh: deque[int] = deque()
        self.subscriptions: dict[tuple[str, str], dict[int, Catch]] = {}
        self.signals: dict[str, dict[int, Catch]] = {}
        self.buffered: dict[tuple[str, str], dict[int, Message]] = {}
        self.message_ids: set[tuple[str, str, str]] = set()
        self.wheel = Wheel()

    def latest(self, bpmn_process_id: str) -> Definition | None:
        """Return the newest version of a process, or None."""
        versions = self.versions.get(bpmn_process_id)
        return versions[max(versions)] if versions else None

    def offer(self, job: Job) -> None:
        """Let workers find a job."""
        queue = self.queues.get(job.type)
        if queue is None:
            queue = self.queues[job.type] = Queue()
        queue.append(job.key)
        self.fresh.append(job.key)
        queue.offers_left -= 1
        if not queue.offers_left:
            self._tidy(queue)

    def _tidy(self, queue: Queue) -> None:
        jobs = self.jobs
        waiting = [key for key in dict.fromkeys(queue) if key in jobs and jobs[key].status == ACTIVATABLE]
        queue.clear()
        queue.extend(waiting)
        queue.offers_left = max(QUEUE_OFFERS, len(waiting))


def root_key(state: State, process_key: int) -> int:
    """Return the outermost process instance, following the call activities outwards."""
    while True:
        process = state.instances.get(process_key)
        caller = None if process is None else state.instances.get(process.caller_key)
        if caller is None:
            return process_key
        process_key = caller.process_instance_key

"""A machine at work in a test: what is deployed, begun, done and seen, with a clock that only the test moves."""

from __future__ import annotations

import json
from typing import Any

from tests.engine.model.writing import START, definition, element, model
from zeebe_fleet.engine.core import commands, packing
from zeebe_fleet.engine.core.jobs import ActivatedJob
from zeebe_fleet.engine.core.machine import Machine
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.core.state import ElementInstance, Incident, Job
from zeebe_fleet.engine.elements import BEHAVIOURS

BEGIN_MS = 1_800_000_000_000
SECOND_MS = 1_000
HOUR_MS = 3_600 * SECOND_MS


class Acting:
    """A machine, and the time."""

    def __init__(self) -> None:
        self.machine = Machine(BEHAVIOURS)
        self.now_ms = BEGIN_MS

    @property
    def state(self) -> Any:
        """All that the machine knows."""
        return self.machine.state

    def run(self, command: Any) -> Any:
        """Run a command to its end, however many slices that takes."""
        answer = self.machine.run(command, self.now_ms)
        for _ in range(10_000):
            if not self.state.pending:
                return answer
            self.machine.resume(self.now_ms)
        raise AssertionError("it never ends")

    def refused(self, command: Any) -> Rejected:
        """Return the refusal of a command, which has changed nothing."""
        before = len(self.machine.events)
        try:
            self.run(command)
        except Rejected as rejected:
            assert len(self.machine.events) == before
            return rejected
        raise AssertionError(f"{command} was not refused")

    def deploy(self, *bpmn: str) -> commands.Deployed:
        """Deploy models together: `model-0.bpmn`, `model-1.bpmn`…"""
        files = tuple((f"model-{nth}.bpmn", one.encode()) for nth, one in enumerate(bpmn))
        deployed: commands.Deployed = self.run(commands.Deploy(files))
        return deployed

    def begin(self, process_id: str = "p", /, **variables: Any) -> int:
        """Begin an instance; returns its key."""
        created = self.run(commands.CreateInstance(process_id, variables=json.dumps(variables)))
        key: int = created.process_instance_key
        return key

    def begun(self, *bpmn: str, **variables: Any) -> int:
        """Deploy models and begin an instance of `p`."""
        self.deploy(*bpmn)
        return self.begin("p", **variables)

    def poll(self, job_type: str = "a", most: int = 1, timeout_ms: int = 60_000, fetch: tuple[str, ...] = ()) -> Any:
        """Lease jobs, as many as there are up to `most`."""
        found: list[ActivatedJob] = self.run(commands.ActivateJobs(job_type, "w", timeout_ms, most, fetch))
        return found

    def take(self, job_type: str = "a") -> ActivatedJob:
        """Lease the one job that there must be."""
        found: list[ActivatedJob] = self.poll(job_type)
        assert found, f"no job of the type {job_type}: {[(one.type, one.status) for one in self.state.jobs.values()]}"
        return found[0]

    def complete(self, job_type: str = "a", /, **variables: Any) -> ActivatedJob:
        """Lease a job and complete it."""
        job = self.take(job_type)
        self.run(commands.CompleteJob(job.key, json.dumps(variables)))
        return job

    def complete_all(self, instance: int) -> None:
        """Complete jobs until an instance has ended."""
        while not self.is_over(instance):
            key = next(iter(self.state.jobs))
            self.run(commands.CompleteJob(key))

    def fail(self, job_type: str = "a", retries: int = 0, message: str = "no") -> ActivatedJob:
        """Lease a job and fail it."""
        job = self.take(job_type)
        self.run(commands.FailJob(job.key, retries, message))
        return job

    def throw(self, job_type: str, code: str, message: str = "", **variables: Any) -> ActivatedJob:
        """Lease a job and throw an error from it."""
        job = self.take(job_type)
        self.run(commands.ThrowError(job.key, code, message, json.dumps(variables)))
        return job

    def set(self, scope_key: int, /, *, local: bool = False, **variables: Any) -> None:
        """Set variables."""
        self.run(commands.SetVariables(scope_key, json.dumps(variables), local))

    def pass_time(self, milliseconds: int) -> None:
        """Let time go by, and do what is due then."""
        self.now_ms += milliseconds
        while self.run(commands.Tick()):
            pass

    def resolve(self, incident: Incident | None = None) -> None:
        """Resolve an incident; the only one there is unless it is given."""
        self.run(commands.ResolveIncident((incident or self.incident()).key))

    def incident(self) -> Incident:
        """Return the one incident that there must be."""
        found = list(self.state.incidents.values())
        assert len(found) == 1, [(one.type, one.message) for one in found]
        incident: Incident = found[0]
        return incident

    def told(self) -> tuple[str, str, str]:
        """Return the one incident's kind, element and text."""
        incident = self.incident()
        return incident.type, incident.instance.element.id, incident.message

    def variables(self, key: int) -> Any:
        """Return what one scope holds by itself."""
        instance = self.state.instances[key]
        return {name: json.loads(text) for name, text in (instance.variables or {}).items()}

    def ended(self, key: int) -> Any:
        """Return the variables an instance has completed with; None when it was terminated."""
        documents = [document for one, document in self.machine.ended if one == key]
        assert len(documents) == 1, f"{key} has not ended: {[one.element.id for one in self.all_of(key)]}"
        return json.loads(documents[0]) if documents[0] else None

    def is_over(self, key: int) -> bool:
        """Whether an instance has ended."""
        return key not in self.state.instances

    def all_of(self, process_instance_key: int) -> list[ElementInstance]:
        """Return the element instances of a process instance."""
        instances: list[ElementInstance] = list(self.state.instances.values())
        return [one for one in instances if one.process_instance_key == process_instance_key]

    def of(self, element_id: str) -> ElementInstance:
        """Return the one instance of an element that there must be; of a multi-instance its body."""
        found = [one for one in self.state.instances.values() if one.element.id == element_id and not one.is_inner]
        assert len(found) == 1, [(one.element.id, one.key) for one in self.state.instances.values()]
        instance: ElementInstance = found[0]
        return instance

    def active(self) -> list[str]:
        """Return the ids of all elements with instances, but processes, in the order of their keys."""
        found = sorted(self.state.instances.values(), key=lambda one: one.key)
        return [one.element.id for one in found if one.scope is not None]

    def jobs(self) -> list[str]:
        """Return the types of all jobs, sorted."""
        found: list[Job] = list(self.state.jobs.values())
        return sorted(one.type for one in found)

    def restarted(self) -> Acting:
        """Return a machine that has read this one's checkpoint."""
        state = self.state
        state.changed.update(one.process_instance_key for one in state.instances.values())
        state.touched.update(("definition", key) for key in state.definitions)
        state.touched.update(("message", key) for key in state.messages)
        state.touched.update(("decisions", key) for key in state.decisions.graphs.by_key)
        state.touched.update(("form", key) for key in state.forms.by_key)
        state.touched.update(("start", key) for key in state.starts)
        rows, _ = packing.changed_rows(state)
        other = Acting()
        other.now_ms = self.now_ms
        packing.restore(other.machine.state, rows, packing.meta(self.state))
        return other


def nothing_left(acting: Acting) -> None:
    """Hold that nothing of any instance is left."""
    state = acting.state
    assert not state.instances
    assert not state.jobs
    assert not state.incidents
    assert not state.catches
    assert not state.subscriptions
    assert not state.signals
    assert not state.locks
    assert not state.pending


# Models


def process(*parts: str, beside: str = "", name: str = "p") -> str:
    """Write a file with one process that has a start event."""
    return model(START, *parts, attributes=f'id="{name}" isExecutable="true"', beside=beside)


def end(name: str = "end") -> str:
    """Write a none end event."""
    return element("endEvent", name)


def io(*mappings: tuple[str, str, str]) -> str:
    """Write mappings: `("input", "=x", "y")`."""
    inside = "".join(f'<zeebe:{kind} source="{source}" target="{target}" />' for kind, source, target in mappings)
    return f"<zeebe:ioMapping>{inside}</zeebe:ioMapping>"


def task(name: str, *inside: str, job_type: str = "a", retries: str = "3", attributes: str = "") -> str:
    """Write a service task."""
    made = f'<zeebe:taskDefinition type="{job_type}" retries="{retries}" />'
    return element("serviceTask", name, made, *inside, attributes=attributes)


def sub(name: str, *inside: str, attributes: str = "") -> str:
    """Write a subprocess whose start event is `<name>-start`."""
    first = element("startEvent", f"{name}-start")
    # The schema wants associations last.
    ordered = sorted(inside, key=lambda part: part.startswith("<bpmn:association"))
    return element("subProcess", name, first, *ordered, attributes=attributes)


def loop(items: str = "=items", *, sequential: bool = False, condition: str = "", **named: str) -> str:
    """Write a multi-instance marker; `named` are attributes as `inputElement`."""
    given = "".join(f' {key}="{value}"' for key, value in named.items())
    extension = f'<zeebe:loopCharacteristics inputCollection="{items}"{given} />'
    done = f"<bpmn:completionCondition>{condition}</bpmn:completionCondition>" if condition else ""
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>{done}"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def call(name: str, process_id: str = "child", *inside: str, attributes: str = "") -> str:
    """Write a call activity; `attributes` are those of its `zeebe:calledElement`."""
    return element("callActivity", name, f'<zeebe:calledElement processId="{process_id}" {attributes} />', *inside)


def listeners(*written: tuple[str, str]) -> str:
    """Write execution listeners: pairs of event and type."""
    inside = "".join(f'<zeebe:executionListener eventType="{event}" type="{kind}" />' for event, kind in written)
    return f"<zeebe:executionListeners>{inside}</zeebe:executionListeners>"


def timer(kind: str, value: str) -> str:
    """Write a timer: `timer("timeDuration", "PT5S")`."""
    return definition("timer", "", f"<bpmn:{kind}>{value}</bpmn:{kind}>")


def error(code: str) -> str:
    """Write an error that stands beside a process, with the id `<code>`."""
    return f'<bpmn:error id="{code}" errorCode="{code}" />'


def catches(code: str = "") -> str:
    """Write the definition of an event that catches an error, or all."""
    return definition("error", errorRef=code) if code else definition("error")


def undone(activity: str, handler: str) -> tuple[str, str]:
    """Write how an activity is undone: boundary event and handler, and what connects them and comes last."""
    event = element(
        "boundaryEvent",
        f"{activity}-undo",
        definition("compensate", f"{activity}-d"),
        attributes=(f'attachedToRef="{activity}"'),
    )
    connected = f'<bpmn:association id="{activity}-by" sourceRef="{activity}-undo" targetRef="{handler}" />'
    return event + task(handler, job_type=handler, attributes='isForCompensation="true"'), connected


def undo(name: str, activity: str = "", tag: str = "intermediateThrowEvent") -> str:
    """Write the event that undoes an activity, or all of its scope."""
    given = {"activityRef": activity} if activity else {}
    return element(tag, name, definition("compensate", f"{name}-d", **given))

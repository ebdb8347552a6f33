"""The processes of the suite, written as code: short to read, and with job types of each run's own."""

from __future__ import annotations

import itertools
import re

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'id="definitions" targetNamespace="http://zeebe-fleet/chaos">'
)
_LISTENERS = (
    '<bpmn:extensionElements><zeebe:executionListeners><zeebe:executionListener eventType="start" type="fleet-adopt" />'
    '<zeebe:executionListener eventType="end" type="fleet-ended" /></zeebe:executionListeners></bpmn:extensionElements>'
)


RETRIES = 3
_ASSOCIATION = re.compile(r"<bpmn:association [^>]*/>")


def process(name: str, *parts: str) -> str:
    """Write a process from its parts, in any order."""
    body = "".join(parts)
    # The schema wants what is no flow element last.
    body = _ASSOCIATION.sub("", body) + "".join(_ASSOCIATION.findall(body))
    opening = f'<bpmn:process id="{name}" isExecutable="true">{_LISTENERS}'
    return f"{_HEAD}{opening}{body}</bpmn:process></bpmn:definitions>"


def task(name: str, job_type: str, *, extra: str = "", inside: str = "", attributes: str = "") -> str:
    """Write a service task."""
    definition = f'<zeebe:taskDefinition type="{job_type}" retries="{RETRIES}" />'
    return (
        f'<bpmn:serviceTask id="{name}"{attributes}><bpmn:extensionElements>{definition}{extra}'
        f"</bpmn:extensionElements>{inside}</bpmn:serviceTask>"
    )


def undone_by(name: str, handler: str, job_type: str) -> str:
    """Attach a compensation handler to a task."""
    return (
        f'<bpmn:boundaryEvent id="{name}-undo" attachedToRef="{name}">'
        f'<bpmn:compensateEventDefinition id="{name}-undo-definition" /></bpmn:boundaryEvent>'
        + task(handler, job_type, attributes=' isForCompensation="true"')
        + f'<bpmn:association id="{name}-by" associationDirection="One" '
        f'sourceRef="{name}-undo" targetRef="{handler}" />'
    )


def undo(name: str, activity: str) -> str:
    """Write the throw event that undoes one task."""
    return (
        f'<bpmn:intermediateThrowEvent id="{name}">'
        f'<bpmn:compensateEventDefinition id="{name}-definition" activityRef="{activity}" />'
        "</bpmn:intermediateThrowEvent>"
    )


def gateway(name: str, default: str) -> str:
    """Write an exclusive gateway; `default` is where it goes otherwise."""
    return f'<bpmn:exclusiveGateway id="{name}" default="{name}-{default}" />'


def person(name: str) -> str:
    """Write a user task."""
    return f'<bpmn:userTask id="{name}" />'


def timer(name: str, activity: str, duration: str, *, to: str) -> str:
    """Attach an interrupting timer to a task; the flow from it is written beside."""
    return (
        f'<bpmn:boundaryEvent id="{name}" attachedToRef="{activity}"><bpmn:outgoing>{name}-{to}</bpmn:outgoing>'
        f'<bpmn:timerEventDefinition id="{name}-timer">'
        f'<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{duration}</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )


def start() -> str:
    """Write the start event."""
    return '<bpmn:startEvent id="start" />'


def end(name: str = "end") -> str:
    """Write an end event."""
    return f'<bpmn:endEvent id="{name}" />'


def flow(*steps: str, when: str = "") -> str:
    """Connect nodes in a row; a condition goes on the first flow."""
    written = []
    for place, (source, target) in enumerate(itertools.pairwise(steps)):
        condition = ""
        if when and place == 0:
            condition = (
                f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">={when}</bpmn:conditionExpression>'
            )
        written.append(
            f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{condition}'
            "</bpmn:sequenceFlow>"
        )
    return "".join(written)


def order(prefix: str) -> str:
    """Write a row, open an account, perhaps ask a person, perhaps do the unrepeatable; then keep it or undo it."""
    return process(
        f"{prefix}-order",
        start(),
        task("write", f"{prefix}.write"),
        undone_by("write", "unwrite", f"{prefix}.unwrite"),
        task("book", f"{prefix}.book"),
        undone_by("book", "unbook", f"{prefix}.unbook"),
        gateway("by-person", "by-machine"),
        person("review"),
        '<bpmn:exclusiveGateway id="by-machine" />',
        gateway("is-told", "silent"),
        task("tell", f"{prefix}.tell"),
        '<bpmn:exclusiveGateway id="silent" />',
        gateway("is-kept", "undo-book"),
        undo("undo-book", "book"),
        undo("undo-write", "write"),
        '<bpmn:exclusiveGateway id="decided" />',
        task("finish", f"{prefix}.finish"),
        end(),
        flow("start", "write", "book", "by-person"),
        flow("by-person", "review", when="person"),
        flow("by-person", "by-machine"),
        flow("review", "by-machine", "is-told"),
        flow("is-told", "tell", when="told"),
        flow("is-told", "silent"),
        flow("tell", "silent", "is-kept"),
        flow("is-kept", "decided", when="kept"),
        flow("is-kept", "undo-book", "undo-write", "decided", "finish", "end"),
    )


def chain(prefix: str, job_types: list[str]) -> str:
    """One task of each type, one after the other."""
    names = [f"step-{nth}" for nth in range(len(job_types))]
    tasks = [task(name, f"{prefix}.{job_type}") for name, job_type in zip(names, job_types, strict=True)]
    return process(
        f"{prefix}-chain",
        start(),
        *tasks,
        task("finish", f"{prefix}.finish"),
        end(),
        flow("start", *names, "finish", "end"),
    )


def chain_with_person(prefix: str, job_types: list[str]) -> str:
    """One task of each type, one after the other; in the middle some ask a person."""
    names = [f"step-{nth}" for nth in range(len(job_types))]
    before, after = names[: len(names) // 2], names[len(names) // 2 :]
    tasks = [task(name, f"{prefix}.{job_type}") for name, job_type in zip(names, job_types, strict=True)]
    return process(
        f"{prefix}-chain",
        start(),
        *tasks,
        gateway("by-person", "by-machine"),
        person("review"),
        '<bpmn:exclusiveGateway id="by-machine" />',
        task("finish", f"{prefix}.finish"),
        end(),
        flow("start", *before, "by-person"),
        flow("by-person", "review", when="person"),
        flow("by-person", "by-machine"),
        flow("review", "by-machine", *after, "finish", "end"),
    )


def gap(prefix: str, name: str, *, undone: bool) -> str:
    """Write a row, and meet a timer while the engine has not heard of it; a model may know how to undo it."""
    interrupted = name.startswith("timer")
    return process(
        f"{prefix}-{name}",
        start(),
        task("write", f"{prefix}.write"),
        undone_by("write", "unwrite", f"{prefix}.unwrite") if undone else "",
        timer("overdue", "write", "PT5S", to="late") + task("late", f"{prefix}.finish") if interrupted else "",
        task("finish", f"{prefix}.finish"),
        end(),
        flow("start", "write", "finish", "end"),
        flow("overdue", "late", "end") if interrupted else "",
    )


def compensated_loop(prefix: str) -> str:
    """Write three rows in a loop, then undo them all."""
    return process(
        f"{prefix}-loop",
        start(),
        '<bpmn:exclusiveGateway id="again" />',
        task("write", f"{prefix}.write"),
        undone_by("write", "unwrite", f"{prefix}.unwrite"),
        gateway("is-more", "undo-write"),
        undo("undo-write", "write"),
        task("finish", f"{prefix}.finish"),
        end(),
        flow("start", "again", "write", "is-more"),
        flow("is-more", "again", when="nth &lt; 3"),
        flow("is-more", "undo-write", "finish", "end"),
    )


def compensated_multi_instance(prefix: str) -> str:
    """Write three rows at once, then undo them all."""
    each = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=numbers" inputElement="nth" />'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    return process(
        f"{prefix}-multi",
        start(),
        task("write", f"{prefix}.write", inside=each),
        undone_by("write", "unwrite", f"{prefix}.unwrite"),
        undo("undo-write", "write"),
        task("finish", f"{prefix}.finish"),
        end(),
        flow("start", "write", "undo-write", "finish", "end"),
    )

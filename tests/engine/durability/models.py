"""Random models: small blocks of every element that runs, put into and behind each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from hypothesis import strategies as st

from tests.engine.model.writing import HEAD, TAIL, association, boundary, definition, element, flow, message

JOB_TYPES = ("a", "b")
MESSAGES = ("m1", "m2")
SIGNAL = "s1"
ERROR_CODE = "E1"
ESCALATION = "X1"
PROCESSES = ("p0", "p1")
TASK_EVENTS = ("creating", "assigning", "updating", "updating", "completing", "canceling")

BESIDE = (
    "".join(message(name) for name in MESSAGES)
    + f'<bpmn:signal id="{SIGNAL}" name="{SIGNAL}" />'
    + f'<bpmn:error id="{ERROR_CODE}" errorCode="{ERROR_CODE}" />'
    + f'<bpmn:escalation id="{ESCALATION}" escalationCode="{ESCALATION}" />'
)

Block = tuple[Any, ...]
"""Its kind, what is attached to it where it is an activity, then its parts."""

ATTACHED = ("timer", "cycle", "message", "signal", "error", "undo", "listeners", "mappings", "each", "in-a-row")
WAITS = ("timer", "message", "signal", "receive")
PASSES = ("task", "manualTask", "script", "signal", "escalation", "link")
HANDLERS = ("timer", "message", "signal", "error", "escalation", "beside-signal", "beside-timer")
ENDS = ("", "error", "terminate", "escalation")

_attached = st.frozensets(st.sampled_from(ATTACHED), max_size=3)
_handlers = st.frozensets(st.sampled_from(HANDLERS), max_size=2)
_tasks = st.tuples(st.just("task"), _attached, st.sampled_from(JOB_TYPES))
_people = st.tuples(st.just("user"), _attached.map(lambda some: some | {"listeners"}), st.just(True))
_leaves = st.one_of(
    _tasks,
    st.tuples(st.just("wait"), st.sampled_from(WAITS)),
    st.tuples(st.just("passing"), st.sampled_from(PASSES)),
    st.tuples(st.just("user"), _attached, st.booleans()),
    st.tuples(st.just("call"), _attached),
    st.tuples(st.just("undo")),
)


def _combined(parts: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return st.one_of(
        st.tuples(st.just("row"), parts, parts),
        st.tuples(st.just("choice"), parts, parts, st.booleans()),
        st.tuples(st.just("both"), parts, parts),
        st.tuples(st.just("some"), parts, parts),
        st.tuples(st.just("first"), parts, parts),
        st.tuples(st.just("chosen"), parts, parts),
        st.tuples(st.just("again"), parts),
        st.tuples(st.just("inside"), _attached, parts, st.sampled_from(ENDS), _handlers),
    )


_parts: st.SearchStrategy[Block] = st.recursive(_leaves, _combined, max_leaves=5)
blocks: st.SearchStrategy[Block] = st.tuples(st.just("row"), st.one_of(_tasks, _people), _combined(_parts))


def resource(process_id: str, block: Block, called: str) -> bytes:
    """Write the file of a process; its call activities call another."""
    writer = _Writer(called)
    ends = writer.block(block)
    body = writer.scope(ends)
    return f'{HEAD}<bpmn:process id="{process_id}" isExecutable="true">{body}</bpmn:process>{BESIDE}{TAIL}'.encode()


@dataclass(frozen=True)
class _Ends:
    first: str
    last: str


class _Writer:
    """Writes the elements of one scope; the associations come last."""

    def __init__(self, called: str, ids: count[int] | None = None) -> None:
        self._called = called
        self._ids = ids or count(1)
        self._parts: list[str] = []
        self._associations: list[str] = []

    def scope(self, ends: _Ends, *, throws: str = "") -> str:
        """Close the scope with a start and an end."""
        start, end = self._id("start"), self._id("end")
        event = definition("terminate") if throws == "terminate" else _event(throws, "") if throws else ""
        self._put(element("startEvent", start), flow(start, ends.first))
        self._put(element("endEvent", end, event), flow(ends.last, end))
        return "".join([*self._parts, *self._associations])

    def block(self, block: Block) -> _Ends:
        kind, *rest = block
        ends: _Ends = getattr(self, f"_{kind}")(*rest)
        return ends

    def _id(self, kind: str) -> str:
        return f"{kind}{next(self._ids)}"

    def _put(self, *parts: str) -> None:
        self._parts.extend(parts)

    # Leaves

    def _undo(self) -> _Ends:
        return self._single("intermediateThrowEvent", definition("compensate", self._id("undoing")))

    def _wait(self, what: str) -> _Ends:
        if what == "receive":
            name = self._id("receive")
            self._put(element("receiveTask", name, attributes='messageRef="m1"'))
            return _Ends(name, name)
        return self._single("intermediateCatchEvent", _event(what, "PT30S"))

    def _passing(self, what: str) -> _Ends:
        if what in ("task", "manualTask"):
            return self._single(what)
        if what == "script":
            return self._single("scriptTask", '<zeebe:script expression="=count(items)" resultVariable="n" />')
        if what == "link":
            name = self._id("link")
            thrown = self._single("intermediateThrowEvent", definition("link", name=name))
            return _Ends(thrown.first, self._single("intermediateCatchEvent", definition("link", name=name)).first)
        return self._single("intermediateThrowEvent", _event(what, ""))

    def _task(self, attached: frozenset[str], job_type: str) -> _Ends:
        return self._activity("serviceTask", attached, f'<zeebe:taskDefinition type="{job_type}" retries="2" />')

    def _user(self, attached: frozenset[str], native: bool) -> _Ends:
        inside = ['<zeebe:assignmentDefinition assignee="=key" candidateGroups="g1, g2" />']
        if native:
            inside.append("<zeebe:userTask />")
        if native and "listeners" in attached:
            heard = "".join(
                f'<zeebe:taskListener eventType="{event}" type="{JOB_TYPES[0]}" retries="2" />' for event in TASK_EVENTS
            )
            inside.append(f"<zeebe:taskListeners>{heard}</zeebe:taskListeners>")
        return self._activity("userTask", attached, *inside)

    def _call(self, attached: frozenset[str]) -> _Ends:
        return self._activity("callActivity", attached, f'<zeebe:calledElement processId="{self._called}" />')

    def _single(self, tag: str, *inside: str) -> _Ends:
        name = self._id("event")
        self._put(element(tag, name, *inside))
        return _Ends(name, name)

    # Combinations

    def _row(self, one: Block, other: Block) -> _Ends:
        first, second = self.block(one), self.block(other)
        self._put(flow(first.last, second.first))
        return _Ends(first.first, second.last)

    def _choice(self, one: Block, other: Block, defaults: bool) -> _Ends:
        split, join = self._id("split"), self._id("join")
        first, second = self.block(one), self.block(other)
        default = f'default="{split}-{second.first}"' if defaults else ""
        self._put(element("exclusiveGateway", split, attributes=default), element("exclusiveGateway", join))
        self._put(flow(split, first.first, "=go = true"))
        self._put(flow(split, second.first, "" if defaults else "=go = false"))
        self._put(flow(first.last, join), flow(second.last, join))
        return _Ends(split, join)

    def _both(self, one: Block, other: Block) -> _Ends:
        fork, join = self._id("fork"), self._id("join")
        self._put(element("parallelGateway", fork), element("parallelGateway", join))
        for ends in (self.block(one), self.block(other)):
            self._put(flow(fork, ends.first), flow(ends.last, join))
        return _Ends(fork, join)

    def _some(self, one: Block, other: Block) -> _Ends:
        fork, join = self._id("some"), self._id("join")
        first, second = self.block(one), self.block(other)
        default = f'default="{fork}-{second.first}"'
        self._put(element("inclusiveGateway", fork, attributes=default), element("inclusiveGateway", join))
        self._put(flow(fork, first.first, "=go != false"), flow(fork, second.first))
        self._put(flow(first.last, join), flow(second.last, join))
        return _Ends(fork, join)

    def _first(self, one: Block, other: Block) -> _Ends:
        gateway, join = self._id("first"), self._id("join")
        self._put(element("eventBasedGateway", gateway), element("exclusiveGateway", join))
        for what, block in (("signal", one), ("timer", other)):
            event, ends = self._wait(what), self.block(block)
            self._put(flow(gateway, event.first), flow(event.last, ends.first), flow(ends.last, join))
        return _Ends(gateway, join)

    def _chosen(self, one: Block, other: Block) -> _Ends:
        inner = _Writer(self._called, self._ids)
        first, second = inner._task(frozenset(), JOB_TYPES[0]), inner._passing("task")
        inner._put(flow(first.last, second.first))
        inner.block(one)
        inner.block(other)
        body = "".join([*inner._parts, *inner._associations])
        chosen = f'<zeebe:adHoc activeElementsCollection="=[&quot;{first.first}&quot;]" />'
        return self._activity("adHocSubProcess", frozenset(), chosen, body)

    def _again(self, one: Block) -> _Ends:
        top, bottom, on = self._id("top"), self._id("bottom"), self._id("on")
        ends = self.block(one)
        self._put(element("exclusiveGateway", top), flow(top, ends.first), flow(ends.last, bottom))
        self._put(element("exclusiveGateway", bottom, attributes=f'default="{bottom}-{on}"'))
        self._put(element("intermediateThrowEvent", on), flow(bottom, on), flow(bottom, top, "=again = true"))
        return _Ends(top, on)

    def _inside(self, attached: frozenset[str], one: Block, throws: str, handlers: frozenset[str]) -> _Ends:
        inner = _Writer(self._called, self._ids)
        ends = inner.block(one)
        caught: set[str] = set()
        for handler in sorted(handlers):
            kind = handler.removeprefix("beside-")
            if kind not in caught:
                caught.add(kind)
                inner._put(self._handler(kind, interrupting=kind == handler))
        return self._activity("subProcess", attached, inner.scope(ends, throws=throws))

    def _handler(self, kind: str, *, interrupting: bool) -> str:
        start, work = self._id("caught"), self._id("handling")
        attributes = f'isInterrupting="{str(interrupting).lower()}"'
        begun = element("startEvent", start, _event(kind, "PT15S"), attributes=attributes)
        job = element("serviceTask", work, f'<zeebe:taskDefinition type="{JOB_TYPES[1]}" />')
        name = self._id("handler")
        return element("subProcess", name, begun, job, flow(start, work), attributes='triggeredByEvent="true"')

    # Activities

    def _activity(self, tag: str, attached: frozenset[str], *inside: str) -> _Ends:
        name, behind = self._id(tag), self._id("behind")
        attributes = ""
        extensions = [part for part in inside if part.startswith("<zeebe:")]
        held = [part for part in inside if not part.startswith("<zeebe:")]
        if "listeners" in attached and tag != "userTask":
            extensions.append(
                "<zeebe:executionListeners>"
                '<zeebe:executionListener eventType="start" type="a" />'
                '<zeebe:executionListener eventType="end" type="b" />'
                "</zeebe:executionListeners>"
            )
        if "mappings" in attached:
            extensions.append(
                "<zeebe:ioMapping>"
                '<zeebe:input source="=n" target="given" /><zeebe:output source="=given" target="result.at" />'
                "</zeebe:ioMapping>"
            )
        if "each" in attached or "in-a-row" in attached:
            sequential = "true" if "in-a-row" in attached else "false"
            held.append(
                f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:extensionElements>'
                '<zeebe:loopCharacteristics inputCollection="=items" inputElement="item" '
                'outputCollection="outputs" outputElement="=item" />'
                "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
            )
        self._put(element(tag, name, *extensions, *held, attributes=attributes))
        self._put(element("exclusiveGateway", behind), flow(name, behind))
        self._attach(name, behind, attached)
        return _Ends(name, behind)

    def _attach(self, name: str, behind: str, attached: frozenset[str]) -> None:
        for what in ("timer", "message", "signal", "error"):
            if what in attached:
                event = f"{what}-{name}"
                self._put(boundary(event, name, _event(what, "PT20S")), flow(event, behind))
        if "cycle" in attached:
            event, end = f"cycle-{name}", self._id("end")
            cycle = definition("timer", "", "<bpmn:timeCycle>R3/PT7S</bpmn:timeCycle>")
            self._put(boundary(event, name, cycle, interrupting=False), element("task", end), flow(event, end))
        if "undo" in attached:
            event, handler = f"undo-{name}", self._id("handler")
            self._put(boundary(event, name, definition("compensate", self._id("undoing"))))
            job = f'<zeebe:taskDefinition type="{JOB_TYPES[0]}" />'
            self._put(element("serviceTask", handler, job, attributes='isForCompensation="true"'))
            self._associations.append(association(event, handler))


def _event(what: str, after: str) -> str:
    if what == "timer":
        return definition("timer", "", f"<bpmn:timeDuration>{after}</bpmn:timeDuration>")
    if what == "message":
        return definition("message", messageRef=MESSAGES[1])
    if what == "signal":
        return definition("signal", signalRef=SIGNAL)
    if what == "escalation":
        return definition("escalation", escalationRef=ESCALATION)
    return definition("error", errorRef=ERROR_CODE)

"""Event subprocesses: what begins them, what they end, what they see."""

from __future__ import annotations

import json

import pytest

from tests.engine.core.acting import Acting, call, end, error, io, loop, nothing_left, process, sub, task, timer
from tests.engine.model.writing import boundary, definition, element, flow, flows, message
from zeebe_fleet.engine.core import commands

SIGNAL = '<bpmn:signal id="go" name="go" />'
ESCALATION = '<bpmn:escalation id="E" escalationCode="E" />'


def handled(*starts: str, interrupting: bool = True, name: str = "e", job_type: str = "h", inside: str = "") -> str:
    """Write an event subprocess with one job."""
    begin = element("startEvent", f"{name}-start", *starts, attributes=f'isInterrupting="{str(interrupting).lower()}"')
    work = task(f"{name}-work", job_type=job_type)
    return element(
        "subProcess",
        name,
        begin,
        work,
        inside,
        flows(f"{name}-start", f"{name}-work"),
        attributes='triggeredByEvent="true"',
    )


def beside(*parts: str, others: str = "") -> str:
    """Write a process of one job `a` with what may happen beside it."""
    return process(task("a"), *parts, flows("start", "a"), beside=SIGNAL + ESCALATION + error("X") + others)


ON_SIGNAL = definition("signal", signalRef="go")


def signal(acting: Acting, **variables: object) -> None:
    """Broadcast the signal."""
    acting.run(commands.BroadcastSignal("go", json.dumps(variables)))


def test_interrupting_event_subprocess_takes_the_place_of_all() -> None:
    """B34: what came with the event is there; nothing can interrupt again."""
    acting = Acting()
    key = acting.begun(beside(handled(ON_SIGNAL)))
    acting = acting.restarted()
    signal(acting, x=1)
    assert acting.jobs() == ["h"]
    assert not acting.state.signals
    acting = acting.restarted()
    signal(acting)
    assert acting.jobs() == ["h"]
    acting.complete("h", y=2)

    assert acting.ended(key) == {"x": 1, "y": 2}
    nothing_left(acting)


def test_non_interrupting_event_subprocess_repeats() -> None:
    """B34: beside what goes on, as often as it happens; the scope waits for all."""
    acting = Acting()
    key = acting.begun(beside(handled(ON_SIGNAL, interrupting=False)))
    signal(acting)
    signal(acting)
    assert acting.jobs() == ["a", "h", "h"]
    acting.complete("a")
    assert not acting.is_over(key)
    acting.complete("h")
    signal(acting)
    acting.complete("h")
    acting.complete("h")

    assert acting.is_over(key)
    nothing_left(acting)


@pytest.mark.parametrize("interrupting", [True, False])
def test_timer_begins_an_event_subprocess(interrupting: bool) -> None:
    """B29, B34: of a duration once, of a cycle again and again."""
    kind = timer("timeDuration", "PT5S") if interrupting else timer("timeCycle", "R2/PT5S")
    acting = Acting()
    key = acting.begun(beside(handled(kind, interrupting=interrupting)))
    acting.pass_time(5_000)
    assert acting.jobs() == (["h"] if interrupting else ["a", "h"])
    acting.pass_time(5_000)
    acting.pass_time(5_000)
    assert acting.jobs() == (["h"] if interrupting else ["a", "h", "h"])
    acting.complete_all(key)
    nothing_left(acting)


def test_message_begins_an_event_subprocess() -> None:
    """B34, B44: its key is fixed when the scope begins; variables go through its mappings."""
    acting = Acting()
    start = element(
        "startEvent",
        "e-start",
        io(("output", "=got", "kept")),
        definition("message", messageRef="m"),
        attributes='isInterrupting="false"',
    )
    inside = element(
        "subProcess", "e", start, task("w", job_type="h"), flows("e-start", "w"), attributes='triggeredByEvent="true"'
    )
    key = acting.begun(beside(inside, others=message("m", "=k")), k="1")
    acting.run(commands.PublishMessage("m", "1", variables='{"got": 5, "not": 6}'))
    assert acting.jobs() == ["a", "h"]
    acting.complete_all(key)

    assert acting.ended(key) == {"k": "1", "kept": 5}


def test_error_is_caught_by_an_event_subprocess_first() -> None:
    """B33, B34: before the boundary event of its scope; its variables come along."""
    inside = sub("s", task("a"), handled(definition("error", errorRef="X")), flows("s-start", "a"))
    caught = boundary("b", "s", definition("error", errorRef="X"))
    acting = Acting()
    model = process(
        inside,
        caught,
        task("c", job_type="c"),
        flow("b", "c"),
        flows("start", "s"),
        end(),
        flow("s", "end"),
        beside=error("X"),
    )
    key = acting.begun(model)
    acting.throw("a", "X", why="because")
    assert acting.jobs() == ["h"]
    acting.throw("h", "X")
    assert acting.jobs() == ["c"], "what the event subprocess throws is not its own to catch"
    acting.complete("c")

    assert acting.ended(key) == {"why": "because"}
    nothing_left(acting)


def test_error_of_a_called_process_is_caught_by_the_callers_event_subprocess() -> None:
    """B33: scope by scope, into the caller too."""
    acting = Acting()
    acting.deploy(process(task("c", job_type="c"), flows("start", "c"), name="child"))
    key = acting.begun(
        process(call("call"), handled(definition("error", errorRef="X")), flows("start", "call"), beside=error("X"))
    )
    acting.throw("c", "X")
    acting.complete("h")

    assert acting.is_over(key)
    nothing_left(acting)


@pytest.mark.parametrize("interrupting", [True, False])
def test_escalation_begins_an_event_subprocess(interrupting: bool) -> None:
    """B32, B34: the thrower goes on unless it is interrupted."""
    thrown = element("intermediateThrowEvent", "t", definition("escalation", escalationRef="E"))
    on = handled(definition("escalation", escalationRef="E"), interrupting=interrupting)
    acting = Acting()
    key = acting.begun(process(thrown, task("a"), on, flows("start", "t", "a"), beside=ESCALATION))
    assert acting.jobs() == (["h"] if interrupting else ["a", "h"])
    acting.complete_all(key)
    nothing_left(acting)


def test_event_subprocess_sees_and_changes_what_is_local_to_its_scope() -> None:
    """B34: it lies inside."""
    inside = sub("s", io(("input", "=1", "local")), task("a"), handled(ON_SIGNAL), flows("s-start", "a"))
    acting = Acting()
    key = acting.begun(process(inside, end(), flows("start", "s", "end"), beside=SIGNAL))
    signal(acting)
    assert json.loads(acting.take("h").variables) == {"local": 1}
    acting.run(commands.CompleteJob(next(iter(acting.state.jobs)), '{"local": 2, "global": 3}'))

    assert acting.ended(key) == {"global": 3}


def test_event_subprocess_of_each_inner_instance_is_its_own() -> None:
    """B34, B36: a signal reaches all; each goes on by itself."""
    inside = sub("s", loop("=[1, 2]", inputElement="item"), task("a"), handled(ON_SIGNAL), flows("s-start", "a"))
    acting = Acting()
    key = acting.begun(process(inside, end(), flows("start", "s", "end"), beside=SIGNAL))
    signal(acting)
    assert acting.jobs() == ["h", "h"]
    acting.complete("h")
    acting.complete("h")

    assert acting.is_over(key)
    nothing_left(acting)


def test_interruption_ends_tokens_that_wait_at_a_gateway() -> None:
    """B34: nothing of before is left to be waited for."""
    parts = (element("parallelGateway", "f"), element("parallelGateway", "j"), task("a"), task("b", job_type="b"))
    ways = flow("start", "f") + flow("f", "a") + flow("f", "b") + flow("a", "j") + flow("b", "j")
    acting = Acting()
    key = acting.begun(process(*parts, handled(ON_SIGNAL), ways, beside=SIGNAL))
    acting.complete("a")
    signal(acting)
    acting.complete("h")

    assert acting.is_over(key)
    nothing_left(acting)


def test_second_interruption_changes_nothing() -> None:
    """B34: of two event subprocesses the first that is begun is the only one."""
    acting = Acting()
    acting.begun(beside(handled(ON_SIGNAL), handled(timer("timeDuration", "PT5S"), name="l", job_type="late")))
    signal(acting)
    acting.pass_time(10_000)

    assert acting.jobs() == ["h"]


def test_incident_at_what_begins_an_event_subprocess_stops_the_scope() -> None:
    """B34: a key that is null; repaired, all is waited for."""
    acting = Acting()
    key = acting.begun(beside(handled(definition("message", messageRef="m")), others=message("m", "=k")))
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "p")
    acting.set(key, k="1")
    acting.resolve()
    assert acting.jobs() == ["a"]
    acting.run(commands.PublishMessage("m", "1"))
    assert acting.jobs() == ["h"]


def test_process_with_event_subprocesses_is_cancelled() -> None:
    """B30, B34: at any moment."""
    acting = Acting()
    model = beside(handled(ON_SIGNAL, interrupting=False))
    key = acting.begun(model)
    signal(acting)
    acting.run(commands.CancelInstance(key))
    nothing_left(acting)

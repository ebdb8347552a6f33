"""Events that end a scope, lead elsewhere, or tell others: terminate, link, signal, escalation."""

from __future__ import annotations

import json

import pytest

from tests.engine.core.acting import Acting, call, end, io, loop, nothing_left, process, sub, task
from tests.engine.model.writing import boundary, definition, element, flow, flows
from zeebe_fleet.engine.core import commands

SIGNAL = '<bpmn:signal id="s" name="go" />'
ESCALATION = '<bpmn:escalation id="E" escalationCode="E" /><bpmn:escalation id="F" escalationCode="F" />'


def terminate(name: str = "stop") -> str:
    """Write a terminate end event."""
    return element("endEvent", name, definition("terminate"))


def fork(*to: str, source: str = "start") -> str:
    """Write a parallel gateway `f` behind a start event."""
    return element("parallelGateway", "f") + flow(source, "f") + "".join(flow("f", one) for one in to)


def test_terminate_ends_all_that_is_in_the_process() -> None:
    """B30: jobs, waiting tokens at a gateway, events; the process completes."""
    acting = Acting()
    waits = element("intermediateCatchEvent", "w", definition("signal", signalRef="s"))
    key = acting.begun(
        process(
            fork("a", "w", "b", "j"),
            task("a"),
            waits,
            task("b", job_type="b"),
            element("parallelGateway", "j"),
            terminate(),
            flow("b", "stop"),
            flow("a", "j"),
            flow("w", "j"),
            end(),
            flow("j", "end"),
            beside=SIGNAL,
        )
    )
    acting = acting.restarted()
    acting.complete("b", n=1)

    assert acting.ended(key) == {"n": 1}
    nothing_left(acting)


def test_terminate_ends_its_own_scope_alone() -> None:
    """B30: the subprocess completes, and the process goes on beside it."""
    acting = Acting()
    inside = sub("s", task("a"), terminate(), fork("a", "stop", source="s-start"))
    key = acting.begun(process(inside, task("after", job_type="after"), flows("start", "s", "after")))
    assert acting.jobs() == ["after"]
    acting.complete("after")

    assert acting.is_over(key)
    nothing_left(acting)


def test_terminate_takes_called_processes_and_loops_along() -> None:
    """B30: whatever runs inside."""
    acting = Acting()
    acting.deploy(process(task("c", job_type="c"), flows("start", "c"), name="child"))
    many = task("m", loop("=[1, 2, 3]"), job_type="m")
    key = acting.begun(
        process(fork("call", "m", "b"), call("call"), many, task("b", job_type="b"), terminate(), flow("b", "stop"))
    )
    assert acting.jobs() == ["b", "c", "m", "m", "m"]
    acting.complete("b")

    assert acting.ended(key) == {}
    nothing_left(acting)


def test_link_leads_to_the_catch_of_its_name() -> None:
    """B28: in its scope, from several throws."""
    acting = Acting()
    thrown = [element("intermediateThrowEvent", name, definition("link", name="there")) for name in ("one", "two")]
    caught = element("intermediateCatchEvent", "here", definition("link", name="there"))
    key = acting.begun(process(*thrown, caught, task("a"), fork("one", "two"), flows("here", "a")))
    assert acting.jobs() == ["a", "a"]
    acting.complete_all(key)
    nothing_left(acting)


def test_signal_throw_tells_everybody_with_what_is_local() -> None:
    """B31: other instances, and not itself later."""
    waits = element("intermediateCatchEvent", "w", definition("signal", signalRef="s"))
    throws = element("intermediateThrowEvent", "t", io(("input", "=n * 2", "m")), definition("signal", signalRef="s"))
    acting = Acting()
    acting.deploy(process(waits, end(), flows("start", "w", "end"), beside=SIGNAL, name="waits"))
    acting.deploy(process(throws, end(), flows("start", "t", "end"), beside=SIGNAL))
    waiting = acting.begin("waits")
    key = acting.begin("p", n=2)

    assert acting.ended(key) == {"n": 2}
    assert acting.ended(waiting) == {"m": 4}


def escalates(name: str, code: str = "E", tag: str = "intermediateThrowEvent") -> str:
    """Write an event that throws an escalation."""
    return element(tag, name, definition("escalation", escalationRef=code))


def caught(name: str, host: str, code: str = "E", *, interrupting: bool = True) -> str:
    """Attach an event that catches an escalation; all of them without a code."""
    given = {"escalationRef": code} if code else {}
    return boundary(name, host, definition("escalation", **given), interrupting=interrupting)


@pytest.mark.parametrize("tag", ["intermediateThrowEvent", "endEvent"])
@pytest.mark.parametrize("code", ["E", ""])
def test_interrupting_escalation_ends_its_host(tag: str, code: str) -> None:
    """B32: by its code, or by all."""
    inside = sub("s", escalates("t", tag=tag), task("a"), fork("t", "a", source="s-start"))
    acting = Acting()
    key = acting.begun(
        process(
            inside,
            caught("b", "s", code),
            task("c", job_type="c"),
            flows("start", "s"),
            flow("b", "c"),
            beside=ESCALATION,
        )
    )
    assert acting.jobs() == ["c"]
    acting.complete("c")

    assert acting.is_over(key)
    nothing_left(acting)


def test_non_interrupting_escalation_lets_its_host_go_on() -> None:
    """B32: both go on; the code counts before the one that catches all."""
    inside = sub("s", escalates("t"), task("a"), flows("s-start", "t", "a"))
    both = caught("b", "s", interrupting=False) + caught("all", "s", "", interrupting=False)
    after = task("c", job_type="c") + task("d", job_type="d")
    acting = Acting()
    key = acting.begun(
        process(inside, both, after, flows("start", "s"), flow("b", "c"), flow("all", "d"), beside=ESCALATION)
    )
    assert acting.jobs() == ["a", "c"]
    acting.complete_all(key)
    nothing_left(acting)


def test_escalation_reaches_the_caller_and_the_nearest_scope_first() -> None:
    """B32: over the call activity; one that nobody catches is nothing."""
    acting = Acting()
    acting.deploy(process(escalates("t"), task("a"), flows("start", "t", "a"), name="child", beside=ESCALATION))
    acting.begun(
        process(
            call("call"),
            caught("b", "call"),
            task("c", job_type="c"),
            flows("start", "call"),
            flow("b", "c"),
            beside=ESCALATION,
        )
    )
    assert acting.jobs() == ["c"]

    other = Acting()
    key = other.begun(process(escalates("t", "F"), end(), flows("start", "t", "end"), beside=ESCALATION))
    assert other.is_over(key)


def awaiting(*events: str) -> str:
    """Write a process with an event-based gateway before events that are called as the jobs behind them."""
    gateway = element("eventBasedGateway", "g")
    after = "".join(task(f"after-{name}", job_type=name) + flow(name, f"after-{name}") for name in ("m", "sig", "t"))
    beside = (
        '<bpmn:message id="msg" name="told"><bpmn:extensionElements><zeebe:subscription correlationKey="=k" />'
        "</bpmn:extensionElements></bpmn:message>" + SIGNAL
    )
    caught_events = [
        element("intermediateCatchEvent", "m", definition("message", messageRef="msg")),
        element("intermediateCatchEvent", "sig", definition("signal", signalRef="s")),
        element("intermediateCatchEvent", "t", definition("timer", "", "<bpmn:timeDuration>PT5S</bpmn:timeDuration>")),
    ]
    to = "".join(flow("g", name) for name in ("m", "sig", "t"))
    return process(gateway, *caught_events, after, flow("start", "g"), to, *events, beside=beside)


@pytest.mark.parametrize("first", ["m", "sig", "t"])
def test_event_based_gateway_goes_on_by_what_comes_first(first: str) -> None:
    """B28: the others are waited for no more; what came is there."""
    acting = Acting()
    key = acting.begun(awaiting(), k="7")
    acting = acting.restarted()
    given = json.dumps({"got": first})
    if first == "m":
        acting.run(commands.PublishMessage("told", "7", variables=given))
    elif first == "sig":
        acting.run(commands.BroadcastSignal("go", given))
    else:
        acting.pass_time(5_000)
    assert acting.jobs() == [first]
    assert not acting.state.catches
    acting.complete(first)

    assert acting.ended(key) == ({"k": "7"} if first == "t" else {"k": "7", "got": first})


def test_event_based_gateway_that_cannot_wait_is_an_incident() -> None:
    """B28, B44: a key that is null; nothing is waited for."""
    acting = Acting()
    key = acting.begun(awaiting())
    assert acting.told()[1] == "g"
    assert not acting.state.catches
    acting.set(key, k="7")
    acting.resolve()
    assert len(acting.state.catches) == 3


def test_event_based_gateway_is_cancelled_with_its_process() -> None:
    """B28, B30: nothing is left."""
    acting = Acting()
    key = acting.begun(awaiting(), k="7")
    acting.run(commands.CancelInstance(key))
    nothing_left(acting)


def test_event_of_a_gateway_is_not_begun_by_hand() -> None:
    """B49: neither in a new instance nor in one that runs."""
    acting = Acting()
    key = acting.begun(awaiting(), k="7")
    told = str(acting.refused(commands.ModifyInstance(key, (commands.Activate("m"),))))
    assert "events belonging to an event-based gateway" in told
    told = str(acting.refused(commands.CreateInstance("p", start_elements=("t",))))
    assert "it belongs to an event-based gateway" in told

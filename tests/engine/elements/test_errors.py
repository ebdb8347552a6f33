"""BPMN errors: who catches them."""

from __future__ import annotations

from tests.engine.core.acting import (
    Acting,
    call,
    catches,
    end,
    error,
    io,
    listeners,
    loop,
    nothing_left,
    process,
    sub,
    task,
    undo,
    undone,
)
from tests.engine.model.writing import boundary, element, flows
from zeebe_fleet.engine.core import commands


def caught_by(host: str, *events: tuple[str, str]) -> str:
    """Write boundary events at a host: pairs of id and code, each with a task of its own behind it."""
    return "".join(
        boundary(name, host, catches(code)) + task(f"after-{name}", job_type=name) + flows(name, f"after-{name}")
        for name, code in events
    )


def test_error_goes_from_scope_to_scope() -> None:
    """B33: the nearest event that knows the code has it."""
    inner = task("work") + caught_by("work", ("other", "OTHER")) + flows("s-start", "work")
    acting = Acting()
    acting.begun(
        process(
            sub("s", inner), caught_by("s", ("exact", "E")), flows("start", "s"), beside=error("E") + error("OTHER")
        )
    )
    acting.throw("a", "E")

    assert acting.active() == ["after-exact"]


def test_code_comes_before_catch_all() -> None:
    """B33: in one scope the event with the code, else the one that catches all; a nearer catch-all before both."""
    model = process(
        task("work"),
        caught_by("work", ("all", ""), ("exact", "E")),
        flows("start", "work"),
        beside=error("E"),
    )
    acting = Acting()
    acting.deploy(model)
    for code, taken in (("E", "exact"), ("X", "all")):
        instance = acting.begin()
        acting.throw("a", code)
        assert acting.jobs() == [taken]
        acting.run(commands.CancelInstance(instance))


def test_error_s_variables_are_local_to_the_event() -> None:
    """B33, B18: its output mappings take up what is to stay; without them everything goes on."""
    model = process(
        task("work"),
        boundary("mapped", "work", io(("output", "=x + 1", "y")), catches("E")),
        boundary("all", "work", catches()),
        end("one"),
        end("two"),
        flows("start", "work"),
        flows("mapped", "one"),
        flows("all", "two"),
        beside=error("E"),
    )
    acting = Acting()
    acting.deploy(model)
    first, second = acting.begin(), acting.begin()
    acting.throw("a", "E", x=1)
    acting.throw("a", "X", x=1)

    assert (acting.ended(first), acting.ended(second)) == ({"y": 2}, {"x": 1})


def test_uncaught_error_is_an_incident_that_names_what_could_be_caught() -> None:
    """B33, B48: code, message and the events there are; resolved, the job is there again."""
    acting = Acting()
    instance = acting.begun(
        process(
            sub("s", task("work") + caught_by("work", ("b", "B")) + flows("s-start", "work")),
            caught_by("s", ("a", "A")),
            flows("start", "s"),
            beside=error("A") + error("B"),
        )
    )
    key = acting.throw("a", "E", "broken").key
    assert acting.told() == (
        "UNHANDLED_ERROR_EVENT",
        "work",
        "An error was thrown with the code 'E' with message 'broken', but not caught. "
        "Available error events are [A, B]",
    )
    assert acting.incident().job_key == key
    acting.resolve()
    acting.complete()

    assert acting.is_over(instance)


def test_error_end_event_is_caught_outside() -> None:
    """B33: all that is left in the subprocess is ended."""
    inner = (
        element("parallelGateway", "fork"),
        task("long"),
        element("endEvent", "broken", catches("E")),
        flows("s-start", "fork", "long"),
        flows("fork", "broken"),
    )
    acting = Acting()
    acting.begun(process(sub("s", *inner), caught_by("s", ("exact", "E")), flows("start", "s"), beside=error("E")))

    assert acting.active() == ["after-exact"]


def test_of_two_errors_at_once_the_first_counts() -> None:
    """B33: one way is taken, with one token."""
    inner = (
        element("parallelGateway", "fork"),
        element("endEvent", "first", catches("E")),
        element("endEvent", "second", catches("F")),
        flows("s-start", "fork", "first"),
        flows("fork", "second"),
    )
    acting = Acting()
    acting.begun(
        process(
            sub("s", *inner),
            caught_by("s", ("e", "E"), ("f", "F")),
            flows("start", "s"),
            beside=error("E") + error("F"),
        )
    )

    assert acting.active() == ["after-e"]


def test_uncaught_error_end_event_cannot_be_resolved() -> None:
    """B33: resolving it makes the same incident anew (camunda/camunda pull request 3744); modified, it goes on."""
    acting = Acting()
    instance = acting.begun(
        process(element("endEvent", "broken", catches("E")), task("work"), flows("start", "broken"), beside=error("E"))
    )
    first = acting.incident()
    assert acting.told() == (
        "UNHANDLED_ERROR_EVENT",
        "broken",
        "An error was thrown with the code 'E', but not caught. No error events are available in the scope.",
    )
    acting.resolve()
    assert acting.incident().key != first.key
    assert acting.incident().message == first.message
    acting.run(commands.ModifyInstance(instance, (commands.Activate("work"),), (acting.of("broken").key,)))
    acting.complete()

    assert acting.is_over(instance)
    nothing_left(acting)


def test_error_of_a_called_process_is_caught_by_the_caller() -> None:
    """B33: the call activity and all that it has called are ended."""
    child = process(
        element("parallelGateway", "fork"),
        task("work"),
        task("long", job_type="long"),
        flows("start", "fork", "work"),
        flows("fork", "long"),
        name="child",
    )
    acting = Acting()
    instance = acting.begun(
        process(call("c"), caught_by("c", ("exact", "E")), flows("start", "c"), beside=error("E")), child
    )
    acting.throw("a", "E", x=1)

    assert acting.jobs() == ["exact"]
    assert acting.variables(instance) == {"x": 1}
    acting.complete("exact")
    nothing_left(acting)


def test_error_of_an_inner_instance_ends_its_multi_instance() -> None:
    """B33, B36: it is caught at the body; nothing of what the others gave is left."""
    marked = loop(inputElement="item", outputCollection="results", outputElement="=r")
    acting = Acting()
    instance = acting.begun(
        process(task("work", marked), caught_by("work", ("exact", "E")), flows("start", "work"), beside=error("E")),
        items=[1, 2, 3],
    )
    acting.complete("a", r=1)
    acting.throw("a", "E")
    assert acting.jobs() == ["exact"]
    acting.complete("exact")

    assert acting.ended(instance) == {"items": [1, 2, 3]}


def test_error_and_compensation_at_one_activity() -> None:
    """B33, B37: what threw an error was not completed, and is not undone; completed, it can be."""
    event, connected = undone("work", "unwork")
    model = process(
        task("work"),
        event,
        caught_by("work", ("exact", "E")),
        undo("back"),
        element("exclusiveGateway", "merge"),
        flows("start", "work", "merge", "back"),
        flows("after-exact", "merge"),
        connected,
        beside=error("E"),
    )
    acting = Acting()
    acting.deploy(model)
    instance = acting.begin()
    acting.throw("a", "E")
    acting.complete("exact")
    assert acting.is_over(instance)
    instance = acting.begin()
    acting.complete()
    assert acting.jobs() == ["unwork"]
    acting.complete("unwork")

    assert acting.is_over(instance)


def test_listener_throws_no_error() -> None:
    """B39: it is refused (camunda/camunda pull request 20263), and the listener's job is there still."""
    acting = Acting()
    instance = acting.begun(
        process(task("work", listeners(("start", "l"))), caught_by("work", ("all", "")), flows("start", "work"))
    )
    job = acting.take("l")
    refusal = acting.refused(commands.ThrowError(job.key, "E"))
    assert refusal.kind == "INVALID_STATE"
    assert "execution listener" in str(refusal)
    acting.run(commands.CompleteJob(job.key))
    acting.complete()

    assert acting.is_over(instance)

"""Running instances moved to another version or process."""

from __future__ import annotations

import pytest

from tests.engine.core.acting import (
    Acting,
    call,
    catches,
    end,
    error,
    listeners,
    loop,
    nothing_left,
    process,
    sub,
    task,
    timer,
    undo,
    undone,
)
from tests.engine.model.writing import boundary, definition, element, flows, message
from zeebe_fleet.engine.core import commands
from zeebe_fleet.engine.core.commands import MigrateInstance
from zeebe_fleet.engine.core.rejection import Rejected


def migrate(acting: Acting, instance: int, target: str, *mappings: tuple[str, str]) -> MigrateInstance:
    """Deploy a model and return what moves an instance to it."""
    deployed = acting.deploy(target)
    return MigrateInstance(instance, deployed.processes[0].process_definition_key, mappings)


def waiting(name: str, job_type: str = "a", *inside: str, at: str = "", beside: str = "", after: str = "after") -> str:
    """Write a task, perhaps with an event at its boundary that leads to `late`."""
    return process(
        task(name, *inside, job_type=job_type),
        at,
        task(after, job_type=after),
        task("late", job_type="late"),
        flows("start", name, after),
        flows("event", "late") if at else "",
        beside=beside,
    )


def test_instance_goes_on_in_the_new_version() -> None:
    """B49: keys and the job's type stay; what comes next is the target's."""
    acting = Acting()
    instance = acting.begun(waiting("work"))
    key, job = acting.of("work").key, acting.take()
    acting.run(migrate(acting, instance, waiting("other", "new", after="next"), ("work", "other")))
    assert acting.of("other").key == key
    acting = acting.restarted()
    acting.run(commands.CompleteJob(job.key))
    assert acting.jobs() == ["next"]
    assert acting.take("next").process_definition_version == 2
    acting.run(commands.CompleteJob(next(iter(acting.state.jobs))))

    assert acting.is_over(instance)


@pytest.mark.parametrize(
    ("mappings", "kind", "told"),
    [
        ((), "INVALID_STATE", "no mapping instruction defined for active element with id 'work'"),
        ((("work", "none"),), "INVALID_ARGUMENT", "mapping target 'none' is no element of the target"),
        ((("none", "work"),), "INVALID_ARGUMENT", "mapping source 'none' is no element of its process"),
        ((("work", "work"), ("work", "late")), "INVALID_ARGUMENT", "element 'work' is mapped more than once"),
        ((("work", "ask"),), "INVALID_STATE", "of another type with id 'ask'"),
        ((("work", "many"),), "INVALID_STATE", "are not multi-instances of the same kind"),
        ((("work", "inside"),), "INVALID_STATE", "the flow scope of active element with id 'work' is changed"),
    ],
)
def test_plan_that_does_not_fit_is_refused(mappings: tuple[tuple[str, str], ...], kind: str, told: str) -> None:
    """B49: and changes nothing."""
    target = process(
        task("work"),
        task("late"),
        element("userTask", "ask"),
        task("many", loop()),
        sub("s", task("inside"), flows("s-start", "inside")),
        flows("start", "work"),
    )
    acting = Acting()
    instance = acting.begun(waiting("work"))
    refusal = acting.refused(migrate(acting, instance, target, *mappings))
    assert refusal.kind == kind
    assert told in str(refusal)
    acting.complete()

    assert acting.jobs() == ["after"]


def test_unknown_instance_or_target_is_not_found() -> None:
    """B49: neither can be moved."""
    acting = Acting()
    instance = acting.begun(waiting("work"))

    assert acting.refused(MigrateInstance(7, 8, ())).kind == "NOT_FOUND"
    assert acting.refused(MigrateInstance(instance, 8, ())).kind == "NOT_FOUND"


TIMER = boundary("event", "work", timer("timeDuration", "PT10S"))


def test_mapped_timer_keeps_running() -> None:
    """B49: with the time it had, to the target's event."""
    acting = Acting()
    instance = acting.begun(waiting("work", at=TIMER))
    target = waiting("work", at=boundary("event", "work", timer("timeDuration", "PT99H")))
    acting.pass_time(5_000)
    acting.run(migrate(acting, instance, target, ("work", "work"), ("event", "event")))
    acting.pass_time(5_100)

    assert acting.jobs() == ["late"]


def test_unmapped_timer_begins_anew_or_ends() -> None:
    """B49: the target's event is opened, the source's closed."""
    acting = Acting()
    instance = acting.begun(waiting("work", at=TIMER))
    acting.pass_time(5_000)
    acting.run(migrate(acting, instance, waiting("work", at=TIMER), ("work", "work")))
    acting.pass_time(9_000)
    assert acting.jobs() == ["a"]
    acting.run(migrate(acting, instance, waiting("work"), ("work", "work")))
    acting.pass_time(99_000)

    assert acting.jobs() == ["a"]


def test_event_that_cannot_be_opened_refuses_the_plan() -> None:
    """B49: all or nothing; with the key it works."""
    at = boundary("event", "work", definition("message", messageRef="m"))
    acting = Acting()
    instance = acting.begun(waiting("work", at=TIMER))
    plan = migrate(acting, instance, waiting("work", at=at, beside=message("m")), ("work", "work"))
    assert "Failed to extract the correlation key" in str(acting.refused(plan))
    acting.set(instance, key="k")
    acting.run(plan)
    acting.run(commands.PublishMessage("m", "k"))

    assert acting.jobs() == ["late"]


def test_event_is_mapped_only_to_one_of_its_kind_at_the_same_activity() -> None:
    """B49: a mapping cannot detach an event, nor change what it waits for."""
    at = boundary("event", "late", timer("timeDuration", "PT10S"))
    other = boundary("event", "work", catches("E"))
    acting = Acting()
    instance = acting.begun(waiting("work", at=TIMER))
    for target in (waiting("work", at=at), waiting("work", at=other, beside=error("E"))):
        plan = migrate(acting, instance, target, ("work", "work"), ("event", "event"))
        assert "is not attached" in str(acting.refused(plan))


def test_token_at_a_join_waits_there_in_the_new_version() -> None:
    """B49: as long as the target has the flow it came by."""

    def model(after: str) -> str:
        return process(
            element("parallelGateway", "fork"),
            element("parallelGateway", "join"),
            *(task(name, job_type=name) for name in ("one", "two", after)),
            flows("start", "fork", "one", "join", after),
            flows("fork", "two", "join"),
        )

    acting = Acting()
    instance = acting.begun(model("after"))
    acting.complete("one")
    acting.run(migrate(acting, instance, model("next"), ("two", "two"), ("join", "join")))
    acting.complete("two")

    assert acting.jobs() == ["next"]


def test_scopes_and_multi_instances_are_moved_with_what_is_inside() -> None:
    """B49: each of them needs a mapping."""

    def model(after: str) -> str:
        return process(
            sub("s", task("work", loop()), flows("s-start", "work")),
            task(after, job_type=after),
            flows("start", "s", after),
        )

    acting = Acting()
    instance = acting.begun(model("after"), items=[1, 2])
    acting.complete()
    assert "'s'" in str(acting.refused(migrate(acting, instance, model("next"), ("work", "work"))))
    acting.run(migrate(acting, instance, model("next2"), ("work", "work"), ("s", "s")))
    acting.complete()

    assert acting.jobs() == ["next2"]


def test_incident_and_listener_go_along() -> None:
    """B49: an instance that stands still is moved, and goes on by the target's model when resolved."""
    acting = Acting()
    instance = acting.begun(process(task("work", job_type="=kind"), flows("start", "work")))
    acting.run(migrate(acting, instance, process(task("work", job_type="b"), flows("start", "work")), ("work", "work")))
    acting.resolve()
    assert acting.jobs() == ["b"]
    heard = process(task("work", listeners(("end", "e")), job_type="b"), flows("start", "work"))
    acting.run(migrate(acting, instance, heard, ("work", "work")))
    acting.complete("b")
    assert acting.jobs() == ["e"]
    acting.run(migrate(acting, instance, heard.replace('"start"', '"start" ', 1), ("work", "work")))
    acting.complete("e")

    nothing_left(acting)


def test_called_process_is_moved_by_itself() -> None:
    """B49: its caller stays, and goes on when it ends."""
    child = process(task("work"), end(), flows("start", "work", "end"), name="child")
    acting = Acting()
    instance = acting.begun(process(call("c"), flows("start", "c")), child)
    key = acting.of("work").process_instance_key
    longer = child.replace('id="work"', 'id="work2"').replace('"work"', '"work2"').replace("start-work", "start-work2")
    acting.run(migrate(acting, key, longer, ("work", "work2")))
    acting.complete()

    assert acting.is_over(instance)


def test_completed_activity_is_undone_by_the_new_version_s_handler() -> None:
    """B37, B49: what was completed before can be undone after the move."""

    def model(handler: str) -> str:
        event, connected = undone("one", handler)
        return process(
            task("one", job_type="one"),
            event,
            task("work"),
            undo("back"),
            flows("start", "one", "work", "back"),
            connected,
        )

    acting = Acting()
    instance = acting.begun(model("old"))
    acting.complete("one")
    acting.run(migrate(acting, instance, model("new"), ("work", "work")))
    acting.complete()

    assert acting.jobs() == ["new"]


def test_instance_that_is_in_the_middle_of_a_command_is_neither_moved_nor_changed() -> None:
    """B49: what was cut off for its length is settled first; another instance can be moved meanwhile."""
    loops = process(
        element("exclusiveGateway", "one"), element("exclusiveGateway", "two"), flows("start", "one", "two", "one")
    )
    acting = Acting()
    acting.deploy(loops, waiting("work").replace('id="p"', 'id="q"'))
    machine = acting.machine
    looping = machine.run(commands.CreateInstance("p"), acting.now_ms).process_instance_key
    other = machine.run(commands.CreateInstance("q"), acting.now_ms).process_instance_key
    while "work" not in acting.active():
        machine.resume(acting.now_ms)
    definition = acting.state.latest("p").key
    for command in (
        MigrateInstance(looping, definition, ((acting.active()[0], "one"),)),
        commands.ModifyInstance(looping, (commands.Activate("one"),)),
    ):
        with pytest.raises(Rejected, match="a concurrent command was executed") as refused:
            machine.run(command, acting.now_ms)
        assert refused.value.kind == "INVALID_STATE"
    moved = acting.of("work")
    machine.run(MigrateInstance(other, acting.state.latest("q").key, (("work", "work"),)), acting.now_ms)

    assert acting.of("work") is moved


def beside(job_type: str = "h", start: str = "e-start") -> str:
    """Write a process of one job with an event subprocess that a signal begins."""
    begin = element("startEvent", start, definition("signal", signalRef="s"), attributes='isInterrupting="false"')
    work = task("e-work", job_type=job_type)
    handler = element("subProcess", "e", begin, work, flows(start, "e-work"), attributes='triggeredByEvent="true"')
    return process(task("work"), handler, flows("start", "work"), beside='<bpmn:signal id="s" name="go" />')


@pytest.mark.parametrize("mapped", [True, False])
def test_event_subprocess_is_waited_for_in_the_new_version(mapped: bool) -> None:
    """B34, B49: mapped it is waited for as it was, unmapped anew; once either way."""
    acting = Acting()
    instance = acting.begun(beside())
    mappings = [("work", "work")] + ([("e-start", "begin")] if mapped else [])
    acting.run(migrate(acting, instance, beside("new", "begin"), *mappings))
    acting = acting.restarted()
    acting.run(commands.BroadcastSignal("go"))

    assert acting.jobs() == ["a", "new"]
    acting.complete_all(instance)
    nothing_left(acting)


def test_running_event_subprocess_goes_on_in_the_new_version() -> None:
    """B34, B49: with what is in it."""
    acting = Acting()
    instance = acting.begun(beside())
    acting.run(commands.BroadcastSignal("go"))
    acting.run(migrate(acting, instance, beside("new"), ("work", "work"), ("e", "e"), ("e-work", "e-work")))
    assert acting.jobs() == ["a", "h"]
    acting.complete_all(instance)
    nothing_left(acting)


def awaited(first: str = "one", second: str = "two") -> str:
    """Write a process that waits at an event-based gateway for a signal or a timer."""
    events = [
        element("intermediateCatchEvent", first, definition("signal", signalRef="s")),
        element("intermediateCatchEvent", second, timer("timeDuration", "PT5S")),
    ]
    ways = flows("start", "g") + flows("g", first) + flows("g", second) + flows(first, "after")
    gateway = element("eventBasedGateway", "g")
    return process(gateway, *events, task("after"), ways, beside='<bpmn:signal id="s" name="go" />')


def test_event_based_gateway_waits_in_the_new_version() -> None:
    """B28, B49: for what is mapped as it was, for the rest anew."""
    acting = Acting()
    instance = acting.begun(awaited())
    acting.run(migrate(acting, instance, awaited("uno", "due"), ("g", "g"), ("one", "uno")))
    assert sorted(catch.element_id for catch in acting.state.catches.values()) == ["due", "uno"]
    acting.run(commands.BroadcastSignal("go"))
    assert acting.jobs() == ["a"]
    acting.complete_all(instance)
    nothing_left(acting)

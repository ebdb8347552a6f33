"""Listeners to Camunda user tasks: what they are told, and what they can do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.core.acting import SECOND_MS, Acting, end, nothing_left, process, timer
from tests.engine.elements.test_user_tasks import asking, seen, task_of
from tests.engine.model.writing import boundary, element, flows
from zeebe_fleet.engine.core import commands
from zeebe_fleet.engine.core.commands import JobResult
from zeebe_fleet.engine.core.jobs import ActivatedJob

PREFIX = "io.camunda.zeebe:"
EVENTS = ("creating", "assigning", "updating", "completing", "canceling")


def listeners(*written: tuple[str, str]) -> str:
    """Write task listeners: pairs of event and type."""
    inside = "".join(f'<zeebe:taskListener eventType="{event}" type="{kind}" />' for event, kind in written)
    return f"<zeebe:taskListeners>{inside}</zeebe:taskListeners>"


def listened(*inside: str, **variables: Any) -> Acting:
    """A machine whose one process instance is at the task."""
    acting = Acting()
    acting.begun(asking(*inside), **variables)
    return acting


def hear(acting: Acting, job_type: str, result: JobResult | None = None) -> ActivatedJob:
    """Take a listener's job and complete it."""
    job = acting.take(job_type)
    acting.run(commands.CompleteJob(job.key, result=result))
    return job


def headers(job: ActivatedJob) -> dict[str, str]:
    """Return a job's headers without their prefix."""
    return {name.removeprefix(PREFIX): text for name, text in json.loads(job.headers).items()}


def test_every_event_has_its_listeners_in_their_order() -> None:
    """B42: the task goes on when the last one is done; the assignee is one only then."""
    acting = listened(
        listeners(*((event, f"{event}-{nth}") for nth in (1, 2) for event in EVENTS)),
        '<zeebe:assignmentDefinition assignee="jo" />',
    )
    assert (seen(acting)["state"], acting.jobs()) == ("CREATING", ["creating-1"])
    job = hear(acting, "creating-1")
    assert (job.kind, job.listener_event) == ("TASK_LISTENER", "CREATING")
    hear(acting, "creating-2")
    assert seen(acting) == {"state": "ASSIGNING"}
    hear(acting, "assigning-1")
    hear(acting, "assigning-2")
    assert seen(acting) == {"state": "CREATED", "assignee": "jo"}
    acting.run(commands.UpdateUserTask(task_of(acting).key, (("priority", 1),)))
    hear(acting, "updating-1")
    assert seen(acting) == {"state": "UPDATING", "assignee": "jo"}
    hear(acting, "updating-2")
    assert seen(acting) == {"state": "CREATED", "assignee": "jo", "priority": 1}
    acting.run(commands.CompleteUserTask(task_of(acting).key, '{"x":1}'))
    hear(acting, "completing-1")
    hear(acting, "completing-2")
    assert acting.machine.ended[-1][1] == '{"x":1}'
    nothing_left(acting)


@pytest.mark.parametrize("by", ["cancel", "timer", "terminate"])
def test_end_before_its_time_waits_for_the_canceling_listeners(by: str) -> None:
    """B42: by a command, an event or a modification; the element ends behind them, and what follows begins then."""
    acting = Acting()
    ask = element("userTask", "ask", "<zeebe:userTask />", listeners(("canceling", "bye"), ("canceling", "bye-2")))
    late = boundary("late", "ask", timer("timeDuration", "PT1S"))
    after = element("userTask", "after")
    instance = acting.begun(process(ask, late, after, end(), flows("start", "ask", "end") + flows("late", "after")))
    if by == "cancel":
        acting.run(commands.CancelInstance(instance))
    elif by == "timer":
        acting.pass_time(SECOND_MS)
    else:
        acting.run(commands.ModifyInstance(instance, terminate=(acting.of("ask").key,)))
    assert (seen(acting)["state"], acting.jobs()) == ("CANCELING", ["bye"])
    assert acting.refused(commands.CompleteUserTask(task_of(acting).key)).kind == "INVALID_STATE"
    hear(acting, "bye")
    again = acting.restarted()
    hear(again, "bye-2")

    assert again.state.user_tasks == {}
    if by == "timer":
        assert again.active() == ["after"]
    else:
        nothing_left(again)


def test_job_says_what_the_task_is_and_what_changes() -> None:
    """B42: with the model's headers, lists as JSON text; what says nothing is left out."""
    acting = listened(
        listeners(("updating", "l")),
        '<zeebe:assignmentDefinition assignee="jo" candidateGroups="a, b" />',
        '<zeebe:taskHeaders><zeebe:header key="colour" value="blue" /></zeebe:taskHeaders>',
    )
    key = task_of(acting).key
    changes = (("dueDate", "2027-01-15T08:00:00Z"), ("candidateGroupsList", ["a", "b"]), ("candidateUsersList", ["u"]))
    acting.run(commands.UpdateUserTask(key, changes, "postpone"))

    assert headers(acting.take("l")) == {
        "colour": "blue",
        "action": "postpone",
        "assignee": "jo",
        "candidateGroups": '["a","b"]',
        "candidateUsers": '["u"]',
        "changedAttributes": '["candidateUsersList","dueDate"]',
        "dueDate": "2027-01-15T08:00:00Z",
        "priority": "50",
        "userTaskKey": str(key),
    }


def test_listener_sees_what_was_corrected_before_it() -> None:
    """B42: what is corrected back is changed no more, as the documentation has it."""
    acting = listened(listeners(*(("assigning", f"l{nth}") for nth in (1, 2, 3))))
    acting.run(commands.AssignUserTask(task_of(acting).key, "jo"))
    assert (
        headers(hear(acting, "l1", JobResult(corrections=(("priority", 80),))))["changedAttributes"] == '["assignee"]'
    )
    second = headers(hear(acting, "l2", JobResult(corrections=(("priority", 50),))))
    assert (second["changedAttributes"], second["priority"]) == ('["assignee","priority"]', "80")
    assert headers(acting.take("l3"))["changedAttributes"] == '["assignee"]'


def test_completing_listener_sees_what_was_submitted() -> None:
    """B42: over what is there already; it is set when the task is completed, not before."""
    acting = Acting()
    instance = acting.begun(asking(listeners(("completing", "l"))), x=1, y=1)
    acting.run(commands.CompleteUserTask(task_of(acting).key, '{"x":2}'))
    assert acting.variables(instance) == {"x": 1, "y": 1}
    (job,) = acting.poll("l", fetch=("x",))
    assert json.loads(job.variables) == {"x": 2}
    acting.run(commands.CompleteJob(job.key))

    assert acting.ended(instance) == {"x": 2, "y": 1}


def test_listener_s_job_takes_no_variables_and_throws_no_error() -> None:
    """B42: nor is it completed by the task's own commands."""
    acting = listened(listeners(("completing", "l")))
    acting.run(commands.CompleteUserTask(task_of(acting).key))
    job = acting.take("l")
    refusal = acting.refused(commands.CompleteJob(job.key, '{"x":1}'))
    assert (refusal.kind, "variables" in str(refusal)) == ("INVALID_ARGUMENT", True)
    refusal = acting.refused(commands.ThrowError(job.key, "E"))
    assert "it is the job of a task listener, from which no BPMN error can be thrown" in str(refusal)
    assert acting.refused(commands.CompleteUserTask(task_of(acting).key)).kind == "INVALID_STATE"


def test_variables_set_at_a_task_are_listened_to() -> None:
    """B42: the update waits, and is denied as others are; those of its process are not the task's."""
    acting = Acting()
    instance = acting.begun(asking(listeners(("updating", "l"))))
    ask = acting.of("ask").key
    acting.set(ask, local=True, x=1)
    job = acting.take("l")
    assert headers(job)["changedAttributes"] == '["variables"]'
    assert (json.loads(job.variables), acting.variables(ask)) == ({"x": 1}, {})
    assert acting.refused(commands.SetVariables(ask, '{"x":2}')).kind == "INVALID_STATE"
    acting.run(commands.CompleteJob(job.key, result=JobResult(denied=True)))
    assert acting.variables(ask) == {}
    acting.set(ask, local=True, x=1)
    hear(acting, "l")
    acting.set(ask, y=2)
    hear(acting, "l")
    acting.set(instance, z=3)

    assert (acting.variables(ask), acting.variables(instance)) == ({"x": 1}, {"y": 2, "z": 3})


CORRECTIONS: tuple[tuple[str, Any], ...] = (
    ("assignee", "al"),
    ("candidateGroupsList", []),
    ("candidateUsersList", ["u"]),
    ("dueDate", ""),
    ("followUpDate", "2027-01-16T08:00:00Z"),
    ("priority", 90),
)


@pytest.mark.parametrize("event", ["creating", "assigning", "updating"])
def test_corrections_hold_once_the_transition_is_through(event: str) -> None:
    """B43: none of them counts as an update; an empty text or list takes away."""
    acting = listened(
        listeners((event, "l")),
        '<zeebe:assignmentDefinition candidateGroups="a" />',
        '<zeebe:taskSchedule dueDate="2027-01-15T08:00:00Z" />',
    )
    if event == "assigning":
        acting.run(commands.AssignUserTask(task_of(acting).key, "jo"))
    elif event == "updating":
        acting.run(commands.UpdateUserTask(task_of(acting).key))
    hear(acting, "l", JobResult(corrections=CORRECTIONS))
    said = {name: value for name, value in CORRECTIONS if value not in ("", [])}

    assert seen(acting) == {**said, "state": "CREATED"}
    assert acting.jobs() == []


@pytest.mark.parametrize("event", ["assigning", "updating", "completing"])
def test_denied_transition_leaves_the_task_as_it_was(event: str) -> None:
    """B43: what listeners before it corrected is dropped; it can be tried again, over a restart too."""
    acting = listened(listeners((event, "l1"), (event, "l2")), '<zeebe:priorityDefinition priority="5" />')
    key = task_of(acting).key
    command = {
        "assigning": commands.AssignUserTask(key, "jo"),
        "updating": commands.UpdateUserTask(key, (("priority", 6),)),
        "completing": commands.CompleteUserTask(key, '{"x":1}'),
    }[event]
    before = seen(acting)
    acting.run(command)
    hear(acting, "l1", JobResult(corrections=(("priority", 7),)))
    acting.machine.settled.clear()
    hear(acting, "l2", JobResult(denied=True, reason="no"))
    ((settled, denied),) = acting.machine.settled
    assert (settled, denied is not None and denied.kind) == (key, "INVALID_STATE")
    assert "Reason to deny: 'no'" in str(denied)
    assert seen(acting) == before == {"priority": 5, "state": "CREATED"}
    again = acting.restarted()
    again.run(command)
    hear(again, "l1")
    hear(again, "l2")

    assert again.jobs() == []
    assert (key in again.state.user_tasks) == (event != "completing")


def test_what_cannot_be_denied_is_said_so() -> None:
    """B43: a task's creation and its end; nor can one transition be denied and corrected."""
    acting = listened(listeners(("creating", "hi"), ("canceling", "bye"), ("assigning", "l")))
    for job_type in ("hi", "bye"):
        job = acting.take(job_type)
        refusal = acting.refused(commands.CompleteJob(job.key, result=JobResult(denied=True)))
        assert (refusal.kind, "cannot be denied" in str(refusal)) == ("INVALID_ARGUMENT", True)
        acting.run(commands.CompleteJob(job.key))
        if job_type == "hi":
            acting.run(commands.AssignUserTask(task_of(acting).key, "jo"))
            both = JobResult(denied=True, corrections=(("priority", 1),))
            assert "at once" in str(acting.refused(commands.CompleteJob(acting.take("l").key, result=both)))
            acting.run(commands.CancelInstance(acting.of("p").key))
    nothing_left(acting)


def test_assignee_of_the_model_is_corrected_when_it_is_assigned() -> None:
    """B43: not when the task is created; where the model names none, that assigns it."""
    acting = listened(listeners(("creating", "hi")), '<zeebe:assignmentDefinition assignee="jo" />')
    job = acting.take("hi")
    result = JobResult(corrections=(("assignee", "al"),))
    assert "the process specifies the assignee" in str(acting.refused(commands.CompleteJob(job.key, result=result)))
    acting.run(commands.CompleteJob(job.key))
    assert seen(acting)["assignee"] == "jo"

    acting = listened(listeners(("creating", "hi"), ("assigning", "l")))
    hear(acting, "hi", result)
    assert (seen(acting), headers(acting.take("l"))["assignee"]) == ({"state": "ASSIGNING"}, "al")


def test_failed_listener_alone_runs_again() -> None:
    """B42, B48: without retries it is an incident; resolved, those before it stay done."""
    acting = listened(listeners(("completing", "l1"), ("completing", "l2")))
    acting.run(commands.CompleteUserTask(task_of(acting).key))
    hear(acting, "l1")
    job = acting.fail("l2", message="broken")
    assert acting.told() == ("TASK_LISTENER_NO_RETRIES", "ask", "broken")
    acting.run(commands.UpdateJobRetries(job.key, 1))
    acting.resolve()
    hear(acting, "l2")

    nothing_left(acting)


@pytest.mark.parametrize("event", ["creating", "completing", "canceling"])
def test_type_that_cannot_be_told_has_all_listeners_run_again(event: str) -> None:
    """B42, B48: evaluated right before the job is made; the transition waits at the incident, over a restart."""
    acting = listened(listeners((event, "l1"), (event, "=kind")))
    process_key = acting.of("p").key
    if event == "completing":
        acting.run(commands.CompleteUserTask(task_of(acting).key))
    elif event == "canceling":
        acting.run(commands.CancelInstance(process_key))
    hear(acting, "l1")
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "ask")
    acting = acting.restarted()
    acting.set(process_key, kind="l2")
    acting.resolve()
    hear(acting, "l1")
    hear(acting, "l2")

    assert (acting.state.user_tasks == {}) == (event != "creating")
    assert acting.jobs() == []


def test_cancelled_transition_is_told_to_whoever_waits() -> None:
    """B42: the listener's job is gone, and those of the end run."""
    acting = listened(listeners(("completing", "l"), ("canceling", "bye")))
    key = task_of(acting).key
    acting.run(commands.CompleteUserTask(key))
    acting.run(commands.CancelInstance(acting.of("p").key))
    assert acting.jobs() == ["bye"]
    told = [str(denied) for settled, denied in acting.machine.settled if settled == key and denied is not None]
    assert len(told) == 1
    assert "but it was canceled" in told[0]
    hear(acting, "bye")
    nothing_left(acting)


def test_versions_without_listeners_pass_them_over() -> None:
    """B42: before 8.8 nothing waits."""
    acting = Acting()
    acting.machine.listens_to_tasks = False
    instance = acting.begun(asking(listeners(*((event, "l") for event in EVENTS))))
    acting.run(commands.CompleteUserTask(task_of(acting).key))

    assert acting.ended(instance) == {}


def test_result_of_any_other_job_is_passed_over() -> None:
    """B43: as Camunda does."""
    acting = Acting()
    instance = acting.begun(process(element("userTask", "u"), end(), flows("start", "u", "end")))
    hear(acting, "io.camunda.zeebe:userTask", JobResult(denied=True))
    assert acting.is_over(instance)


def test_migrated_task_goes_on_with_the_listeners_of_its_new_version() -> None:
    """B42, B49: the job that is out stays; what follows is the target's."""
    acting = Acting()
    instance = acting.begun(asking(listeners(("completing", "l1"), ("completing", "l2"))))
    acting.run(commands.CompleteUserTask(task_of(acting).key))
    target = acting.deploy(asking(listeners(("completing", "k1"), ("completing", "k2"), ("completing", "k3"))))
    key = target.processes[0].process_definition_key
    acting.run(commands.MigrateInstance(instance, key, (("ask", "ask"),)))
    hear(acting, "l1")
    hear(acting, "k2")
    shorter = acting.deploy(asking()).processes[0].process_definition_key
    acting.run(commands.MigrateInstance(instance, shorter, (("ask", "ask"),)))
    hear(acting, "k3")

    assert acting.is_over(instance)


def test_execution_listeners_lie_around_the_task() -> None:
    """B39, B42: the first run before it is created, the last when it is completed."""
    around = (
        '<zeebe:executionListeners><zeebe:executionListener eventType="start" type="start" />'
        '<zeebe:executionListener eventType="end" type="end" /></zeebe:executionListeners>'
    )
    acting = listened(around, listeners(("creating", "hi"), ("completing", "l")))
    assert acting.state.user_tasks == {}
    assert hear(acting, "start").user_task is None
    hear(acting, "hi")
    acting.run(commands.CompleteUserTask(task_of(acting).key))
    hear(acting, "l")
    assert (acting.state.user_tasks, acting.jobs()) == ({}, ["end"])
    hear(acting, "end")
    nothing_left(acting)

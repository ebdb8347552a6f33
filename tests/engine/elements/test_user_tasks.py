"""Camunda user tasks: their life, by commands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.core.acting import SECOND_MS, Acting, end, io, loop, nothing_left, process, timer
from tests.engine.model.writing import boundary, element, flows
from zeebe_fleet.engine.core import commands, people
from zeebe_fleet.engine.core.people import UserTask


def asking(*inside: str, **more: Any) -> str:
    """A process of one task, `ask`."""
    return process(
        element("userTask", "ask", "<zeebe:userTask />", *inside, **more), end(), flows("start", "ask", "end")
    )


def asked(*inside: str, **variables: Any) -> Acting:
    """A machine whose one process instance is at the task."""
    acting = Acting()
    acting.begun(asking(*inside), **variables)
    return acting


def task_of(acting: Acting) -> UserTask:
    """Return the one task there must be."""
    (task,) = acting.state.user_tasks.values()
    assert isinstance(task, UserTask)
    return task


def seen(acting: Acting) -> dict[str, Any]:
    """What the one task says, as far as it says something."""
    return {**task_of(acting).attributes, "state": people.STATES[task_of(acting).state]}


def test_task_waits_and_is_completed_with_variables() -> None:
    """B41: its element goes on with what was given, which is set in the process."""
    acting = asked(x=1)
    (instance,) = (one.process_instance_key for one in acting.state.instances.values() if one.scope is None)
    assert seen(acting) == {"state": "CREATED"}
    assert acting.jobs() == []

    acting.run(commands.CompleteUserTask(task_of(acting).key, '{"x":2,"y":[1]}'))

    assert acting.ended(instance) == {"x": 2, "y": [1]}
    assert acting.state.user_tasks == {}
    nothing_left(acting)


def test_output_mappings_take_what_was_given() -> None:
    """B41, B18: as of a job, the rest stays local and is gone."""
    acting = Acting()
    instance = acting.begun(asking(io(("output", "=x + 1", "y"))))
    acting.run(commands.CompleteUserTask(task_of(acting).key, '{"x":2}'))

    assert acting.ended(instance) == {"y": 3}


@pytest.mark.parametrize(
    ("written", "variables", "wanted"),
    [
        ('<zeebe:assignmentDefinition assignee="jo" />', {}, {"assignee": "jo"}),
        ('<zeebe:assignmentDefinition assignee="=who" />', {"who": "jo"}, {"assignee": "jo"}),
        ('<zeebe:assignmentDefinition assignee="=who" />', {"who": None}, {}),
        (
            '<zeebe:assignmentDefinition candidateGroups="a, b" candidateUsers="=list" />',
            {"list": ["x"]},
            {"candidateGroupsList": ["a", "b"], "candidateUsersList": ["x"]},
        ),
        (
            '<zeebe:taskSchedule dueDate="2027-01-15T08:00:00Z" followUpDate="=at" />',
            {"at": "2027-01-15T08:00:00+01:00[Europe/Berlin]"},
            {"dueDate": "2027-01-15T08:00:00Z", "followUpDate": "2027-01-15T08:00:00+01:00[Europe/Berlin]"},
        ),
        ('<zeebe:priorityDefinition priority="70" />', {}, {"priority": 70}),
        ('<zeebe:priorityDefinition priority="=p" />', {"p": 0}, {"priority": 0}),
        ('<zeebe:priorityDefinition priority="=p" />', {"p": 50}, {}),
    ],
)
def test_attributes_are_evaluated_when_it_is_reached(
    written: str, variables: dict[str, Any], wanted: dict[str, Any]
) -> None:
    """B41: texts and expressions; the priority is 50 unless it says another."""
    assert seen(asked(written, **variables)) == {**wanted, "state": "CREATED"}


@pytest.mark.parametrize(
    ("written", "given", "mended", "told"),
    [
        ('<zeebe:assignmentDefinition assignee="=v" />', 1, "jo", "to be 'STRING', but was 'NUMBER'"),
        ('<zeebe:assignmentDefinition candidateGroups="=v" />', [1], ["a"], "to be 'ARRAY of STRING'"),
        ('<zeebe:taskSchedule dueDate="=v" />', "soon", "2027-01-15T08:00:00Z", "to be 'DATE_TIME'"),
        ('<zeebe:priorityDefinition priority="=v" />', 101, 100, "between 0 and 100, but was '101'"),
        ('<zeebe:priorityDefinition priority="=v" />', "much", 1, "to be 'NUMBER', but was 'STRING'"),
        ('<zeebe:formDefinition externalReference="=v" />', 1, "f", "to be 'STRING', but was 'NUMBER'"),
    ],
)
def test_attribute_that_is_none_is_an_incident(written: str, given: Any, mended: Any, told: str) -> None:
    """B41, B48: no task is there until it is mended."""
    acting = asked(written, v=given)
    assert acting.incident().type == "EXTRACT_VALUE_ERROR"
    assert told in acting.incident().message
    assert acting.state.user_tasks == {}

    acting.set(acting.of("p").key, v=mended)
    acting.resolve()

    assert seen(acting)["state"] == "CREATED"


def form(version: int, tag: str = "") -> tuple[str, bytes]:
    """A form, and its version in its text."""
    return "ask.form", json.dumps({"id": "ask", "versionTag": tag, "n": version}).encode()


@pytest.mark.parametrize(
    ("binding", "wanted"),
    [
        ("", 3),
        ('bindingType="latest"', 3),
        ('bindingType="deployment"', 2),
        ('bindingType="versionTag" versionTag="one"', 1),
    ],
)
def test_form_is_found_by_its_binding(binding: str, wanted: int) -> None:
    """B41, B23: when the task is reached."""
    acting = Acting()
    model = asking(f'<zeebe:formDefinition formId="ask" {binding} />')
    acting.run(commands.Deploy((form(1, "one"),)))
    acting.run(commands.Deploy((("m.bpmn", model.encode()), form(2))))
    acting.run(commands.Deploy((form(3),)))
    acting.begin()

    assert acting.state.forms.by_key[task_of(acting).form_key].version == wanted


@pytest.mark.parametrize("binding", ["", 'bindingType="deployment"', 'bindingType="versionTag" versionTag="one"'])
def test_form_that_is_nowhere_is_an_incident(binding: str) -> None:
    """B41, B48: deployed and resolved, the task is there; one of the deployment cannot come later."""
    acting = asked(f'<zeebe:formDefinition formId="ask" {binding} />')
    assert acting.told()[0] == "FORM_NOT_FOUND"
    acting.run(commands.Deploy((form(1, "one"),)))
    acting.resolve()

    assert (acting.state.user_tasks == {}) == ("deployment" in binding)


def test_reference_to_a_form_elsewhere_is_kept() -> None:
    """B41: text or expression."""
    task = task_of(asked('<zeebe:formDefinition externalReference="=&quot;https://f/&quot; + n" />', n="1"))
    assert (task.form_key, task.external_reference) == (0, "https://f/1")


def test_task_is_assigned_reassigned_and_unassigned() -> None:
    """B41: whoever has it, unless it must not be taken from them."""
    acting = asked()
    key = task_of(acting).key
    acting.run(commands.AssignUserTask(key, "jo"))
    assert seen(acting) == {"assignee": "jo", "state": "CREATED"}
    acting.run(commands.AssignUserTask(key, "al"))
    assert seen(acting)["assignee"] == "al"

    refusal = acting.refused(commands.AssignUserTask(key, "jo", allow_override=False))
    assert (refusal.kind, "it has already been assigned" in str(refusal)) == ("INVALID_STATE", True)
    acting.run(commands.AssignUserTask(key, "al", allow_override=False))
    acting.run(commands.AssignUserTask(key, "", action="unassign"))
    assert seen(acting) == {"state": "CREATED"}


def test_update_changes_what_it_names() -> None:
    """B41: an empty text or list takes away; the rest stays."""
    acting = asked('<zeebe:assignmentDefinition candidateGroups="a" />')
    key = task_of(acting).key
    changes = (("priority", 9), ("dueDate", "2027-01-15T08:00:00Z"), ("candidateUsersList", ["x", "y"]))
    acting.run(commands.UpdateUserTask(key, changes))
    wanted = {**dict(changes), "candidateGroupsList": ["a"], "state": "CREATED"}
    assert seen(acting) == wanted

    acting.run(commands.UpdateUserTask(key, (("dueDate", ""), ("candidateGroupsList", []))))
    assert seen(acting) == {"priority": 9, "candidateUsersList": ["x", "y"], "state": "CREATED"}


@pytest.mark.parametrize(
    "change", [("priority", 101), ("priority", -1), ("dueDate", "soon"), ("followUpDate", "2027-13-01T00:00:00Z")]
)
def test_update_to_what_cannot_be_is_refused(change: tuple[str, Any]) -> None:
    """B41: with the attribute's name."""
    acting = asked()
    refusal = acting.refused(commands.UpdateUserTask(task_of(acting).key, (change,)))
    assert (refusal.kind, change[0] in str(refusal)) == ("INVALID_ARGUMENT", True)


def test_task_that_is_gone_is_not_found() -> None:
    """B41: completed twice, the second is told so, as are all others."""
    acting = asked()
    key = task_of(acting).key
    acting.run(commands.CompleteUserTask(key))

    for command, verb in (
        (commands.CompleteUserTask(key), "COMPLETE"),
        (commands.AssignUserTask(key, "jo"), "ASSIGN"),
        (commands.AssignUserTask(key, "jo", allow_override=False), "CLAIM"),
        (commands.UpdateUserTask(key, ()), "UPDATE"),
    ):
        refusal = acting.refused(command)
        assert refusal.kind == "NOT_FOUND"
        assert str(refusal) == (
            f"Command '{verb}' rejected with code 'NOT_FOUND': Expected to {verb.lower()} user task with key '{key}', "
            f"but no such user task was found"
        )


def test_boundary_timer_takes_the_task_away() -> None:
    """B41: an event that interrupts its element ends it; one that does not leaves it."""
    acting = Acting()
    ask = element("userTask", "ask", "<zeebe:userTask />")
    soon = boundary("soon", "ask", timer("timeDuration", "PT1S"), interrupting=False)
    late = boundary("late", "ask", timer("timeDuration", "PT5S"))
    ways = flows("start", "ask", "end") + flows("soon", "end") + flows("late", "end")
    instance = acting.begun(process(ask, soon, late, end(), ways))
    acting.pass_time(SECOND_MS)
    assert len(acting.state.user_tasks) == 1
    acting.pass_time(4 * SECOND_MS)

    assert acting.state.user_tasks == {}
    assert acting.is_over(instance)
    nothing_left(acting)


def test_cancelled_instance_takes_its_tasks() -> None:
    """B41, B30: also those of a multi-instance, each of which has its own."""
    acting = Acting()
    instance = acting.begun(
        asking(loop(inputElement="x"), '<zeebe:assignmentDefinition assignee="=x" />'), items=["a", "b"]
    )
    assert sorted(one.now("assignee") for one in acting.state.user_tasks.values()) == ["a", "b"]
    acting.run(commands.CancelInstance(instance))

    assert acting.state.user_tasks == {}
    nothing_left(acting)


def test_multi_instance_ends_with_its_last_task() -> None:
    """B41, B36: outputs by index, whoever is first."""
    acting = Acting()
    written = loop(inputElement="x", outputCollection="out", outputElement="=y")
    instance = acting.begun(asking(written), items=["a", "b"])
    first, second = sorted(acting.state.user_tasks)
    acting.run(commands.CompleteUserTask(second, '{"y":2}'))
    acting.run(commands.CompleteUserTask(first, '{"y":1}'))

    assert acting.ended(instance)["out"] == [1, 2]


def test_task_outlives_a_restart() -> None:
    """B41, B1: with all that it says, under its key; what an older engine wrote is read as well."""
    acting = asked(
        '<zeebe:assignmentDefinition assignee="jo" candidateGroups="a" />',
        '<zeebe:taskSchedule dueDate="2027-01-15T08:00:00Z" />',
        '<zeebe:formDefinition externalReference="f" />',
    )
    task, again = task_of(acting), acting.restarted()
    same = task_of(again)
    assert seen(again) == seen(acting)
    assert (same.key, same.external_reference, same.created_ms) == (task.key, "f", task.created_ms)

    again.run(commands.CompleteUserTask(task.key))
    nothing_left(again)


def test_replay_makes_the_same_task() -> None:
    """B41: every change of a task is an event."""
    acting = asked()
    key = task_of(acting).key
    acting.run(commands.AssignUserTask(key, "jo"))
    acting.run(commands.UpdateUserTask(key, (("priority", 7),)))
    other = Acting()
    other.machine.replay(json.loads(json.dumps(acting.machine.events)), acting.state.last_key)

    assert seen(other) == seen(acting) == {"assignee": "jo", "priority": 7, "state": "CREATED"}


def test_migrated_task_stays_the_same() -> None:
    """B41, B49: its key, and whose it is; a job-based one cannot become it."""
    acting = Acting()
    instance = acting.begun(asking('<zeebe:assignmentDefinition assignee="jo" />'))
    key = task_of(acting).key
    other = acting.deploy(asking().replace('"ask"', '"please"').replace("start-ask", "s-p").replace("ask-end", "p-e"))
    job_based = acting.deploy(process(element("userTask", "ask"), end(), flows("start", "ask", "end")))
    wrong = commands.MigrateInstance(instance, job_based.processes[0].process_definition_key, (("ask", "ask"),))
    assert "are not of the same implementation" in str(acting.refused(wrong))

    target = other.processes[0].process_definition_key
    acting.run(commands.MigrateInstance(instance, target, (("ask", "please"),)))

    assert (task_of(acting).key, seen(acting)["assignee"]) == (key, "jo")
    assert task_of(acting).instance.element.id == "please"
    acting.run(commands.CompleteUserTask(key))
    assert acting.is_over(instance)

"""What the fleet reads from a process model."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.model import Undo

MODEL = """\
<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
%s
</bpmn:definitions>
"""


def process(body: str, extension: str = "") -> str:
    """Return a model with one process."""
    head = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>" if extension else ""
    return MODEL % f'<bpmn:process id="p" isExecutable="true">{head}{body}</bpmn:process>'


def service(element_id: str, job_type: str = "", inside: str = "", **attributes: str) -> str:
    """Return a service task; its job type defaults to its id."""
    also = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<bpmn:serviceTask id="{element_id}"{also}><bpmn:extensionElements>'
        f'<zeebe:taskDefinition type="{job_type or element_id}" /></bpmn:extensionElements>{inside}'
        "</bpmn:serviceTask>"
    )


def flow(*path: str) -> str:
    """Return the sequence flows along a path of ids."""
    return "".join(f'<bpmn:sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}" />' for a, b in pairwise(path))


def undo(undone: str, handler: str) -> str:
    """Return a compensation handler for an element, and what connects them."""
    return (
        f'<bpmn:boundaryEvent id="undo_{undone}" attachedToRef="{undone}">'
        f'<bpmn:compensateEventDefinition id="c_{undone}" /></bpmn:boundaryEvent>'
        f'<bpmn:association id="a_{undone}" sourceRef="undo_{undone}" targetRef="{handler}" />'
        + service(handler, isForCompensation="true")
    )


def test_read_model_names_job_types_by_element() -> None:
    """Every task with a task definition is found, inside a subprocess too."""
    model = read_model(
        process(service("a", "x.do") + f'<bpmn:subProcess id="s">{service("b", "y.do")}</bpmn:subProcess>')
    )
    assert model.process_name == "p"
    assert model.job_types == {"a": "x.do", "b": "y.do"}


def test_read_model_knows_how_urgent_a_user_task_is() -> None:
    """The priority is kept as it is written: what an expression gives, its variables decide."""
    tasks = "".join(
        f'<bpmn:userTask id="{name}"><bpmn:extensionElements>{said}</bpmn:extensionElements></bpmn:userTask>'
        for name, said in (
            ("plain", ""),
            ("fixed", '<zeebe:priorityDefinition priority="80" />'),
            ("asked", '<zeebe:priorityDefinition priority="=urgency" />'),
        )
    )
    found = read_model(process(tasks)).human_tasks

    assert {name: task.priority for name, task in found.items()} == {"plain": "", "fixed": "80", "asked": "=urgency"}


def test_read_model_pairs_a_handler_with_what_it_undoes() -> None:
    """The boundary event's association leads from the undone activity to its handler."""
    model = read_model(process(service("a") + undo("a", "un_a")))
    assert model.undoes == {"un_a": Undo("a", takes_all=False)}


def test_read_model_takes_all_runs_of_a_multi_instance() -> None:
    """One handler job answers for a whole multi-instance."""
    many = '<bpmn:multiInstanceLoopCharacteristics isSequential="false" />'
    model = read_model(process(service("a", inside=many) + undo("a", "un_a")))
    assert model.undoes["un_a"].takes_all


def test_read_model_refuses_a_compensation_event_without_handler() -> None:
    """The error names file, line and element."""
    orphan = (
        '<bpmn:boundaryEvent id="b" attachedToRef="a"><bpmn:compensateEventDefinition id="c" /></bpmn:boundaryEvent>'
    )
    with pytest.raises(DefinitionError, match=r"p\.bpmn:4: boundaryEvent 'b' has no handler"):
        read_model(process(service("a") + orphan), file="p.bpmn")


def test_preceding_skips_gateways_and_events() -> None:
    """Only tasks come before tasks, both branches of a join included."""
    gates = '<bpmn:startEvent id="s" /><bpmn:parallelGateway id="fork" /><bpmn:parallelGateway id="join" />'
    tasks = service("a") + service("b") + service("c") + service("d")
    paths = flow("s", "a", "fork", "b", "join", "d") + flow("fork", "c", "join")
    assert read_model(process(gates + tasks + paths)).preceding == {
        "a": (),
        "b": ("a",),
        "c": ("a",),
        "d": ("b", "c"),
    }


def test_preceding_counts_a_boundary_event_as_its_task() -> None:
    """What follows a boundary event comes after the task it sits on."""
    timer = '<bpmn:boundaryEvent id="t" attachedToRef="a"><bpmn:timerEventDefinition /></bpmn:boundaryEvent>'
    model = read_model(process(service("a") + timer + service("b") + flow("t", "b")))
    assert model.preceding["b"] == ("a",)


def test_preceding_ends_in_a_loop() -> None:
    """A loop back makes a task precede itself, and the walk still ends."""
    gate = '<bpmn:exclusiveGateway id="g" />'
    model = read_model(process(gate + service("a") + service("b") + flow("g", "a", "b", "g")))
    assert model.preceding == {"a": ("b",), "b": ("a",)}


def test_preceding_passes_through_subprocesses() -> None:
    """The last task inside precedes what follows; what leads in precedes the first task inside."""
    inside = '<bpmn:startEvent id="i" />' + service("b") + '<bpmn:endEvent id="e" />' + flow("i", "b", "e")
    model = read_model(
        process(
            service("a") + f'<bpmn:subProcess id="s">{inside}</bpmn:subProcess>' + service("c") + flow("a", "s", "c")
        )
    )
    assert model.preceding == {"a": (), "s": ("a",), "b": ("a",), "c": ("b",)}


def test_preceding_follows_links() -> None:
    """A link throw continues at the link catch of the same name."""
    throw = '<bpmn:intermediateThrowEvent id="t"><bpmn:linkEventDefinition name="L" /></bpmn:intermediateThrowEvent>'
    catch = '<bpmn:intermediateCatchEvent id="k"><bpmn:linkEventDefinition name="L" /></bpmn:intermediateCatchEvent>'
    model = read_model(process(service("a") + throw + catch + service("b") + flow("a", "t") + flow("k", "b")))
    assert model.preceding["b"] == ("a",)


def user_task(form_definition: str) -> str:
    """Return a user task with a form."""
    return (
        '<bpmn:userTask id="u" name="Review"><bpmn:extensionElements>'
        f"<zeebe:formDefinition {form_definition} /></bpmn:extensionElements></bpmn:userTask>"
    )


def test_human_task_brings_its_embedded_form() -> None:
    """A form inside the model needs no other file."""
    form = '<zeebe:userTaskForm id="f">{"components": []}</zeebe:userTaskForm>'
    model = read_model(process(user_task('formKey="camunda-forms:bpmn:f"'), form))
    assert model.human_tasks["u"].name == "Review"
    assert model.human_tasks["u"].form == {"components": []}


def test_human_task_finds_its_linked_form() -> None:
    """A form named by id is taken from those given."""
    model = read_model(process(user_task('formId="f"')), forms={"f": {"id": "f"}})
    assert model.human_tasks["u"].form == {"id": "f"}


@pytest.mark.parametrize("form", ["", '<zeebe:userTaskForm id="f">[1]</zeebe:userTaskForm>'])
def test_human_task_with_a_broken_form_is_refused(form: str) -> None:
    """A form that is missing or no JSON object is the model's error."""
    with pytest.raises(DefinitionError):
        read_model(process(user_task('formKey="camunda-forms:bpmn:f"'), form))


def test_has_listeners_wants_both() -> None:
    """Adoption without the end listener is not enough."""
    both = [("start", "fleet-adopt"), ("end", "fleet-ended")]
    written = [f'<zeebe:executionListener eventType="{event}" type="{job}" />' for event, job in both]
    for found, expected in ((written, True), (written[:1], False), ([], False)):
        listeners = f"<zeebe:executionListeners>{''.join(found)}</zeebe:executionListeners>"
        assert read_model(process(service("a"), listeners)).has_listeners is expected


@pytest.mark.parametrize(
    ("bpmn", "says"),
    [
        ("<a>", "not well-formed"),
        ("<a />", "is not BPMN"),
        ("", "not well-formed"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "has a DTD"),
        (MODEL % "", "0 executable processes"),
        (process(service("a") + service("a")), "has an id that another element has too"),
        (process(flow("a", "b")), "does not exist"),
        (process(service("a").replace('id="a"', "")), "has no id"),
    ],
)
def test_read_model_refuses_nonsense(bpmn: str, says: str) -> None:
    """What is no process model is refused in words a modeler understands."""
    with pytest.raises(DefinitionError, match=says):
        read_model(bpmn)


def test_read_model_does_not_read_files_through_entities(tmp_path: Path) -> None:
    """An external entity is refused with its DTD, never resolved."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    with pytest.raises(DefinitionError) as refused:
        read_model(f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a>&x;</a>')
    assert "s3cret" not in str(refused.value)


def test_read_model_chooses_a_process_by_name() -> None:
    """A file with two processes is read for the one that is asked for."""
    two = "".join(f'<bpmn:process id="{p}" isExecutable="true">{service(p + "_task")}</bpmn:process>' for p in "pq")
    assert read_model(MODEL % two, "q").job_types == {"q_task": "q_task"}

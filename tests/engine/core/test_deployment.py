"""Deployments, and instances begun of them."""

from __future__ import annotations

import pytest

from tests.engine.core.acting import Acting, end, nothing_left, process, sub, task
from tests.engine.model.writing import HEAD, TAIL, boundary, element, flows
from zeebe_fleet.engine.core import commands
from zeebe_fleet.engine.core.commands import CreateInstance, DeleteResource, Deploy

P = process(task("work"), end(), flows("start", "work", "end"))
Q = process(task("work", job_type="q"), flows("start", "work"), name="q")


def versions(deployed: commands.Deployed) -> dict[str, tuple[int, int]]:
    """Return version and key of each process of a deployment."""
    return {one.bpmn_process_id: (one.version, one.process_definition_key) for one in deployed.processes}


def test_same_file_again_is_the_same_version() -> None:
    """B21: name and bytes count; another name is another version."""
    acting = Acting()
    first = versions(acting.deploy(P))
    assert versions(acting.deploy(P)) == first
    renamed = acting.run(Deploy((("other.bpmn", P.encode()),)))
    assert versions(renamed)["p"][0] == 2

    assert versions(acting.deploy(P))["p"][0] == 3


def test_deployment_is_all_or_nothing() -> None:
    """B21, B24: one wrong file refuses all; each is named with its elements."""
    acting = Acting()
    wrong = process(element("serviceTask", "work"), flows("start", "work"), name="wrong")
    refusal = acting.refused(Deploy((("good.bpmn", P.encode()), ("wrong.bpmn", wrong.encode()), ("a.txt", b""))))

    assert refusal.kind == "INVALID_ARGUMENT"
    assert "'wrong.bpmn': - Element: work\n    - ERROR: Must have exactly one 'zeebe:taskDefinition'" in str(refusal)
    assert "'a.txt': unknown resource type" in str(refusal)
    assert not acting.state.definitions


def test_one_changed_file_gives_all_new_versions() -> None:
    """B22: as the engine's users know it (camunda/camunda issue 19859)."""
    acting = Acting()
    acting.deploy(P, Q)
    again = versions(acting.deploy(P, Q.replace('retries="3"', 'retries="4"')))

    assert {name: version for name, (version, _) in again.items()} == {"p": 2, "q": 2}


def test_two_files_of_one_process_are_refused() -> None:
    """B21: nobody could say which is the newer one."""
    refusal = Acting().refused(Deploy((("a.bpmn", P.encode()), ("b.bpmn", P.encode()))))

    assert "Duplicated process id in resources 'a.bpmn' and 'b.bpmn'" in str(refusal)


def test_several_processes_of_a_file_have_versions_of_their_own() -> None:
    """B21: each is found by its id."""
    other = Q.replace('"start', '"q-start').replace('"work"', '"q-work"').replace("start-work", "start-q-work")
    both = HEAD + "".join(one.removeprefix(HEAD).removesuffix(TAIL) for one in (P, other)) + TAIL
    acting = Acting()
    assert set(versions(acting.deploy(both))) == {"p", "q"}
    acting.begin("p")
    acting.begin("q")

    assert acting.jobs() == ["a", "q"]


CONDITION = (
    '<bpmn:conditionalEventDefinition id="d"><bpmn:condition>=x</bpmn:condition></bpmn:conditionalEventDefinition>'
)
REFUSED: dict[str, tuple[str, str]] = {
    "condition caught": (
        "intermediateCatchEvent with a conditional event",
        element("intermediateCatchEvent", "m", CONDITION),
    ),
}
"""What each refused element is called, and one of it."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_run_is_refused_by_name(name: str) -> None:
    """B24, B58: with its element, its line, and what to take instead."""
    called, written = REFUSED[name]
    beside = '<bpmn:escalation id="e" escalationCode="E" /><bpmn:signal id="s" name="s" />'
    model = process(written, flows("start", "m"), beside=beside)
    refusal = str(Acting().refused(Deploy((("m.bpmn", model.encode()),))))

    assert f"'m.bpmn': - Element: m\n    - ERROR: This engine does not run a {called} yet (line 4). Use " in refusal


def test_condition_at_a_boundary_is_refused_by_name() -> None:
    """B58: as at every other place."""
    model = process(task("work"), boundary("m", "work", CONDITION), end(), flows("start", "work"), flows("m", "end"))
    refusal = str(Acting().refused(Deploy((("m.bpmn", model.encode()),))))

    assert "This engine does not run a boundaryEvent with a conditional event yet" in refusal


def test_deleted_version_leaves_its_number_and_the_one_before() -> None:
    """B25: the version before is the newest then; numbers are not used again."""
    acting = Acting()
    acting.deploy(P)
    second = versions(acting.deploy(P.replace("retries", 'retries="4" x', 1).replace('x="3"', "", 1)))["p"][1]
    acting.run(DeleteResource(second))
    acting = acting.restarted()
    assert acting.run(CreateInstance("p")).version == 1

    assert versions(acting.deploy(Q.replace('id="q"', 'id="p"')))["p"][0] == 3


def test_version_with_running_instances_is_not_deleted() -> None:
    """B25: up to 8.9 (camunda/camunda issue 56976); when they are over, it is."""
    acting = Acting()
    key = versions(acting.deploy(P))["p"][1]
    acting.begin()
    assert acting.refused(DeleteResource(key)).kind == "INVALID_STATE"
    acting.complete()
    acting.run(DeleteResource(key))
    assert acting.refused(DeleteResource(key)).kind == "NOT_FOUND"

    assert acting.refused(CreateInstance("p")).kind == "NOT_FOUND"


def test_tag_leads_to_the_version_before_when_the_newest_is_deleted() -> None:
    """B23, B25: a tag points to the newest version that bears it."""

    def tagged(job_type: str) -> str:
        tag = '<bpmn:extensionElements><zeebe:versionTag value="v1" /></bpmn:extensionElements>'
        model = process(task("work", job_type=job_type), flows("start", "work"), name="child")
        return model.replace('isExecutable="true">', f'isExecutable="true">{tag}', 1)

    called = '<zeebe:calledElement processId="child" bindingType="versionTag" versionTag="v1" />'
    acting = Acting()
    acting.deploy(process(element("callActivity", "c", called), flows("start", "c")))
    acting.deploy(tagged("one"))
    acting.run(DeleteResource(versions(acting.deploy(tagged("two")))["child"][1]))
    acting.begin()

    assert acting.jobs() == ["one"]


def test_version_or_key_that_is_not_there_is_not_found() -> None:
    """B57: with what was looked for; nothing named at all is a wrong argument."""
    acting = Acting()
    acting.deploy(P)
    told = {
        "process ID 'none'": CreateInstance("none"),
        "process ID 'p' and version '2'": CreateInstance("p", 2),
        "key '7'": CreateInstance(process_definition_key=7),
    }
    for words, command in told.items():
        refusal = acting.refused(command)
        assert refusal.kind == "NOT_FOUND"
        assert f"Expected to find process definition with {words}, but none found" in str(refusal)

    assert acting.refused(CreateInstance()).kind == "INVALID_ARGUMENT"


def test_instance_begins_by_key_version_or_newest() -> None:
    """B57: and says which one it is of."""
    acting = Acting()
    first = versions(acting.deploy(P))["p"][1]
    acting.deploy(P.replace('"work"', '"work" name="new"', 1))
    found = [
        acting.run(command).version
        for command in (CreateInstance("p"), CreateInstance("p", 1), CreateInstance(process_definition_key=first))
    ]

    assert found == [2, 1, 1]


def test_instance_begins_where_it_is_told() -> None:
    """B57: at several elements, in one instance of the subprocess they are in; listeners of the process come first."""
    made = '<bpmn:extensionElements><zeebe:executionListeners><zeebe:executionListener eventType="start" type="l" />'
    made += "</zeebe:executionListeners></bpmn:extensionElements>"
    model = process(
        task("before", job_type="before"),
        sub("s", task("one", job_type="one"), task("two", job_type="two"), flows("s-start", "one", "two")),
        flows("start", "before", "s"),
    ).replace('isExecutable="true">', f'isExecutable="true">{made}', 1)
    acting = Acting()
    acting.deploy(model)
    instance = acting.run(CreateInstance("p", start_elements=("one", "two"))).process_instance_key
    assert acting.jobs() == ["l"]
    acting = acting.restarted()
    acting.complete("l")
    assert acting.active() == ["s", "one", "two"]
    acting.complete("two")
    acting.complete("one")
    acting.complete("two")

    assert acting.is_over(instance)
    nothing_left(acting)


@pytest.mark.parametrize("where", ["none", "p", "start", "inside"])
def test_instance_cannot_begin_anywhere(where: str) -> None:
    """B57: not at what is not there, at start events, or in a multi-instance."""
    marker = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=x" /></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    model = process(sub("s", task("inside"), flows("s-start", "inside"), marker), flows("start", "s"))
    acting = Acting()
    acting.deploy(model)
    refusal = acting.refused(CreateInstance("p", start_elements=(where,)))

    assert refusal.kind == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "command",
    [
        Deploy((("a.bpmn", P.encode()),), tenant="red"),
        CreateInstance("p", tenant="red"),
        commands.PublishMessage("m", "k", tenant="red"),
        commands.BroadcastSignal("s", tenant="red"),
    ],
)
def test_tenant_other_than_the_default_is_refused(command: object) -> None:
    """B50: by its id; empty and `<default>` are the same."""
    acting = Acting()
    acting.deploy(P)
    acting.run(CreateInstance("p", tenant="<default>"))
    refusal = acting.refused(command)

    assert refusal.kind == "INVALID_ARGUMENT"
    assert "'red'" in str(refusal)


def test_unknown_incident_is_not_found() -> None:
    """B48: nor can one be resolved twice."""
    acting = Acting()
    acting.begun(P)
    acting.run(commands.UpdateJobRetries(acting.fail().key, 1))
    key = acting.incident().key
    acting.resolve()

    refusal = acting.refused(commands.ResolveIncident(key))
    assert refusal.kind == "NOT_FOUND"
    assert f"Expected to resolve incident with key '{key}', but no such incident was found" in str(refusal)


def test_incident_survives_a_restart_and_ends_with_its_instance() -> None:
    """B48: with its kind, text and job; cancelled, it is closed."""
    acting = Acting()
    instance = acting.begun(P)
    acting.fail(message="no paper")
    acting = acting.restarted()
    assert acting.told() == ("JOB_NO_RETRIES", "work", "no paper")
    acting.run(commands.CancelInstance(instance))

    nothing_left(acting)


def test_cancelling_what_is_not_there_is_not_found() -> None:
    """B30: nor what is over, nor an element instance."""
    acting = Acting()
    instance = acting.begun(P)
    inner = acting.of("work").key
    assert acting.refused(commands.CancelInstance(inner)).kind == "NOT_FOUND"
    acting.run(commands.CancelInstance(instance))

    refusal = acting.refused(commands.CancelInstance(instance))
    assert refusal.kind == "NOT_FOUND"
    assert "but no such process was found" in str(refusal)

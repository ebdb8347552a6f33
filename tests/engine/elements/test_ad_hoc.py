"""Ad-hoc subprocesses: what is begun in them, and when they end."""

from __future__ import annotations

import json

import pytest

from tests.engine.core.acting import Acting, end, io, nothing_left, process, task, timer
from tests.engine.model.writing import boundary, element, flow, flows
from zeebe_fleet.engine.core import commands


def ad_hoc(chosen: str = "", condition: str = "", *, cancel: bool = True, output: str = "", more: str = "") -> str:
    """Write a process of an ad-hoc subprocess with three activities, of which `b` is followed by `c`."""
    collection = f'activeElementsCollection="{chosen}" ' if chosen else ""
    extension = f"<zeebe:adHoc {collection}{output} />"
    done = f"<bpmn:completionCondition>{condition}</bpmn:completionCondition>" if condition else ""
    parts = (task("a"), task("b", job_type="b"), task("c", job_type="c"), flow("b", "c"))
    inside = element(
        "adHocSubProcess", "s", extension, *parts, done, attributes="" if cancel else 'cancelRemainingInstances="false"'
    )
    return process(inside, end(), more, flows("start", "s", "end"))


def test_chosen_activities_are_begun_and_end_it() -> None:
    """B38: with all that follows them."""
    acting = Acting()
    key = acting.begun(ad_hoc("=which"), which=["a", "b"])
    acting = acting.restarted()
    assert acting.jobs() == ["a", "b"]
    acting.complete("a")
    acting.complete("b")
    assert acting.jobs() == ["c"]
    acting.complete("c")

    assert acting.ended(key) == {"which": ["a", "b"]}
    nothing_left(acting)


def test_elements_that_can_be_begun_are_told_in_its_scope() -> None:
    """B38: `adHocSubProcessElements`."""
    acting = Acting()
    acting.begun(ad_hoc('=["a"]'.replace('"', "&quot;")))
    told = json.loads(acting.take("a").variables)["adHocSubProcessElements"]

    assert [one["elementId"] for one in told] == ["a", "b"]


@pytest.mark.parametrize("cancel", [True, False])
def test_condition_ends_it_at_once_or_with_the_rest(cancel: bool) -> None:
    """B38: `cancelRemainingInstances`."""
    acting = Acting()
    key = acting.begun(ad_hoc("=which", "=ready", cancel=cancel), which=["a", "b"], ready=False)
    acting.complete("a", ready=True)
    if not cancel:
        assert acting.jobs() == ["b"]
        acting = acting.restarted()
        acting.complete("b")
        acting.complete("c")

    assert acting.is_over(key)
    nothing_left(acting)


def test_condition_that_never_holds_keeps_it_active() -> None:
    """B38: as issue 28499 says; an activity begun by command may yet fulfil it."""
    acting = Acting()
    key = acting.begun(ad_hoc("=which", "=ready"), which=["a"], ready=False)
    acting.complete("a")
    assert not acting.is_over(key)
    acting.run(commands.ActivateAdHoc(acting.of("s").key, (("b", '{"local": 1}'),)))
    job = acting.take("b")
    assert json.loads(job.variables)["local"] == 1
    acting.run(commands.CompleteJob(job.key, '{"ready": true}'))

    assert acting.is_over(key)
    nothing_left(acting)


def test_nothing_chosen_waits_for_a_command() -> None:
    """B38: with an empty collection, or none."""
    for model in (ad_hoc(), ad_hoc("=[]")):
        acting = Acting()
        key = acting.begun(model)
        assert acting.active() == ["s"]
        acting.run(commands.ActivateAdHoc(acting.of("s").key, (("a", "{}"),)))
        acting.complete("a")
        assert acting.is_over(key)


def test_outputs_are_collected_in_the_order_of_the_ends() -> None:
    """B38: and given to the scope around."""
    acting = Acting()
    output = 'outputCollection="all" outputElement="=got"'
    key = acting.begun(ad_hoc("=which", output=output), which=["a", "b"])
    acting.complete("b", got="b")
    acting.complete("a", got="a")
    acting.complete("c", got="c")

    assert acting.ended(key)["all"] == ["b", "a", "c"]


@pytest.mark.parametrize("which", [3, ["a", 1], ["a", "c"], ["nobody"]])
def test_wrong_collection_is_an_incident_at_it(which: object) -> None:
    """B38: repaired, it goes on; `c` has a flow that leads to it."""
    acting = Acting()
    key = acting.begun(ad_hoc("=which"), which=which)
    kind, at, told = acting.told()
    assert (kind, at) == ("EXTRACT_VALUE_ERROR", "s")
    assert told.startswith("Failed to activate ad-hoc elements.")
    acting.set(key, which=["a"])
    acting.resolve()
    acting.complete("a")

    assert acting.is_over(key)


def test_command_refuses_what_cannot_be_begun() -> None:
    """B38: all or nothing."""
    acting = Acting()
    acting.begun(ad_hoc("=[]"))
    key = acting.of("s").key
    for elements in ((("nobody", "{}"),), (("a", "{}"), ("a", "{}")), (("a", "{}"), ("c", "{}"))):
        acting.refused(commands.ActivateAdHoc(key, elements))
    assert acting.refused(commands.ActivateAdHoc(key + 1_000, (("a", "{}"),))).kind == "NOT_FOUND"


def test_command_may_end_what_is_active() -> None:
    """B38: `cancelRemainingInstances` of the command."""
    acting = Acting()
    acting.begun(ad_hoc("=which"), which=["a"])
    acting.run(commands.ActivateAdHoc(acting.of("s").key, (("b", "{}"),), cancel_remaining=True))

    assert acting.jobs() == ["b"]


def test_boundary_event_ends_it() -> None:
    """B29, B38: as any subprocess."""
    acting = Acting()
    more = boundary("t", "s", timer("timeDuration", "PT5S")) + task("late", job_type="late") + flow("t", "late")
    key = acting.begun(ad_hoc("=which", more=more), which=["a"])
    acting.pass_time(5_000)
    assert acting.jobs() == ["late"]
    acting.complete("late")
    assert acting.is_over(key)
    nothing_left(acting)


def test_one_whose_activities_a_job_chooses_is_refused_by_name() -> None:
    """B38: job results of that kind are not served yet."""
    model = process(
        element("adHocSubProcess", "s", '<zeebe:taskDefinition type="agent" />', task("a")),
        end(),
        flows("start", "s", "end"),
    )
    refusal = Acting().refused(commands.Deploy((("p.bpmn", model.encode()),)))

    assert "does not run a adHocSubProcess whose activities a job chooses yet" in str(refusal)


def test_mapped_outputs_are_all_that_goes_on() -> None:
    """B18, B38: what is collected can be read by them."""
    acting = Acting()
    mapped = io(("output", "=count(all)", "n"))
    model = ad_hoc("=which", output='outputCollection="all" outputElement="=got"').replace(
        "<zeebe:adHoc", mapped + "<zeebe:adHoc"
    )
    key = acting.begun(model, which=["a"])
    acting.complete("a", got=1)

    assert acting.ended(key) == {"which": ["a"], "n": 1, "got": 1}

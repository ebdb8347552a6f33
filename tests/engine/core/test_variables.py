"""Variables: where they are set, seen and mapped to."""

from __future__ import annotations

import json

import pytest

from tests.engine.core.acting import Acting, end, io, nothing_left, process, sub, task
from tests.engine.model.writing import flows
from zeebe_fleet.engine.core import commands


def in_sub(*mappings: tuple[str, str, str], inside: str = "") -> str:
    """Write a task in a subprocess with mappings."""
    return process(sub("s", io(*mappings), task("work", inside), flows("s-start", "work")), flows("start", "s"))


def test_result_goes_to_the_nearest_scope_that_has_the_name() -> None:
    """B17: else to the process."""
    acting = Acting()
    instance = acting.begun(in_sub(("input", "=1", "near")), far=1)
    acting.set(acting.of("work").key, local=True, own=1)
    acting.complete("a", near=2, far=2, new=2, own=2)

    assert acting.ended(instance) == {"far": 2, "new": 2}


def test_input_mappings_see_those_before_them() -> None:
    """B18: they are made in order, as local variables; what is missing is null."""
    acting = Acting()
    inputs = io(("input", "=x + 1", "y"), ("input", "=y + 1", "z"), ("input", "=gone", "n"))
    instance = acting.begun(process(task("work", inputs), flows("start", "work")), x=1)

    assert json.loads(acting.take().variables) == {"x": 1, "y": 2, "z": 3, "n": None}
    assert acting.variables(instance) == {"x": 1}


def test_input_mapping_writes_the_whole_object() -> None:
    """B18: a nested target makes a local object of its own, which has nothing of one outside."""
    acting = Acting()
    inputs = io(("input", "=1", "o.a.b"), ("input", "=2", "o.c"))
    acting.begun(process(task("work", inputs), flows("start", "work")), o={"old": True})

    assert json.loads(acting.take().variables) == {"o": {"a": {"b": 1}, "c": 2}}


def test_output_mapping_merges_the_leaf() -> None:
    """B18: the object outside keeps its other members."""
    acting = Acting()
    outputs = io(("output", "=r", "o.a.b"), ("output", "=o.a.b + 1", "o.c"))
    instance = acting.begun(process(task("work", outputs), flows("start", "work")), o={"old": True, "a": {"x": 0}})
    acting.complete("a", r=1, s=5)

    assert acting.ended(instance) == {"o": {"old": True, "a": {"x": 0, "b": 1}, "c": 2}}


def test_result_stays_local_where_outputs_are_mapped() -> None:
    """B18: only what is mapped goes up; a null is a value."""
    acting = Acting()
    outputs = io(("output", "=r + 1", "up"), ("output", "=null", "none"))
    instance = acting.begun(process(task("work", outputs), flows("start", "work")), none=1)
    acting.complete("a", r=1)

    assert acting.ended(instance) == {"none": None, "up": 2}


def test_locals_of_a_subprocess_vanish_unless_mapped() -> None:
    """B19: an output mapping of the subprocess takes them up."""
    acting = Acting()
    instance = acting.begun(in_sub(("input", "=1", "mine"), ("input", "=2", "lost"), ("output", "=mine", "kept")))
    acting.complete("a", mine=5)

    assert acting.ended(instance) == {"kept": 5}


def test_variables_are_set_locally_or_outwards() -> None:
    """B19: local sets them right there, else each where its name is."""
    acting = Acting()
    instance = acting.begun(in_sub(("input", "=1", "near")), far=1)
    scope = acting.of("s").key
    acting.set(scope, local=True, far=9)
    acting.set(acting.of("work").key, near=2, far=2, new=2)

    assert acting.variables(scope) == {"near": 2, "far": 2}
    assert acting.variables(instance) == {"far": 1, "new": 2}


def test_variables_of_a_scope_that_is_gone_are_refused() -> None:
    """B19: also when there are none: so clients ask whether an instance lives."""
    acting = Acting()
    refusal = acting.refused(commands.SetVariables(7))

    assert refusal.kind == "NOT_FOUND"
    assert "no such element was found" in str(refusal)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9.223372036854776e+18"),
        ("[9223372036854775808]", "[9.223372036854776e+18]"),
        ("1.50", "1.50"),
        ("1e2", "1e2"),
    ],
)
def test_integers_have_64_bits(written: str, kept: str) -> None:
    """B20: beyond them they are doubles; all other numbers stay as they were written."""
    acting = Acting()
    acting.deploy(process(task("work"), flows("start", "work")))
    acting.run(commands.CreateInstance("p", variables=f'{{"x": {written}}}'))

    assert acting.take().variables == f'{{"x":{kept}}}'


@pytest.mark.parametrize("document", ["[]", "1", '"x"', "null", "{", '{"x":}', "{'x':1}", '{"x":NaN}', "{} {}", "x"])
def test_document_that_is_no_object_is_refused(document: str) -> None:
    """B20: wherever variables are given; its contents are not quoted."""
    acting = Acting()
    instance = acting.begun(process(task("work"), flows("start", "work")))
    key = acting.take().key
    given = [
        commands.CreateInstance("p", variables=document),
        commands.CompleteJob(key, document),
        commands.FailJob(key, 1, variables=document),
        commands.ThrowError(key, "E", variables=document),
        commands.SetVariables(instance, document),
        commands.PublishMessage("m", "k", variables=document),
        commands.BroadcastSignal("s", document),
    ]

    assert {acting.refused(one).kind for one in given} == {"INVALID_ARGUMENT"}


def test_of_a_name_that_is_there_twice_the_last_counts() -> None:
    """B20: as JSON's readers have it."""
    acting = Acting()
    acting.deploy(process(task("work"), flows("start", "work")))
    acting.run(commands.CreateInstance("p", variables='{"x":1,"x":2}'))

    assert json.loads(acting.take().variables) == {"x": 2}


def test_document_may_be_deep_but_not_bottomless() -> None:
    """B20: two hundred levels are kept as they are, a hundred thousand are refused in a sentence."""
    acting = Acting()
    acting.deploy(process(task("work"), end(), flows("start", "work", "end")))
    deep = '{"x":' + "[" * 150 + "]" * 150 + "}"
    acting.run(commands.CreateInstance("p", variables=deep))
    assert acting.take().variables == deep
    bottomless = '{"x":' + "[" * 100_000 + "]" * 100_000 + "}"

    assert acting.refused(commands.CreateInstance("p", variables=bottomless)).kind == "INVALID_ARGUMENT"


@pytest.mark.parametrize("kind", ["input", "output"])
def test_mapping_that_fails_is_an_incident_until_it_works(kind: str) -> None:
    """B48: input and output mappings are run again when the incident is resolved."""
    acting = Acting()
    failing = io((kind, "=assert(x, x != null)", "y"))
    instance = acting.begun(process(task("work", failing), flows("start", "work")))
    if kind == "output":
        acting.complete("a", r=1)
    assert acting.told()[:2] == ("IO_MAPPING_ERROR", "work")
    acting.set(instance, x=1)
    acting.resolve()
    if kind == "input":
        acting.complete()

    nothing_left(acting)

"""Lint takes as long as a model is long: the figures of its design, in processor time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bpmn.models import element, flows, model, task
from zeebe_fleet.bpmn.tooling.judging import judge
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.subject import Subject

_TASKS = 4_000
_MOST_S = 3.0
_ENDS = (element("startEvent", "start"), element("endEvent", "end"))


def _chain(count: int) -> bytes:
    """One task after the other, each reading what the one before it gives."""
    names = [f"t{number}" for number in range(count)]
    tasks = (task(name, f"job.{name}") for name in names)
    return model(*_ENDS, *tasks, flows(f"start {' '.join(names)} end"))


def _branches(count: int) -> bytes:
    """Tasks side by side, each of which may see what all others give."""
    names = [f"t{number}" for number in range(count)]
    tasks = (task(name, f"job.{name}") for name in names)
    gates = (element("parallelGateway", "fork"), element("parallelGateway", "join"))
    return model(*_ENDS, *gates, *tasks, flows("start fork", "join end", *(f"fork {name} join" for name in names)))


def _loops(count: int) -> bytes:
    """Tasks after which a choice leads back to the first."""
    half = range(count // 2)
    tasks = (task(f"t{number}", f"job.t{number}") for number in half)
    choices = (element("exclusiveGateway", f"g{number}", default=f"g{number}_t0") for number in half)
    way = " ".join(f"t{number} g{number}" for number in half)
    back = (f"g{number} t0" for number in half)
    conditions = {f"g{number}_t{number + 1}": f"=v{number} = null" for number in half}
    return model(*_ENDS, *tasks, *choices, flows(f"start {way} end", *back, **conditions))


def _one_variable(count: int) -> bytes:
    """One task after the other, each of which writes the variable that all read."""
    names = [f"t{number}" for number in range(count)]
    mapping = '<zeebe:output source="=if v0 = null then v0 else v1" target="v0" />'
    tasks = (task(name, f"job.{name}", mapping=mapping) for name in names)
    return model(*_ENDS, *tasks, flows(f"start {' '.join(names)} end"))


def _subject(bpmn: bytes, count: int) -> Subject:
    string = {"type": "string"}
    jobs = {
        f"job.t{number}": {
            "description": "Hands on.",
            "effects": "none",
            "input": {"type": "object", "properties": {f"v{number - 1}": string, "v0": string}},
            "output": {"type": "object", "properties": {f"v{number}": string}},
        }
        for number in range(count)
    }
    said = {"name": "p", "version": "1.0.0", "description": "Large.", "job_types": jobs}
    manifest = Manifest.model_validate(said | {"input": {"type": "object", "properties": {"v-1": string}}})
    return Subject(ProcessPackage(Path("p"), manifest, bpmn))


@pytest.mark.parametrize(
    ("made", "count"), [(_chain, _TASKS), (_branches, _TASKS // 4), (_loops, _TASKS // 4), (_one_variable, _TASKS // 4)]
)
def test_lint_of_four_thousand_tasks_takes_three_seconds(made: Callable[[int], bytes], count: int) -> None:
    """Whatever leads where, and whatever is handed on; a part of them takes a part of that."""
    subject = _subject(made(count), count)
    begun = time.process_time()
    judge(subject)
    assert time.process_time() - begun < _MOST_S * count / _TASKS

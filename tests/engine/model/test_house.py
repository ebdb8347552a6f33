"""Every model that the house deploys is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.workload import five_tasks, many_waiting
from tests.chaos import models
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.engine.model import read

ROOT = Path(__file__).parents[3]
LINT_ONLY = ROOT / "tests" / "bpmn" / "rules"
DEPLOYED = sorted(
    file
    for folder in ("bpmn", "deploy/scaffold", "tests")
    for file in (ROOT / folder).rglob("*.bpmn")
    if LINT_ONLY not in file.parents
)
WRITTEN = {
    "order": models.order("x"),
    "chain": models.chain("x", ["a", "b"]),
    "timer gap": models.gap("x", "timer", undone=True),
    "migrated gap": models.gap("x", "migrate", undone=False),
    "loop": models.compensated_loop("x"),
    "multi-instance": models.compensated_multi_instance("x"),
    "five tasks": five_tasks("x", listeners=True),
    "many waiting": many_waiting("x", 10),
}


@pytest.mark.parametrize("file", DEPLOYED, ids=lambda file: str(file.relative_to(ROOT)))
def test_file_of_the_house_is_read(file: Path) -> None:
    """One process, with a start and its jobs."""
    (process,) = read(file.name, file.read_bytes()).processes

    assert process.none_start is not None or process.id
    assert all(element.job for element in process.elements.values() if element.tag == "serviceTask")


def test_all_files_of_the_house_are_found() -> None:
    """A wrong folder would make the test above hold for nothing."""
    assert len(DEPLOYED) >= 19


@pytest.mark.parametrize("name", WRITTEN)
def test_model_written_by_code_is_read(name: str) -> None:
    """Those of chaos and of the bench."""
    (process,) = read("x.bpmn", WRITTEN[name].encode()).processes

    assert process.none_start is not None


def test_handlers_of_the_chaos_models_are_found() -> None:
    """Associations come last there, and go from the boundary event to the handler."""
    (process,) = read("x.bpmn", models.order("x").encode()).processes

    undone = {element.id: element.handler.id for element in process.elements.values() if element.handler}
    assert undone == {"write-undo": "unwrite", "book-undo": "unbook"}


def test_package_with_forms_is_read_as_it_is_deployed() -> None:
    """Forms are embedded, and user tasks name them by their key."""
    resource, _ = load_package(ROOT / "bpmn" / "purchase_approval").resources()

    (process,) = read(resource.name, resource.content).processes

    keys = [task.user_task.form_key for task in process.elements.values() if task.user_task]
    assert keys
    assert all(str(key).startswith("camunda-forms:bpmn:") for key in keys)

"""The tutorial on a process of one's own, followed: its files fit together and its test passes on an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

import zeebe_fleet
from tests.followed import follow, run_tests
from zeebe_fleet.bpmn.tooling.lint import lint_folder

PAGE = Path(zeebe_fleet.__file__).parent / "docs/tutorial/own-process.md"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project with every file of the tutorial in its place."""
    return follow(PAGE, tmp_path)[0]


def test_tutorial_says_every_file_that_it_changes(project: Path) -> None:
    """Whoever follows it has a model, a form, a manifest, a task and a test that fit together."""
    assert lint_folder(project / "myflows/processes") == []


@pytest.mark.timeout(300)
def test_tutorial_ends_with_a_test_that_passes(project: Path) -> None:
    """The process with a person in it runs to its end on an engine."""
    said = run_tests(project, timeout_s=240)
    assert "3 passed" in said, said

"""The tutorial on a process of one's own, followed: its files fit together and its test passes on a real engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zeebe_fleet
from zeebe_fleet.bpmn.tooling.lint import lint_folder
from zeebe_fleet.deploy.new import create_project

PAGE = Path(zeebe_fleet.__file__).parent / "docs/tutorial/own-process.md"
_FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project with every file of the tutorial in its place."""
    folder = create_project("myflows", tmp_path)
    for name, content in _FILE.findall(PAGE.read_text("utf-8")):
        (folder / name).write_text(content, "utf-8")
    return folder


def test_tutorial_says_every_file_that_it_changes(project: Path) -> None:
    """Whoever follows it has a model, a form, a manifest, a task and a test that fit together."""
    assert lint_folder(project / "myflows/processes") == []


@pytest.mark.timeout(300)
def test_tutorial_ends_with_a_test_that_passes(project: Path) -> None:
    """The process with a person in it runs to its end on a real engine."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr

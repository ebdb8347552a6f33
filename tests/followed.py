"""A page of the docs, followed as a user does: its files in a new project, whose tests are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from zeebe_fleet.deploy.new import create_project

_FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)


def follow(page: Path, parent: Path) -> tuple[Path, list[str]]:
    """Make a project with every file of a page in its place; returns its folder and the files' names."""
    folder = create_project("myflows", parent)
    return folder, write_files(page, folder)


def write_files(page: Path, folder: Path) -> list[str]:
    """Put every file of a page in its place; returns the files' names."""
    files = _FILE.findall(page.read_text("utf-8"))
    for name, content in files:
        (folder / name).write_text(content, "utf-8")
    return [name for name, _ in files]


def run_tests(folder: Path, *names: str, timeout_s: float) -> str:
    """Run a project's tests, or some of its files, and return what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return done.stdout + done.stderr

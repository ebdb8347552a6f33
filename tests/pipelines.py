"""Runs what a pipeline's file says, as GitHub and GitLab do: each job's commands in a clean copy, until one fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(\S+)\s*\}\}")
_COMPARED = re.compile(r"(\S+)\s*(==|!=)\s*(\S+)")
_INSTALL = "pip install -r requirements.txt"
"""Done by whoever runs the tests."""


@dataclass(frozen=True)
class Job:
    """Commands that run in one copy of the repository, each with its environment."""

    name: str
    commands: list[tuple[str, Mapping[str, str]]]


@dataclass
class Run:
    """What came of a pipeline."""

    done: list[str] = field(default_factory=list)
    """Commands that went well."""
    failed: str = ""
    """The one that did not, after which nothing was run."""
    said: str = ""


def github(folder: Path, known: Mapping[str, str], *, main: bool) -> list[Job]:
    """Read the workflow of GitHub as it is run for a branch, or for `main`.

    Args:
        known: variables and secrets, as `vars.X` and `secrets.X`.
    """
    text = (folder / ".github/workflows/definitions.yml").read_text("utf-8")
    read: dict[Any, Any] = yaml.safe_load(text)
    events = read[True]  # what YAML takes `on` for
    assert events["push"]["branches"] == ["main"]
    assert "pull_request" in events
    context = {
        **known,
        "github.event_name": "push" if main else "pull_request",
        "github.ref": "refs/heads/main" if main else "refs/pull/7/merge",
        "github.event.pull_request.head.repo.fork": "" if main else "false",
    }

    def environment(part: Mapping[str, Any]) -> dict[str, str]:
        named = part.get("env", {})
        return {name: _EXPRESSION.sub(lambda found: context[found[1]], str(value)) for name, value in named.items()}

    def commands(job: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
        for step in job["steps"]:
            if "run" in step and _holds(step.get("if", ""), context):
                yield step["run"], {**environment(read), **environment(job), **environment(step)}

    jobs = read["jobs"].items()
    return [Job(name, list(commands(job))) for name, job in jobs if _holds(job.get("if", ""), context)]


def gitlab(folder: Path, known: Mapping[str, str], *, main: bool) -> list[Job]:
    """Read the pipeline of GitLab as it is run for a merge request, or for `main`; `known` are its variables."""
    read = yaml.safe_load((folder / ".gitlab-ci.yml").read_text("utf-8"))
    context = {f"${name}": value for name, value in known.items()} | {"$CI_DEFAULT_BRANCH": "main"}
    context |= {"$CI_COMMIT_BRANCH": "main"} if main else {"$CI_PIPELINE_SOURCE": "merge_request_event"}

    def runs(part: Mapping[str, Any]) -> bool:
        return any(_holds(rule["if"], context) for rule in part.get("rules", [{"if": ""}]))

    assert runs(read["workflow"])
    before = read["default"]["before_script"]
    jobs = [(name, job) for name, job in read.items() if isinstance(job, dict) and "script" in job and runs(job)]
    jobs.sort(key=lambda job: read["stages"].index(job[1]["stage"]))
    return [Job(name, [(command, known) for command in [*before, *job["script"]]]) for name, job in jobs]


def run(folder: Path, jobs: list[Job], copies: Path, but: Collection[str] = ()) -> Run:
    """Run jobs one after the other, each in a clean copy of what Git would have.

    Args:
        but: commands that are left out, since they were run before and take long.
    """
    came_of = Run()
    for job in jobs:
        copy = copies / f"{job.name}-{len(list(copies.iterdir()))}"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git", "*.key"))
        for command, environment in job.commands:
            if command not in (_INSTALL, *but) and not _command(command, environment, copy, came_of):
                return came_of
    return came_of


def _command(command: str, environment: Mapping[str, str], folder: Path, came_of: Run) -> bool:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("FLEET_", "PYTEST_", "AWS_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**ours, "PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    came_of.said = f"{done.stdout}Exit status {done.returncode}."
    if done.returncode:
        came_of.failed = command
        return False
    came_of.done.append(command)
    return True


def _holds(condition: str, context: Mapping[str, str]) -> bool:
    """Decide a condition of comparisons: whatever else one may hold is not understood, and fails."""
    for part in filter(None, (one.strip() for one in condition.split("&&"))):
        compared = _COMPARED.fullmatch(part)
        assert compared, f"not understood: {part}"
        left, operator, right = compared.groups()
        if (_value(left, context) == _value(right, context)) != (operator == "=="):
            return False
    return True


def _value(word: str, context: Mapping[str, str]) -> str:
    if word[0] in "'\"":
        return word[1:-1]
    return context.get(word, "") if word.startswith(("$", "github.")) else word

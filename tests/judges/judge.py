"""Asks the engines in Java that Camunda has opened: its FEEL engine, and its DMN engine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.java.build import DECISIONS, java
from tests.judges.agreement import Answer


def asked(questions: Sequence[dict[str, Any]]) -> list[Answer]:
    """Return the answers to questions, in their order."""
    command = java(DECISIONS, Path(__file__).parent).command("Judge")
    lines = "".join(f"{json.dumps(question)}\n" for question in questions)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answers: list[Answer] = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), done.stderr[-2_000:]
    return answers

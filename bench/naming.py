"""What harness and contestants call the work; nothing else, so that a contestant carries no more than its own weight."""

from __future__ import annotations


def job_type(prefix: str) -> str:
    """Return the job type of all five tasks: one bound of slots, one source of jobs."""
    return f"{prefix}.task"

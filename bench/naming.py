"""What harness and contestants call the work; nothing else, so that a contestant carries its own weight alone."""

from __future__ import annotations


def job_type(prefix: str) -> str:
    """Return the job type of all five tasks: one bound of slots, one source of jobs."""
    return f"{prefix}.task"

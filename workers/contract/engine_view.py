"""What an engine says of one instance: where its tokens are, and what it knows and waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EngineElement:
    """An element of an instance, from when it was entered."""

    key: int
    element_id: str
    name: str
    kind: str
    """In the engine's words, like `SERVICE_TASK`."""
    state: str
    """`ACTIVE`, `COMPLETED` or `TERMINATED`."""
    has_incident: bool
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class EngineVariable:
    """A variable of a scope; its value as JSON text, cut where it is long."""

    name: str
    value: str
    scope_key: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class EngineJob:
    """A job, with the last that was said of it."""

    key: int
    kind: str
    """In the engine's words, like `BPMN_ELEMENT`."""
    job_type: str
    element_id: str
    state: str
    """In the engine's words, like `CREATED` or `FAILED`; a job at work keeps the one before."""
    retries: int
    worker: str
    deadline: datetime | None
    error_message: str


@dataclass(frozen=True, slots=True)
class EngineIncident:
    """An incident, open or resolved."""

    key: int
    error_type: str
    message: str
    """In the words of whoever raised it, which may hold personal data."""
    element_id: str
    job_key: int | None
    state: str
    created_at: datetime | None
    element_instance_key: int | None = None


@dataclass(frozen=True, slots=True)
class EngineCalled:
    """An instance that a call activity began."""

    process_instance_key: int
    process_name: str
    version: int
    state: str
    has_incident: bool
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class InstanceView:
    """One instance as its engine has it, in the order in which things came to be.

    Args:
        whole: whether it is all; else the oldest of something are missing.
    """

    process_instance_key: int
    state: str
    elements: tuple[EngineElement, ...]
    variables: tuple[EngineVariable, ...]
    jobs: tuple[EngineJob, ...]
    incidents: tuple[EngineIncident, ...]
    called: tuple[EngineCalled, ...]
    whole: bool

"""What became of a job: a value first, the engine's verb later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Complete:
    """The action is done; its result goes to the process as variables."""

    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fail:
    """The action failed; with `retries` 0 the engine raises an incident.

    The engine is told when `backoff_ms` are over; until then the job stays leased.
    """

    message: str
    retries: int
    backoff_ms: int = 0


@dataclass(frozen=True, slots=True)
class ThrowError:
    """The action ended in a BPMN error that the model catches."""

    code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandBack:
    """Nothing was done and no retry is spent; the job goes to whoever is free.

    A suspect one may have ended the process it ran in: its attempt stays open, so that the next one runs alone.
    """

    reason: str
    backoff_ms: int = 0
    suspect: bool = False


Outcome = Complete | Fail | ThrowError
"""What is recorded and owed to the engine; a `HandBack` is never owed."""

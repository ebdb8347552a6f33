"""Every error the fleet raises, and what each one means to the engine.

FleetError                      message and suggestion
├── TransientError              FailJob with backoff, costs a retry
├── PermanentError              incident at once
├── BusinessError               ThrowError: a BPMN error the manifest declares
├── StaleError                  somebody else holds the job now: nothing to do
├── InfrastructureError         the job is handed back, no retry spent
│   └── RecordsUnavailable      PostgreSQL does not answer
├── DefinitionError             a model, manifest or task that cannot work
└── EngineError                 what the engine answered
    ├── EngineUnavailable       no answer, or none in time
    │   ├── EngineBusy          backpressure: again, later
│   └── EngineBroke         it failed inside: again, but it may never take it
    ├── EngineGone              NOT_FOUND: the job, instance or definition is not there
    ├── EngineConflict          the thing exists, in another state
    ├── EngineRejected          the engine refused the request itself
    └── EngineDenied            credentials or permissions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class FleetError(Exception):
    """Something went wrong that a person can act on.

    Args:
        message: what happened, without secrets or personal data.
        suggestion: what to do next; may be empty when only the sender can know.
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion

    def __str__(self) -> str:
        return f"{self.message} {self.suggestion}".strip()


class TransientError(FleetError):
    """The action may succeed later; the job is retried after a backoff and costs a retry.

    Args:
        retry_after_s: seconds the other side asked to be left alone, if it did.
    """

    def __init__(self, message: str, suggestion: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message, suggestion)
        self.retry_after_s = retry_after_s


class PermanentError(FleetError):
    """The action cannot succeed as things stand; an incident is raised at once."""


class BusinessError(FleetError):
    """An outcome the process model handles: thrown to the engine as a BPMN error.

    Args:
        code: error code in SCREAMING_SNAKE, declared by the model.
        variables: what the catching event receives.
    """

    def __init__(self, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(message or code)
        self.code = code
        self.variables = dict(variables or {})


class StaleError(FleetError):
    """The step was claimed again by another delivery; what this one did is rolled back."""


class InfrastructureError(FleetError):
    """Something of ours is down; the job goes back untouched."""


class RecordsUnavailable(InfrastructureError):
    """PostgreSQL cannot be reached or cut the connection."""


class DefinitionError(FleetError):
    """A process model, manifest or task that cannot work as written."""


class EngineError(FleetError):
    """An answer of the engine other than success."""


class EngineUnavailable(EngineError):
    """The engine did not answer, or not in time; whether it acted is unknown."""


class EngineBusy(EngineUnavailable):
    """The engine pushes back; it did nothing."""


class EngineBroke(EngineUnavailable):
    """The engine, or who stands before it, failed over the request; whether it acted is unknown."""


class EngineGone(EngineError):
    """The job, instance, incident or definition does not exist (any more)."""


class EngineConflict(EngineError):
    """The thing exists, but its state does not allow the request."""


class EngineRejected(EngineError):
    """The engine refused the request for what it says; sending it again changes nothing."""


class EngineDenied(EngineError):
    """Credentials are missing, wrong, or not allowed to do this."""

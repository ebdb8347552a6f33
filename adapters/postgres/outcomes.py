"""How an outcome is written down: as the state of a step, and as something owed to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeebe_fleet.workers.contract.outcomes import Complete, Fail, Outcome, ThrowError
from zeebe_fleet.workers.contract.records import StepState

#: told twice at once, and the second answer came first: it was heard nevertheless
HEARD = """
UPDATE step SET state = 'COMPLETED'
FROM unnest($1::bigint[], $2::int[]) AS s (step_id, fence)
WHERE step.step_id = s.step_id AND step.fence = s.fence AND state IN ('UNCERTAIN', 'ORPHANED')
    AND compensated_by IS NULL
"""


def state_of(outcome: Outcome) -> StepState:
    """Return the state a step ends in; a failure without retries is an incident."""
    match outcome:
        case Complete():
            return StepState.COMPLETED
        case ThrowError():
            return StepState.THROWN
        case Fail():
            return StepState.FAILED if outcome.retries else StepState.INCIDENT


def verb_of(outcome: Outcome) -> str:
    """Return the verb the engine is owed."""
    match outcome:
        case Complete():
            return "COMPLETE"
        case ThrowError():
            return "THROW_ERROR"
        case Fail():
            return "FAIL"


def payload_of(outcome: Outcome, job_retries: int = 0) -> dict[str, Any]:
    """Return what goes with the verb; `was` lets a redelivery tell whether the engine heard of a failure."""
    match outcome:
        case Complete():
            return {"variables": dict(outcome.variables)}
        case ThrowError():
            return {"code": outcome.code, "message": outcome.message, "variables": dict(outcome.variables)}
        case Fail():
            return {
                "message": outcome.message,
                "retries": outcome.retries,
                "backoff_ms": outcome.backoff_ms,
                "was": job_retries,
            }


def error_of(outcome: Outcome) -> dict[str, Any] | None:
    """Return what is kept of a failure, for people."""
    if isinstance(outcome, Complete):
        return None
    return {name: value for name, value in payload_of(outcome).items() if name != "was"}


def owed_outcome(verb: str, payload: Mapping[str, Any]) -> Outcome:
    """Read an outcome back from what is owed.

    Raises:
        ValueError: the verb is not a job's.
    """
    match verb:
        case "COMPLETE":
            return Complete(payload.get("variables", {}))
        case "THROW_ERROR":
            return ThrowError(payload["code"], payload["message"], payload["variables"])
        case "FAIL":
            return Fail(payload["message"], payload["retries"], payload["backoff_ms"])
    raise ValueError(f"{verb} is no outcome of a job")

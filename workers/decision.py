"""What an error means to the engine: the one place where the exception decides the verb."""

from __future__ import annotations

import json
import random
from typing import TypeVar

from zeebe_fleet.workers.contract.errors import (
    BusinessError,
    FleetError,
    InfrastructureError,
    PermanentError,
    TransientError,
)
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.contract.variables import unfit
from zeebe_fleet.workers.raised import ProcessEnded, gravest, raised

Told = TypeVar("Told", Complete, ThrowError)
RESULT_LIMIT_BYTES = 256 * 1024
_BACKOFF_BASE_S = 1.0
_BACKOFF_CAP_S = 300.0
_MOST_DOUBLINGS = 32
"""Far beyond either cap, and far from what a float cannot hold."""
_HAND_BACK_CAP_S = 5.0
"""What is ours and down, comes back; a job that waits longer than that would be taken for one that is stuck."""


def decide(error: Exception, claim: Claim, *, repeatable: bool = True) -> Outcome | HandBack:
    """Turn what an action raised into an outcome.

    Of a group it is the gravest that counts.

    Foreign errors give their type and place alone: their text may hold secrets or personal data. What an action
    that must not be repeated has done is known only if it says so, by a business or a permanent error.
    """
    if not repeatable and not all(isinstance(one.error, BusinessError | PermanentError) for one in raised(error)):
        return HandBack("whether its effect happened is unknown", suspect=True)
    found = gravest(error)
    match found.error:
        case BusinessError() as thrown:
            return _thrown(thrown)
        case PermanentError() as permanent:
            return Fail(str(permanent), retries=0)
        case InfrastructureError() as down:
            return HandBack(str(down), backoff_ms=_backoff_ms(claim.delivery - 1, _HAND_BACK_CAP_S))
        case _ if found.is_of(InfrastructureError):
            return HandBack("PostgreSQL cut the connection", _backoff_ms(claim.delivery - 1, _HAND_BACK_CAP_S))
        case TransientError() as transient:
            return _retry(str(transient), claim, transient.retry_after_s)
        case ProcessEnded():
            return HandBack("a process of its pool ended", suspect=True)
        case FleetError() as ours:
            return _retry(str(ours), claim)
        case _:
            return _retry(f"{found.kind} at {found.place}", claim)


def bounded(outcome: Told) -> Told:
    """Refuse variables that no process should carry.

    Raises:
        PermanentError: more than 256 KB of JSON, or none that can be kept; says where.
    """
    if not outcome.variables:
        return outcome
    if wrong := unfit(outcome.variables):
        raise PermanentError(
            f"The result is no JSON that can be kept: {wrong}.",
            "Variables hold objects, lists, text, numbers of 64 bits, booleans and null; write larger numbers as text.",
        )
    size_bytes = len(json.dumps(dict(outcome.variables), ensure_ascii=False).encode())
    if size_bytes > RESULT_LIMIT_BYTES:
        raise PermanentError(
            f"The result is {size_bytes // 1024} KB of JSON; the limit is {RESULT_LIMIT_BYTES // 1024} KB.",
            "Store it in a business table and return its key.",
        )
    return outcome


def _thrown(error: BusinessError) -> Outcome:
    try:
        return bounded(ThrowError(error.code, error.message, error.variables))
    except PermanentError as wrong:
        return Fail(str(wrong), retries=0)


def _retry(message: str, claim: Claim, retry_after_s: float | None = None) -> Fail:
    retries = max(claim.job.retries - 1, 0)
    if not retries:
        return Fail(message, retries=0)
    return Fail(message, retries, max(_backoff_ms(claim.failures), int((retry_after_s or 0.0) * 1000)))


def _backoff_ms(times: int, cap_s: float = _BACKOFF_CAP_S) -> int:
    """Double from one second; half of it is chance, so that a crowd does not come back as one."""
    full_s = min(_BACKOFF_BASE_S * 2.0 ** min(times, _MOST_DOUBLINGS), cap_s)
    return int(1000 * full_s * random.uniform(0.5, 1.0))

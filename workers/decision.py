"""What an error means to the engine: the one place where the exception decides the verb."""

from __future__ import annotations

import json
import math
import random
import re
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
_LONGEST_ASKED_S = 24 * 3600.0
_LONGEST_WORDS = 4_000
_UNFIT = re.compile("[\x00\ud800-\udfff]")


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
            return Fail(_words(permanent), retries=0)
        case InfrastructureError() as down:
            return HandBack(_words(down), backoff_ms=_backoff_ms(claim.delivery - 1, _HAND_BACK_CAP_S))
        case _ if found.is_of(InfrastructureError):
            return HandBack("PostgreSQL cut the connection", _backoff_ms(claim.delivery - 1, _HAND_BACK_CAP_S))
        case TransientError() as transient:
            return _retry(_words(transient), claim, transient.retry_after_s)
        case ProcessEnded():
            return HandBack("a process of its pool ended", suspect=True)
        case FleetError() as ours:
            return _retry(_words(ours), claim)
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
    if not isinstance(error.code, str) or not error.code or unfit({"code": error.code}):
        return Fail(
            f"A business error was raised whose code is no text that can be kept, but {type(error.code).__name__}. "
            "Give it a code in SCREAMING_SNAKE, as the model catches it.",
            retries=0,
        )
    try:
        return bounded(ThrowError(error.code, _words(error.message), error.variables))
    except PermanentError as wrong:
        return Fail(_words(wrong), retries=0)


def _words(said: object) -> str:
    """Write what an error says as text that engine and records can keep; nobody reads more of it."""
    try:
        text = str(said)
    except Exception:  # known by its class, then
        text = type(said).__name__
    return _UNFIT.sub("\ufffd", text[:_LONGEST_WORDS])


def _retry(message: str, claim: Claim, retry_after_s: float | None = None) -> Fail:
    retries = max(claim.job.retries - 1, 0)
    if not retries:
        return Fail(message, retries=0)
    return Fail(message, retries, max(_backoff_ms(claim.failures), _asked_ms(retry_after_s)))


def _asked_ms(retry_after_s: object) -> int:
    """Read the time that the other side asked for; what is none asks for nothing."""
    if not isinstance(retry_after_s, int | float) or not 0 < retry_after_s < math.inf:
        return 0
    return int(1000 * min(retry_after_s, _LONGEST_ASKED_S))


def _backoff_ms(times: int, cap_s: float = _BACKOFF_CAP_S) -> int:
    """Double from one second; half of it is chance, so that a crowd does not come back as one."""
    full_s = min(_BACKOFF_BASE_S * 2.0 ** min(times, _MOST_DOUBLINGS), cap_s)
    return int(1000 * full_s * random.uniform(0.5, 1.0))

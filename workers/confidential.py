"""What must not leave a worker: the credentials of tasks, in a result, in a state that is kept, in an error's words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from zeebe_fleet.workers.contract.errors import InfrastructureError, PermanentError
from zeebe_fleet.workers.contract.noted import noted
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError

SHORTEST = 8
"""Characters; what is shorter stands in too many texts that mean something else."""
BLACKED_OUT = "•••"


def check_state(state: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """See that no credential is kept with a workflow.

    Raises:
        PermanentError: one is, which is named.
    """
    if state and (name := _within(state, secrets)):
        raise PermanentError(
            f"The workflow's state holds the secret {name!r}.",
            "Leave it out: ask ctx.secret for it where it is needed.",
        )


def discreet(outcome: Outcome | HandBack, secrets: Mapping[str, str]) -> Outcome | HandBack:
    """Return what may be told of an outcome: one whose variables hold a credential becomes an incident.

    Args:
        secrets: credentials by name.
    """
    if not secrets:
        return outcome
    match outcome:
        case Complete() | ThrowError() if outcome.variables and (name := _within(outcome.variables, secrets)):
            said = f"The result holds the secret {name!r}. Leave it out: ask ctx.secret for it where it is needed."
            return Fail(said, retries=0)
        case ThrowError() | Fail():
            return replace(outcome, message=_blacked_out(outcome.message, secrets))
        case HandBack():
            return replace(outcome, reason=_blacked_out(outcome.reason, secrets))
        case _:
            return outcome


def _within(variables: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
    """Return the name of the credential that is among them, if there is one."""
    text = json.dumps(variables, ensure_ascii=False, default=str)
    return next((name for name, _, written in _known(secrets) if written in text), "")


def _blacked_out(text: str, secrets: Mapping[str, str]) -> str:
    for _, secret, _ in _known(secrets):
        text = text.replace(secret, BLACKED_OUT)
    return text


def _known(secrets: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
    """Return credentials by name, as they are and as JSON writes them, without those that are away just now."""
    found: list[tuple[str, str]] = []
    for name in secrets:
        with noted("secret.away", InfrastructureError):
            found.append((name, secrets.get(name, "")))
    return _told_apart(tuple(found))


@lru_cache(maxsize=8)
def _told_apart(secrets: tuple[tuple[str, str], ...]) -> Sequence[tuple[str, str, str]]:
    """Return those that can be told from other texts, the longest first."""
    found = [
        (name, part, json.dumps(part, ensure_ascii=False)[1:-1]) for name, text in secrets for part in _parts(text)
    ]
    return sorted(found, key=lambda one: len(one[1]), reverse=True)


def _parts(secret: str) -> Iterator[str]:
    """Yield a secret, and each line of one that has several; the frame of a key in PEM is nobody's secret."""
    for part in {secret, *secret.splitlines()}:
        is_frame = part.startswith("-----") and part.endswith("-----") and "\n" not in part
        if len(part) >= SHORTEST and not is_frame:
            yield part

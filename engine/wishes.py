"""What a worker asks for, checked the same way for polls and streams, over gRPC and REST."""

from __future__ import annotations

from collections.abc import Iterable

from zeebe_fleet.engine.core.commands.jobs import require_default_tenant
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.pump import Wish

POLL_S = 10.0
"""How long a poll waits whose client leaves it to the engine."""


def wish(
    request: str,
    *,
    type_: str,
    worker: str,
    timeout_ms: int,
    max_jobs: int = 1,
    fetch: Iterable[str] = (),
    tenants: Iterable[str] = (),
) -> Wish:
    """Check what a worker asks for.

    Args:
        request: names it in a refusal: `activate jobs`.

    Raises:
        Rejected: `INVALID_ARGUMENT`: type or worker are blank, or a number is below 1.

    Source: https://docs.camunda.io/docs/apis-tools/zeebe-api/gateway-service/#activatejobs-rpc
    """
    for field, text in (("type", type_), ("worker", worker)):
        if not text.strip():
            raise Rejected("INVALID_ARGUMENT", f"Expected to {request} with {field} to be present, but it was blank")
    for field, number in (("timeout", timeout_ms), ("maxJobsToActivate", max_jobs)):
        if number < 1:
            told = f"Expected to {request} with {field} to be greater than zero, but it was {number}"
            raise Rejected("INVALID_ARGUMENT", told)
    for tenant in tenants:
        require_default_tenant(tenant, request, "")
    return Wish(type_, worker, timeout_ms, max_jobs, tuple(fetch))


def wait_s(request_timeout_ms: int) -> float | None:
    """Return how long a poll waits; None for one that doesn't."""
    if request_timeout_ms < 0:
        return None
    return request_timeout_ms / 1000 or POLL_S

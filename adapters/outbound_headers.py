"""Headers of calls to outside services: a task brings its own, and those of the fleet stay the fleet's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from zeebe_fleet.workers.contract.errors import PermanentError

IDEMPOTENCY_KEY = "idempotency-key"
AUTHORIZATION = "authorization"
_FLEETS = frozenset({"host", "user-agent", "traceparent", "tracestate", "baggage"})
_PATHS = frozenset({"x-original-url", "x-rewrite-url", "x-original-uri"})
"""Some servers take them for the path that was asked for."""
_CONNECTIONS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?|")
_LONGEST_PART = 200


def merged(fleets: Mapping[str, str], tasks: Mapping[str, str] | None, service: str) -> dict[str, str]:
    """Return the headers of a call.

    Of the step's idempotency key a task may make several, for several calls: `<the key>/2`. A credential that the
    service's settings name is the only one; where they name none, the task brings its own.

    Args:
        fleets: what the fleet sends with every call of the step, in small letters.

    Raises:
        PermanentError: the task sets one that is the fleet's or the connection's, or one that is no header.
    """
    for name, value in (tasks or {}).items():
        if not _is_header(name, value):
            raise PermanentError(
                f"A call of {service} has a header that is none.", "Names are words, values are one line of ASCII."
            )
        if not _may_set(name.lower(), value, fleets):
            raise PermanentError(
                f"The header {name} of a call of {service} is the fleet's own.",
                "Leave it out. Several calls of one step may have the keys f'{ctx.idempotency_key}/1' and so on.",
            )
    return {**fleets, **{name.lower(): value for name, value in (tasks or {}).items()}}


def _is_header(name: object, value: object) -> bool:
    words = isinstance(name, str) and isinstance(value, str)
    return words and _NAME.fullmatch(str(name)) is not None and _VALUE.fullmatch(str(value)) is not None


def _may_set(name: str, value: str, fleets: Mapping[str, str]) -> bool:
    if name in _FLEETS or name in _CONNECTIONS or name in _PATHS:
        return False
    if name == IDEMPOTENCY_KEY:
        key = fleets.get(name, "")
        return value == key or (value.startswith(f"{key}/") and len(value) <= len(key) + _LONGEST_PART)
    return name != AUTHORIZATION or fleets.get(name, value) == value

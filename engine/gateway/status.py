"""What each refusal becomes in gRPC.

Source: https://docs.camunda.io/docs/apis-tools/zeebe-api/technical-error-handling/
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NoReturn

import grpc
from grpc.aio import ServicerContext

from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.pump import Crashed, Overloaded, Stopped, Unheard

CODES: Mapping[str, grpc.StatusCode] = {
    "NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "INVALID_ARGUMENT": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_STATE": grpc.StatusCode.FAILED_PRECONDITION,
    "ALREADY_EXISTS": grpc.StatusCode.ALREADY_EXISTS,
    "PROCESSING_ERROR": grpc.StatusCode.INTERNAL,
    "EXCEEDED_BATCH_RECORD_SIZE": grpc.StatusCode.UNKNOWN,
}
MAX_DETAILS_BYTES = 7_000
"""Details travel in a header, percent-encoded; headers above 8 KB reach the client as another error."""
_CUT = "..."

_log = logging.getLogger(__name__)


class Unserved(Exception):
    """A method or an ability that the box lacks; its text names it."""


class TookTooLong(Exception):
    """An instance did not end within the time its client gave it."""


def status_of(error: Exception) -> tuple[grpc.StatusCode, str]:
    """Return code and details for whatever ended a call."""
    match error:
        case Rejected():
            return CODES[error.kind], fitting(_naming(error))
        case Overloaded():
            return grpc.StatusCode.RESOURCE_EXHAUSTED, str(error)
        case Stopped():
            return grpc.StatusCode.UNAVAILABLE, str(error) or "The engine is stopping."
        case Unserved():
            return grpc.StatusCode.UNIMPLEMENTED, str(error)
        case Crashed():
            return grpc.StatusCode.INTERNAL, str(error)
        case TookTooLong() | Unheard():
            return grpc.StatusCode.DEADLINE_EXCEEDED, str(error)
    _log.error("A call failed.", exc_info=error)
    return (
        grpc.StatusCode.INTERNAL,
        f"Unexpected error occurred in the engine: {type(error).__name__}; its log has more.",
    )


async def refuse(context: ServicerContext, error: Exception) -> NoReturn:  # type: ignore[type-arg]
    """End a call with the status of an error."""
    code, details = status_of(error)
    await context.abort(code, details)
    raise AssertionError("abort always raises")


def fitting(details: str) -> str:
    """Cut details to what a header takes."""
    if len(details) * 12 <= MAX_DETAILS_BYTES:
        return details
    length = 0
    for index, character in enumerate(details):
        length += _encoded_bytes(character)
        if length > MAX_DETAILS_BYTES:
            return details[:index] + _CUT
    return details


def _encoded_bytes(character: str) -> int:
    if " " <= character <= "~" and character != "%":
        return 1
    return 3 * len(character.encode("utf-8", "surrogatepass"))


def _naming(error: Rejected) -> str:
    """Clients tell an answer that is too large by its name alone."""
    text = str(error)
    if error.kind == "EXCEEDED_BATCH_RECORD_SIZE" and error.kind not in text:
        return f"{error.kind}: {text}"
    return text

"""What each gRPC status of the engine means to the fleet, decided here and nowhere else.

Source: https://docs.camunda.io/docs/apis-tools/zeebe-api/technical-error-handling/; the texts as 8.6 sends them.
"""

from __future__ import annotations

import grpc
import grpc.aio

from zeebe_fleet.workers.contract.addresses import without_userinfo
from zeebe_fleet.workers.contract.errors import (
    EngineBroke,
    EngineBusy,
    EngineConflict,
    EngineDenied,
    EngineError,
    EngineGone,
    EngineRejected,
    EngineUnavailable,
)

MAX_DETAILS = 4_000
"""Characters of the engine's own words that are kept."""

MEANINGS: dict[grpc.StatusCode, type[EngineError]] = {
    grpc.StatusCode.NOT_FOUND: EngineGone,
    grpc.StatusCode.FAILED_PRECONDITION: EngineConflict,
    grpc.StatusCode.ALREADY_EXISTS: EngineConflict,
    grpc.StatusCode.INVALID_ARGUMENT: EngineRejected,
    grpc.StatusCode.OUT_OF_RANGE: EngineRejected,
    grpc.StatusCode.UNIMPLEMENTED: EngineRejected,
    grpc.StatusCode.UNAUTHENTICATED: EngineDenied,
    grpc.StatusCode.PERMISSION_DENIED: EngineDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: EngineBusy,
    grpc.StatusCode.INTERNAL: EngineBroke,
    grpc.StatusCode.UNKNOWN: EngineBroke,
    grpc.StatusCode.DATA_LOSS: EngineBroke,
}
"""All others say that the engine did not act, or not that we know: `EngineUnavailable`."""

SUGGESTIONS: dict[type[EngineError], str] = {
    EngineBusy: "Try again later; more partitions or a faster disk raise what the engine can take.",
    EngineDenied: "Check the credentials, and what they are allowed to do for this tenant.",
    EngineBroke: "Look into the engine's log.",
    EngineUnavailable: "Check that the engine runs and that its address is right.",
}

TOO_LARGE = (
    "EXCEEDED_BATCH_RECORD_SIZE",
    "message larger than max",
    "exceeds maximum size",
    "exceeds the maximum",
    "MAX_MESSAGE_SIZE",
    "EntityTooLarge",
)


def engine_error(error: grpc.aio.AioRpcError, doing: str) -> EngineError:
    """Translate a failed call.

    Args:
        error: what gRPC raised.
        doing: what was asked, for the message: "complete job 42". Never contains variables.
    """
    details = _sentence(error.details() or "It said nothing")
    if is_too_large(error.code(), details):
        return EngineRejected(
            f"Too large for the engine to {doing}: {details}",
            "Keep big data outside of the process and its variables, and pass a reference.",
        )
    meaning = MEANINGS.get(error.code(), EngineUnavailable)
    message = f"The engine could not {doing} ({error.code().name}): {details}"
    return meaning(message, SUGGESTIONS.get(meaning, ""))


def _sentence(details: str) -> str:
    text = without_userinfo(details.strip()[:MAX_DETAILS])
    return text if text.endswith((".", "!")) else f"{text}."


def is_too_large(code: grpc.StatusCode, details: str) -> bool:
    """Tell whether a message was refused for its size, for which the engine uses the codes of other things."""
    if code not in (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.INVALID_ARGUMENT,
    ):
        return False
    return any(sign in details for sign in TOO_LARGE)

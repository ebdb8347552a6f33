"""Every status of the engine, and the one meaning it has."""

from __future__ import annotations

import grpc
import grpc.aio
import pytest

from zeebe_fleet.adapters.zeebe.status import MAX_DETAILS, engine_error
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

Code = grpc.StatusCode


def answered(code: grpc.StatusCode, details: str = "as it says") -> EngineError:
    """Translate what the engine answered to an imagined call."""
    none = grpc.aio.Metadata()
    return engine_error(grpc.aio.AioRpcError(code, none, none, details), "complete job 7")


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (Code.NOT_FOUND, EngineGone),
        (Code.FAILED_PRECONDITION, EngineConflict),
        (Code.ALREADY_EXISTS, EngineConflict),
        (Code.INVALID_ARGUMENT, EngineRejected),
        (Code.OUT_OF_RANGE, EngineRejected),
        (Code.UNIMPLEMENTED, EngineRejected),
        (Code.UNAUTHENTICATED, EngineDenied),
        (Code.PERMISSION_DENIED, EngineDenied),
        (Code.RESOURCE_EXHAUSTED, EngineBusy),
        (Code.UNAVAILABLE, EngineUnavailable),
        (Code.DEADLINE_EXCEEDED, EngineUnavailable),
        (Code.CANCELLED, EngineUnavailable),
        (Code.ABORTED, EngineUnavailable),
        (Code.INTERNAL, EngineBroke),
        (Code.UNKNOWN, EngineBroke),
        (Code.DATA_LOSS, EngineBroke),
    ],
)
def test_status_means_exactly_one_error(code: grpc.StatusCode, meaning: type[EngineError]) -> None:
    """No status is left out, none is decided twice."""
    assert type(answered(code)) is meaning


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (Code.UNKNOWN, "Command 'COMPLETE' rejected with code 'EXCEEDED_BATCH_RECORD_SIZE': "),
        (Code.RESOURCE_EXHAUSTED, "gRPC message exceeds maximum size 4194304: 5000022"),
        (Code.RESOURCE_EXHAUSTED, "CLIENT: Received message larger than max (5000022 vs. 4194304)"),
        (Code.RESOURCE_EXHAUSTED, "Sent message larger than max (9 vs. 8)"),
    ],
)
def test_status_of_something_too_large_is_a_rejection(code: grpc.StatusCode, details: str) -> None:
    """The engine says it with the codes of backpressure and of bugs; sending it again would never end."""
    assert type(answered(code, details)) is EngineRejected


def test_error_tells_what_was_asked_and_what_the_engine_said() -> None:
    """A person can act on it."""
    error = answered(Code.UNAVAILABLE, "no leader for partition 1")

    assert error.message == "The engine could not complete job 7 (UNAVAILABLE): no leader for partition 1."
    assert error.suggestion


def test_error_is_cut_to_a_bounded_length() -> None:
    """An engine's stack trace does not fill a log."""
    assert len(answered(Code.UNKNOWN, "x" * 100_000).message) < MAX_DETAILS + 200

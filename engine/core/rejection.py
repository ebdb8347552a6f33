"""Why a command was not carried out, and why an element instance cannot go on."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "NOT_FOUND",
    "INVALID_ARGUMENT",
    "INVALID_STATE",
    "ALREADY_EXISTS",
    "PROCESSING_ERROR",
    "EXCEEDED_BATCH_RECORD_SIZE",
]


class Rejected(Exception):
    """A command was refused, and has changed nothing.

    Args:
        kind: decides the status of the answer.
        reason: what was expected, and what was found; never quotes variables.
        intent: the command's name in the engine's words, as `COMPLETE`.
    """

    def __init__(self, kind: Kind, reason: str, intent: str = "") -> None:
        told = f"Command '{intent}' rejected with code '{kind}': {reason}" if intent else reason
        super().__init__(told)
        self.kind = kind


class Stuck(Exception):
    """An element instance cannot go on; it becomes an incident.

    Args:
        error_type: as `IO_MAPPING_ERROR`.
        scope_key: instance the incident's variables are looked up at; the raising instance's unless given.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message

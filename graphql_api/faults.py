"""Errors of a query as its sender sees them: what they can act on, and an error id for the rest.

What a request was about, its variables above all, never gets into a log.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import structlog
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from zeebe_fleet.graphql_api.sessions import UNAUTHENTICATED, NotSignedIn
from zeebe_fleet.graphql_api.shares import TOO_MANY_REQUESTS, ShareUsed
from zeebe_fleet.workers.contract.allowance import AnswerTooLarge
from zeebe_fleet.workers.contract.errors import EngineUnavailable, FleetError, InfrastructureError
from zeebe_fleet.workers.contract.refusals import NotAllowed

UNAVAILABLE = "UNAVAILABLE"
"""Code of what passes: something that is needed is away."""

ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE"
"""Code of what asks for more bytes than one answer may take."""
_SUGGESTION = re.compile(r" Did you mean [^?]{1,1000}\?")
_log = structlog.get_logger("fleet.api")


class Faults(SchemaExtension):
    """Masks bugs; shows `FleetError`s with their suggestion."""

    def on_operation(self) -> Iterator[None]:
        """Rewrite the errors of a result."""
        yield
        self._rewrite(self.execution_context.result)

    def on_stream_result(self, result: Any) -> Iterator[None]:
        """Rewrite the errors of an event."""
        self._rewrite(result)
        yield

    def _rewrite(self, result: Any) -> None:
        if getattr(result, "errors", None):
            suggests = getattr(self.execution_context.schema, "suggests", True)
            result.errors = [shown(error) if suggests else _plain(shown(error)) for error in result.errors]


def _plain(error: GraphQLError) -> GraphQLError:
    """Return an error without the names that it suggests: they are parts of the schema."""
    if error.message != (message := _SUGGESTION.sub("", error.message)):
        return GraphQLError(message, error.nodes, error.source, error.positions, error.path, None, error.extensions)
    return error


def shown(error: GraphQLError) -> GraphQLError:
    """Return what the sender may see of an error, logging what was masked."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None:
        return error
    if isinstance(cause, FleetError):
        message = cause.message
        extensions: dict[str, Any] = {"code": _code(cause), "suggestion": cause.suggestion}
        if isinstance(cause, ShareUsed):
            extensions["retryAfterS"] = cause.retry_after_s
    else:
        error_id = uuid4().hex[:12]
        # neither the message nor the locals of a traceback: both may hold variables
        where = "".join(traceback.format_tb(cause.__traceback__))
        _log.error("internal error", error_id=error_id, path=error.path, error=type(cause).__name__, where=where)
        message, extensions = "Internal error.", {"code": "INTERNAL", "errorId": error_id}
    return GraphQLError(message, nodes=error.nodes, path=error.path, extensions=extensions)


def _code(error: FleetError) -> str:
    if isinstance(error, InfrastructureError | EngineUnavailable):
        return UNAVAILABLE
    if isinstance(error, NotSignedIn):
        return UNAUTHENTICATED
    if isinstance(error, ShareUsed):
        return TOO_MANY_REQUESTS
    if isinstance(error, AnswerTooLarge):
        return ANSWER_TOO_LARGE
    return "NOT_ALLOWED" if isinstance(error, NotAllowed) else "BAD_REQUEST"

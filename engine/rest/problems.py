"""What goes wrong, as problem details.

Source: RFC 9457; https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (each page's error responses)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.pump import Crashed, Overloaded, Stopped, Unheard

STATUSES: Mapping[str, int] = {
    "NOT_FOUND": 404,
    "INVALID_ARGUMENT": 400,
    "INVALID_STATE": 409,
    "ALREADY_EXISTS": 409,
    "PROCESSING_ERROR": 500,
    "EXCEEDED_BATCH_RECORD_SIZE": 500,
}

_log = logging.getLogger(__name__)


class Problem(Exception):
    """An answer that is no success.

    Args:
        title: the kind of refusal, or the status in words.
        detail: a sentence for people; never quotes variables.
    """

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title

    def response(self, request: Request) -> Response:
        """Return it as an answer to a request."""
        told = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            "instance": request.url.path,
        }
        return Response(json.dumps(told), self.status, media_type="application/problem+json")


def invalid(detail: str) -> Problem:
    """Return the problem of a request whose fields don't fit."""
    return Problem(400, "INVALID_ARGUMENT", detail)


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error is to a client."""
    match error:
        case Problem():
            return error
        case Rejected():
            return Problem(STATUSES[error.kind], error.kind, str(error))
        case Overloaded():
            return Problem(503, "RESOURCE_EXHAUSTED", str(error))
        case Stopped():
            return Problem(503, "UNAVAILABLE", str(error) or "The engine is stopping.")
        case Unheard():
            return Problem(504, "DEADLINE_EXCEEDED", str(error))
        case Crashed():
            return Problem(500, "Internal Server Error", str(error))
    _log.error("A request failed.", exc_info=error)
    told = f"Unexpected error occurred in the engine: {type(error).__name__}; its log has more."
    return Problem(500, "Internal Server Error", told)

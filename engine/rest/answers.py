"""Answers of success."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response


def json_answer(content: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    # Plain ASCII: texts of a failed job may hold what is no UTF-8.
    return Response(json.dumps(content, separators=(",", ":")), status, media_type="application/json")


def nothing() -> Response:
    """Answer that it is done."""
    return Response(status_code=204)

"""Answers of success."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from zeebe_fleet.engine.version import Version


def json_answer(content: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    # Plain ASCII: texts of a failed job may hold what is no UTF-8.
    return Response(json.dumps(content, separators=(",", ":")), status, media_type="application/json")


def unlabelled(version: Version) -> dict[str, Any]:
    """Return what newer versions say of an instance that was given neither tags nor a business id."""
    told: dict[str, Any] = {}
    if version.has((8, 8)):
        told["tags"] = []
    if version.nulls:
        told["businessId"] = None
    return told


def nothing() -> Response:
    """Answer that it is done."""
    return Response(status_code=204)

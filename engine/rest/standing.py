"""What clients ask of the cluster itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.rest.answers import json_answer

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House


async def license_(request: Request, house: House) -> Response:
    """`GET /v2/license`: as a Camunda says it that was given none.

    Source: camunda/camunda issue 20639 (`unknown` where a license is missing)
    """
    told: dict[str, Any] = {"validLicense": False, "licenseType": "unknown"}
    if house.version.has((8, 7)):
        told["isCommercial"] = False
    if house.version.nulls:
        told["expiresAt"] = None
    return json_answer(told)

"""Incidents: resolved; searches for them are in `search_routes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.core.commands import ResolveIncident
from zeebe_fleet.engine.rest.answers import nothing
from zeebe_fleet.engine.rest.body import Body, path_key

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House


async def resolve(request: Request, house: House) -> Response:
    """`POST /v2/incidents/{key}/resolution`."""
    await Body.of(request, optional=True)
    await house.admission.run(ResolveIncident(path_key(request)))
    return nothing()

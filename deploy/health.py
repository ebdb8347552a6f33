"""The health of one process: is it alive, is it ready, and what has it done.

GET /health/live   503 when a poll, a stream or a loop is late: restart it
GET /health/ready  503 while the engine or the records keep it from working, or it stops: send it nothing
GET /metrics       for Prometheus
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zeebe_fleet.adapters.metrics import CONTENT_TYPE, Metrics
from zeebe_fleet.deploy.server import served
from zeebe_fleet.deploy.settings import HealthSettings
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.observer import Observer
from zeebe_fleet.workers.observers import Observers
from zeebe_fleet.workers.pulse import Pulse, WorkerPulse

Probe = Callable[[], Awaitable[None]]
"""Raises a `FleetError` that says what is wrong."""

log = structlog.get_logger("fleet.health")


class Health:
    """What one process knows of itself; every role in it adds its own."""

    def __init__(self) -> None:
        self.pulse = Pulse()
        self.metrics = Metrics()
        self.observer: Observer = Observers(self.metrics, WorkerPulse(self.pulse))
        """Watches a worker."""
        self._probes: dict[str, Probe] = {}

    def ask(self, what: str, probe: Probe) -> None:
        """Ask this before each answer about readiness and before metrics are read."""
        self._probes[what] = probe

    def app(self) -> Starlette:
        """Return the application that answers."""
        return Starlette(
            routes=[
                Route("/health/live", self._live),
                Route("/health/ready", self._ready),
                Route("/metrics", self._metrics),
            ]
        )

    async def _live(self, _request: Request) -> Response:
        stale = self.pulse.stale()
        return JSONResponse({"alive": not stale, "late_s": stale}, 503 if stale else 200)

    async def _ready(self, _request: Request) -> Response:
        await self._probe()
        hindrances = self.pulse.hindrances()
        return JSONResponse({"ready": not hindrances, "why": hindrances}, 503 if hindrances else 200)

    async def _metrics(self, _request: Request) -> Response:
        await self._probe()
        return Response(self.metrics.exposition(), headers={"content-type": CONTENT_TYPE})

    async def _probe(self) -> None:
        for what, probe in list(self._probes.items()):  # a role may come up meanwhile
            try:
                await probe()
                self.pulse.clear(what)
            except FleetError as error:
                self.pulse.hinder(what, error.message)


@asynccontextmanager
async def watched(settings: HealthSettings) -> AsyncIterator[Health]:
    """Watch this process, and answer for it where the settings name a port."""
    health = Health()
    answering = served(health.app(), settings.host, settings.port) if settings.port else nullcontext()
    async with answering:
        if settings.port:
            log.info("health.ready", host=settings.host, port=settings.port)
        yield health

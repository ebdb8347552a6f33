"""The engine's clock, where it can be set: it stands where a case puts it, and runs again when the case is over."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import httpx

from zeebe_fleet.workers.contract.errors import FleetError


class Clock:
    """Moves the time of one engine.

    Source: Camunda 8.7, "Pin internal clock", https://docs.camunda.io/docs/apis-tools/camunda-api-rest/
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._stands_at_ms: int | None = None

    async def move(self, span: timedelta) -> None:
        """Let so much time pass."""
        now_ms = self._stands_at_ms if self._stands_at_ms is not None else int(time.time() * 1000)
        await self._pin(now_ms + int(span.total_seconds() * 1000))

    async def set(self, moment: datetime) -> None:
        """Have it be so late."""
        await self._pin(int(moment.timestamp() * 1000))

    async def run_again(self) -> None:
        """Give it back to the system's time."""
        if self._stands_at_ms is not None:
            self._stands_at_ms = None
            await self._http.post("/v2/clock/reset")

    async def _pin(self, moment_ms: int) -> None:
        answer = await self._http.put("/v2/clock", json={"timestamp": moment_ms})
        if not answer.is_success:
            raise FleetError(
                f"The clock of this engine cannot be set (HTTP {answer.status_code}).",
                "Run cases that move the time on the engine in the box, or let the engine's clock be controlled.",
            )
        self._stands_at_ms = moment_ms

"""What the engine in the box tells while a run goes on: elements entered, flows taken, and that something moves."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

_PATH = "/engine/records"
_TYPE = "PROCESS_INSTANCE"
_GATHERED_S = 0.04
"""What happens so soon after one another is looked at once."""


class Trail:
    """Follows the records of one engine."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.elements: defaultdict[str, set[str]] = defaultdict(set)
        """Ids of what was entered, by process."""
        self.flows: defaultdict[str, set[str]] = defaultdict(set)
        """Ids of the sequence flows that were taken, by process."""
        self.missed = ""
        """Why something may be missing."""
        self.position = 0
        """Of the newest record."""
        self._newest: dict[int, int] = {}
        self._moved = asyncio.Event()
        self.begun = asyncio.Event()

    async def moved(self, keys: Collection[int], since: int, within_s: float) -> None:
        """Wait until something has happened in process instances, or the time is over.

        Args:
            keys: of the instances.
            since: what was known already, as a position.
            within_s: the time.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not any(self._newest.get(key, 0) > since for key in keys):
                    self._moved.clear()
                    await self._moved.wait()
                await asyncio.sleep(_GATHERED_S)

    async def follow(self) -> None:
        """Read what happens until cancelled."""
        asked: dict[str, Any] = {"follow": "true"}
        while True:
            async with self._http.stream("GET", _PATH, params=asked, timeout=None) as answer:
                answer.raise_for_status()
                self.begun.set()
                async for line in answer.aiter_lines():
                    self._note(json.loads(line))
            asked["after"] = self.position
            await asyncio.sleep(_GATHERED_S)

    async def catch_up(self) -> None:
        """Read what is left."""
        answer = await self._http.get(_PATH, params={"follow": "false", "after": self.position})
        answer.raise_for_status()
        for line in answer.text.splitlines():
            self._note(json.loads(line))

    def _note(self, record: dict[str, Any]) -> None:
        if "value" not in record:
            self.missed = self.missed or str(record.get("gap", ""))
            return
        if record["position"] <= self.position:
            return
        self.position = record["position"]
        value = record["value"]
        if key := value.get("processInstanceKey"):
            self._newest[key] = self.position
            self._moved.set()
        if record["valueType"] != _TYPE:
            return
        if record["intent"] == "SEQUENCE_FLOW_TAKEN":
            self.flows[value["bpmnProcessId"]].add(value["elementId"])
        elif record["intent"] in ("ELEMENT_ACTIVATED", "ELEMENT_COMPLETED"):
            self.elements[value["bpmnProcessId"]].add(value["elementId"])


@asynccontextmanager
async def trail(http: httpx.AsyncClient) -> AsyncIterator[Trail]:
    """Follow an engine's records for as long as the block lasts."""
    followed = Trail(http)
    following, begun = asyncio.create_task(followed.follow()), asyncio.create_task(followed.begun.wait())
    try:
        await asyncio.wait({following, begun}, return_when=asyncio.FIRST_COMPLETED)
        yield followed
    finally:
        begun.cancel()
        following.cancel()
        with suppress(asyncio.CancelledError, httpx.HTTPError):
            await following

"""Many people with the inbox open: what a page holds open for each, in a process of their own.

python -m bench.ui.people URL COUNT

Says `connected` once all of them listen. When its input ends, it writes a line of JSON: for each activity, when each
person had heard of it, in seconds of the wall clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import httpx

_OPERATIONS = Path(__file__).parents[2] / "graphql_api" / "ui" / "src" / "operations.graphql"
_PERSONAS = ("rita", "ada", "olga")
"""Those who may see what the engine makes."""


class People:
    """Everybody, each with a session and connections of their own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._documents = _OPERATIONS.read_text("utf-8")
        self.heard: dict[str, list[float]] = defaultdict(list)

    async def come(self, number: int) -> list[asyncio.Task[None]]:
        """Sign in, and listen as a page does that shows activities and workflows."""
        limits = httpx.Limits(max_connections=4)
        http = httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=None, limits=limits)
        headers = {"origin": self._url}
        await http.post("/login", json={"persona": _PERSONAS[number % len(_PERSONAS)]}, headers=headers)
        topics = ("ActivityChanged", "WorkflowChanged")
        opened = [asyncio.Event() for _ in topics]
        tasks = [
            asyncio.create_task(self._listen(http, topic, is_open))
            for topic, is_open in zip(topics, opened, strict=True)
        ]
        for is_open in opened:
            await is_open.wait()
        return tasks

    async def _listen(self, http: httpx.AsyncClient, topic: str, is_open: asyncio.Event) -> None:
        body = {"query": self._documents, "operationName": topic}
        headers = {"origin": self._url, "accept": "text/event-stream"}
        async with http.stream("POST", "/graphql", json=body, headers=headers) as response:
            response.raise_for_status()
            is_open.set()
            async for line in response.aiter_lines():
                if line.startswith("data:") and "activityChanged" in line:
                    row = json.loads(line[5:])["data"]["activityChanged"]
                    self.heard[row["activityId"]].append(time.time())


async def main() -> None:
    """Come, listen, and tell."""
    url, count = sys.argv[1], int(sys.argv[2])
    people = People(url)
    tasks: list[asyncio.Task[None]] = []
    for first in range(0, count, 20):
        for joined in await asyncio.gather(*(people.come(number) for number in range(first, min(first + 20, count)))):
            tasks += joined
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    ended = [task for task in tasks if task.done()]
    print(json.dumps({"lost": len(ended), "heard": people.heard}), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())

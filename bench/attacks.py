"""Attacks the API as one person, and measures what it costs it, and another person who starts workflows meanwhile.

make bench-attacks
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.figures import Figure, console, show, write
from bench.site import ENGINE
from bench.ui.stage import PROCESS, Stage, stage
from tests.security.attacks import DOCUMENTS, VARIABLES

_FILE = Path("build/bench-attacks.json")
_ME = "{ me { subject } }"
_FOLLOW = "subscription { activityChanged { activityId input } }"
_HEAVY = (
    "{ workflows(first: 60) { edges { node { workflowId state activities { name input state events { kind at } } "
    "definition { processName } children { state } reruns { state } steps { elementId state } } } } }"
)
_START = (
    f'mutation {{ startWorkflow(processName: "{PROCESS}") {{ __typename ... on UserError {{ message suggestion }} }} }}'
)
_JSON = {"content-type": "application/json"}


class Person:
    """Somebody with a session."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False, limits=httpx.Limits())
        self.headers: Mapping[str, str] = {}

    async def sign_in(self, name: str) -> Person:
        """Become a persona."""
        answer = await self.http.post("/login", json={"persona": name})
        self.headers = {"authorization": f"Bearer {answer.json()['token']}"}
        self.http.cookies.clear()
        return self

    async def ask(self, query: str, variables: Any = None) -> tuple[httpx.Response, float]:
        """Send an operation; returns the answer, and how long it took in seconds."""
        body = json.dumps({"query": query, "variables": variables})
        began_s = time.perf_counter()
        answer = await self.http.post("/graphql", content=body, headers={**self.headers, **_JSON})
        return answer, time.perf_counter() - began_s

    async def start_ms(self, times: int) -> float:
        """Start workflows; returns the median of how long each took."""
        took = []
        for _ in range(times):
            answer, took_s = await self.ask(_START)
            assert answer.json()["data"]["startWorkflow"]["__typename"] == "WorkflowStarted", answer.text
            took.append(took_s * 1_000)
            await asyncio.sleep(0.02)
        return statistics.median(took)


async def documents(place: Stage, times: int) -> list[Figure]:
    """Send every attack, each several times; the process is warm, and what it keeps is kept."""
    rita = await Person(place.url).sign_in("rita")
    asked = [(name, text, None) for name, text in DOCUMENTS.items()]
    asked += [(f"variables: {name}", _ME, value) for name, value in VARIABLES.items()]
    for _, text, variables in asked:
        await rita.ask(text, variables)
    slowest: dict[str, float] = {}
    largest: dict[str, int] = {}
    for name, text, variables in asked:
        before = place.api_bytes()
        took = []
        for number in range(times):
            answer, took_s = await rita.ask(f"{text} # {number}", variables)
            assert answer.json().get("errors"), name
            took.append(took_s * 1_000)
            await rita.ask(_ME)
        slowest[name], largest[name] = statistics.median(took), place.api_bytes() - before
    slow, large = max(slowest, key=slowest.__getitem__), max(largest, key=largest.__getitem__)
    return [
        Figure(
            f"slowest of {len(asked)} attacks by document and variables, median of {times}: {slow}",
            f"{slowest[slow]:.0f} ms",
            "≤ 100 ms",
            slowest[slow] <= 100,
            slowest,
        ),
        Figure(
            f"most memory that one of them left: {large}",
            f"{largest[large] / 1e6:.1f} MB",
            "≤ 10 MB",
            largest[large] <= 10_000_000,
            largest,
        ),
    ]


@asynccontextmanager
async def flooding(place: Stage, count: int) -> AsyncIterator[dict[int, int]]:
    """Open as many subscriptions as one may, and go on trying; yields answers by status."""
    rita = await Person(place.url).sign_in("rita")
    statuses: dict[int, int] = {}
    headers = {**rita.headers, "accept": "text/event-stream"}
    rita.http = httpx.AsyncClient(
        base_url=place.url, timeout=None, trust_env=False, limits=httpx.Limits(max_connections=None)
    )

    async def subscribe(stack: AsyncExitStack) -> None:
        opened = rita.http.stream("POST", "/graphql", json={"query": _FOLLOW}, headers=headers)
        answer = await stack.enter_async_context(opened)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if answer.status_code != 200:
            await answer.aread()

    async with AsyncExitStack() as stack:
        for _ in range(count // 20):
            await asyncio.gather(*(subscribe(stack) for _ in range(20)))
        yield statuses


async def subscriptions(place: Stage, count: int, times: int) -> list[Figure]:
    """Have one person open far too many subscriptions, and another start workflows beside them."""
    ada = await Person(place.url).sign_in("ada")
    await ada.start_ms(times)
    alone_ms, before = await ada.start_ms(times), place.api_bytes()
    async with flooding(place, count) as statuses:
        grown = place.api_bytes() - before
        beside_ms = await ada.start_ms(times)
    refused = sum(number for status, number in statuses.items() if status == 429)
    return [
        Figure(
            f"{count:,} subscriptions of one person: refused",
            f"{refused:,}, memory {grown / 1e6:+.0f} MB",
            "all beyond the share, + 50 MB at most",
            refused >= count - 200 and grown <= 50_000_000,
            {str(status): number for status, number in statuses.items()},
        ),
        _beside("another's start beside them, median", alone_ms, beside_ms),
    ]


async def heavy(place: Stage, times: int) -> list[Figure]:
    """Have one person send sixty heavy queries at once, and another start workflows until all are answered."""
    ada = await Person(place.url).sign_in("ada")
    olga = await Person(place.url).sign_in("olga")
    await ada.start_ms(times)
    alone_ms = await ada.start_ms(times)
    statuses: dict[int, int] = {}
    took_ms: list[float] = []
    while len(took_ms) < times:
        salvo = [asyncio.create_task(olga.ask(_HEAVY)) for _ in range(60)]
        while not all(one.done() for one in salvo):
            took_ms.append(await ada.start_ms(1))
        for answer, _ in await asyncio.gather(*salvo):
            assert answer.status_code == 429 or answer.json().get("data"), answer.text
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    return [
        _beside(
            f"another's start beside salvos of 60 heavy queries (answered {statuses}), median",
            alone_ms,
            statistics.median(took_ms),
        )
    ]


def _beside(name: str, alone_ms: float, beside_ms: float) -> Figure:
    ratio = beside_ms / alone_ms
    numbers = {"alone_ms": alone_ms, "beside_ms": beside_ms}
    return Figure(name, f"{beside_ms:.1f} ms, {ratio:.2f} × of alone", "≤ 1.2 ×", ratio <= 1.2, numbers)


async def measure(quick: bool) -> list[Figure]:
    """Measure all of it."""
    times = 3 if quick else 7
    async with stage() as place:
        await place.fill(2_000)
        figures = await documents(place, times)
        figures += await subscriptions(place, 1_000 if quick else 10_000, 20 if quick else 60)
        figures += await heavy(place, 20 if quick else 60)
    return figures


def main() -> None:
    """Print what was found, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer of everything, for a look")
    figures = asyncio.run(measure(parser.parse_args().quick))
    show(figures, "attacks")
    write(figures, _FILE, engine=ENGINE)
    console.print(f"written to {_FILE}")


if __name__ == "__main__":
    main()

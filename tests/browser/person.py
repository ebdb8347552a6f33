"""Somebody in front of a browser: where they go, what they press, and what they see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.stack import Addresses

APPLICANT = {"name": "Grace Hopper", "email": "grace@example.com", "country": "US"}
NOT_THERE = "00000000-0000-4000-8000-000000000000"
_keys = count(9_000_000_000_000_000)
_CREATE = """
mutation ($input: CreateActivityInput!) { createActivity(input: $input) {
  ... on ActivityCreated { activity { activityId } } ... on UserError { message } } }
"""
_NEWEST = "{ activities(first: 5) { edges { node { activityId workflow { processInstanceKey } } } } }"
_EXPECTED = ("status of 401", "ERR_INTERNET_DISCONNECTED")
"""What a browser complains of when nobody is signed in, or when we take its network away."""


@dataclass
class Person:
    """One signed-in person with one page."""

    page: Page
    name: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """What the browser may complain of: a test that breaks something says so here."""

    async def go(self, path: str) -> None:
        """Open an address of the UI."""
        await self.page.goto(path)

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def sees(self, text: str) -> Locator:
        """Wait for a text."""
        found = self.page.get_by_text(text).first
        await expect(found).to_be_visible(timeout=15_000)
        return found

    @property
    def heading(self) -> Locator:
        """The title of the activity that is open."""
        return self.page.locator(".activity-head h1")

    def row(self, business_key: str) -> Locator:
        """The inbox's row of a case."""
        return self.page.locator(".row", has_text=business_key)


@dataclass
class Scene:
    """A running fleet and a browser to open its pages in."""

    browser: Browser
    url: str
    client: FleetClient
    addresses: Addresses
    axe: str
    service_token: str

    @property
    def sandbox_url(self) -> str:
        """Where the outside world is told how to behave."""
        return self.addresses.sandbox_url

    @asynccontextmanager
    async def person(
        self, name: str, *, size: tuple[int, int] = (1440, 900), theme: str = "light"
    ) -> AsyncIterator[Person]:
        """Open a browser profile of their own, signed in; whatever the console complained of fails the test."""
        context = await self.browser.new_context(
            base_url=self.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        try:
            await self.sign_in(context, name)
            person = Person(await context.new_page(), name)
            person.page.on("console", lambda said: _note(person, said.type, said.text))
            person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
            yield person
            await person.page.unroute_all(behavior="ignoreErrors")
            assert not person.complaints, person.complaints
        finally:
            await context.close()

    async def sign_in(self, context: Any, name: str) -> None:
        """Give a browser profile the session of a persona."""
        answer = await context.request.post(
            f"{self.url}/login",
            data=json.dumps({"persona": name}),
            headers={"content-type": "application/json", "origin": self.url},
        )
        assert answer.ok, await answer.text()

    async def onboarding(self, key: str, **variables: Any) -> str:
        """Start an onboarding under a business key and wait for its review."""
        started = {"applicant": APPLICANT, "requested_credit": 5000, "requested_discount_percent": 10, **variables}
        workflow_id = await self.client.start("customer_onboarding", started, business_key=key)
        await self.client.until(workflow_id, lambda one: one["activities"], what="its review")
        return workflow_id

    async def activity(self, **changes: Any) -> str:
        """Create an activity that no process waits for, as the human-task adapter would; returns its id."""
        key = next(_keys)
        task = {
            "processName": "odd_process",
            "processVersion": 1,
            **{name: str(key) for name in ("processInstanceKey", "definitionKey", "elementInstanceKey")},
            "elementId": "odd_task",
            "name": "Odd task",
            "candidateGroups": ["reviewers"],
            **changes,
        }
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"{self.url}/graphql",
                json={"query": _CREATE, "variables": {"input": task}},
                headers={"authorization": f"Bearer {self.service_token}"},
            )
        return str(answer.json()["data"]["createActivity"]["activity"]["activityId"])

    async def activity_of(self, process_instance_key: str) -> str:
        """Wait for the first activity of an instance that was not started by us; returns its id."""
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {self.service_token}"}) as http:
            async with asyncio.timeout(60):
                while True:
                    answer = await http.post(f"{self.url}/graphql", json={"query": _NEWEST})
                    for edge in answer.json()["data"]["activities"]["edges"]:
                        if edge["node"]["workflow"]["processInstanceKey"] == process_instance_key:
                            return str(edge["node"]["activityId"])
                    await asyncio.sleep(0.2)

    async def violations(self, page: Page) -> Sequence[str]:
        """Let axe look at a page as it stands; it runs beside the page's own scripts, whatever the page forbids."""
        session = await page.context.new_cdp_session(page)
        frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await session.send("Page.createIsolatedWorld", {"frameId": frame})
        where = {"contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True}
        await session.send("Runtime.evaluate", {"expression": self.axe + ";0", **where})
        said = await session.send("Runtime.evaluate", {"expression": _LOOK, **where})
        await session.detach()
        return [str(one) for one in said["result"]["value"]]


_LOOK = """
axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.flatMap(
  ({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target} ${node.failureSummary}`)))
"""


def _note(person: Person, kind: str, text: str) -> None:
    if kind in ("error", "warning") and not any(known in text for known in (*_EXPECTED, *person.expected)):
        person.complaints.append(text)

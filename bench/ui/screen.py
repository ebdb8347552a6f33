"""A browser before the pages: what it loads, and when something is on its screen."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Response, async_playwright

_WATCH = """
window.rows = [];
window.firstRow = null;
new MutationObserver(() => {
  for (const row of document.querySelectorAll("[data-row]:not([data-noted])")) {
    row.dataset.noted = "1";
    window.firstRow ??= performance.now();
    window.rows.push([row.dataset.row, Date.now()]);
  }
}).observe(document, { childList: true, subtree: true });
"""
# From the moment a person acts until the frame in which the rows have changed is drawn.
_TIMED = """
([kind, value, expected]) => new Promise((done, failed) => {
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
  const fits = () => {
    const rows = [...document.querySelectorAll(".row")];
    return document.querySelector(".rows").getAttribute("aria-busy") !== "true" && rows.length > 0
      && rows.every((row) => row.textContent.includes(expected));
  };
  setTimeout(() => failed(new Error(`nothing of ${expected}`)), 8000);
  const began = performance.now();
  if (kind === "type") {
    const box = document.querySelector("input[type=search]");
    box.value = value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  } else {
    [...document.querySelectorAll(".chips button, .tools button")].find((one) => one.textContent === value).click();
  }
  const look = () => (fits() && location.href !== before ? drawn() : setTimeout(look, 4));
  const before = window.addressBefore;
  look();
})
"""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Open Debian's Chromium without a window."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("Chromium is not installed; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        await opened.close()


@asynccontextmanager
async def signed_in(browser: Browser, url: str, persona: str) -> AsyncIterator[BrowserContext]:
    """Open a profile with nothing in its cache, signed in."""
    context = await browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    await context.add_init_script(_WATCH)
    headers = {"content-type": "application/json", "origin": url}
    await context.request.post(f"{url}/login", data=json.dumps({"persona": persona}), headers=headers)
    yield context
    await context.close()


class Weight:
    """Counts the bytes that come over the wire, as they are packed; what GraphQL answers is not the page's weight."""

    def __init__(self, page: Page) -> None:
        self._responses: dict[str, Response] = {}
        page.on("response", lambda response: self._responses.setdefault(response.url, response))

    async def kb(self) -> float:
        """Return what came so far."""
        sizes = 0
        for url, response in self._responses.items():
            if not url.endswith(("/graphql", "/login")):
                sizes += (await response.request.sizes())["responseBodySize"]
        return sizes / 1024


async def first_rows_ms(browser: Browser, url: str, persona: str) -> dict[str, float]:
    """Open the inbox with an empty cache; returns when something was painted, and when the rows were there."""
    async with signed_in(browser, url, persona) as context:
        page = await context.new_page()
        await page.goto("/inbox")
        await page.locator(".row").first.wait_for()
        paints: dict[str, float] = await page.evaluate(
            "Object.fromEntries(performance.getEntriesByType('paint').map((one) => [one.name, one.startTime]))"
        )
        rows: float = await page.evaluate("window.firstRow")
    return {"painted": paints.get("first-contentful-paint", rows), "rows": rows}


async def filter_ms(page: Page, kind: str, value: str, expected: str) -> float:
    """Filter the inbox and return how long it took until the rows were drawn."""
    await page.evaluate("window.addressBefore = location.href")
    took: float = await page.evaluate(_TIMED, [kind, value, expected])
    return took


async def seen(page: Page) -> dict[str, float]:
    """When each row came onto the screen, in seconds of the wall clock."""
    rows: list[list[Any]] = await page.evaluate("window.rows")
    return {str(activity_id): at_ms / 1000 for activity_id, at_ms in rows}


def p95(values: list[float]) -> float:
    """The value that one in twenty exceeds."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]

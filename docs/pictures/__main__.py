"""Take every picture of the documents anew.

python -m docs.pictures
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from docs.pictures.film import animate, keep
from docs.pictures.studio import NARROW, Studio, studio

IMAGES = Path(__file__).parents[1] / "images"
_DRAWN = ".canvas[data-state=ready] .djs-element"
_FORM = ".camunda-form[data-ready=true] label"
_FILM_SIZE = (1200, 750)
_WAIT_MS = 60_000


async def main() -> None:
    """Fill a stack with something to see, and look at it."""
    IMAGES.mkdir(exist_ok=True)
    async with studio() as place:
        animate(await film(place), IMAGES / "onboarding.webp")
        declined, waiting = await fill(place)
        activity = (await place.client.workflow(waiting))["activities"][0]["activityId"]
        async with place.page("ada") as page:
            for name, path, sign in (
                ("inbox", "/inbox", ".row"),
                ("activity", f"/activities/{activity}", _FORM),
                ("workflow", f"/workflows/{declined}", _DRAWN),
                ("process", "/processes/customer_onboarding", _DRAWN),
                ("start-form", "/start/customer_onboarding", _FORM),
            ):
                keep(await seen(page, path, sign), IMAGES / f"{name}.png")
        async with place.page("ada", size=NARROW, theme="dark") as page:
            keep(await seen(page, f"/activities/{activity}", _FORM), IMAGES / "activity-narrow-dark.png")
    for file in sorted(IMAGES.iterdir()):
        print(f"{file.name:<28}{file.stat().st_size / 1024:6.0f} KB")


async def fill(place: Studio) -> tuple[str, str]:
    """Start workflows in several states; returns one that was declined, and one that waits."""
    await place.onboarding("APP-2026-101", "Grace Hopper", review_within="PT2S")
    await place.onboarding("APP-2026-102", "Alan Turing", requested_credit=12_000)
    declined = await place.onboarding("APP-2026-103", "Charles Babbage", requested_credit=48_000)
    await place.answer(declined, "decline", "More than we lend to somebody new.")
    await place.client.until(declined, lambda one: one["state"] == "COMPENSATED", what="its end")
    approved = await place.onboarding("APP-2026-104", "Katherine Johnson", requested_discount_percent=15)
    await place.answer(approved, "approve", "Known customer.")
    await place.onboarding("APP-2026-105", "Edsger Dijkstra", review_within="PT4H")
    return declined, await place.onboarding("APP-2026-106", "Barbara Liskov", requested_discount_percent=5)


async def film(place: Studio) -> list[tuple[str, bytes]]:
    """Follow one onboarding from its form to its end, through the eyes of three people."""
    frames: list[tuple[str, bytes]] = []

    async def frame(caption: str, page: Page) -> None:
        await page.evaluate("for (const one of document.querySelectorAll('*')) one.scrollTop = 0")
        frames.append((caption, await page.screenshot()))

    async with (
        place.page("ada", size=_FILM_SIZE) as ada,
        place.page("rita", size=_FILM_SIZE) as rita,
        place.page("sam", size=_FILM_SIZE) as sam,
    ):
        await ada.goto("/start/customer_onboarding")
        await ada.locator(_FORM).first.wait_for()
        for label, text in {
            "Business key": "APP-2026-100",
            "Name": "Ada Lovelace",
            "Email": "ada@example.com",
            "Country": "GB",
            "Requested credit": "5000",
            "Requested discount percent": "10",
        }.items():
            await ada.get_by_label(label).fill(text)
        await frame("Somebody wants to become a customer", ada)
        await ada.keyboard.press("Control+Enter")
        await ada.wait_for_url("**/workflows/*")
        await expect(element(ada, "review_application", "waiting")).to_be_visible(timeout=_WAIT_MS)
        await frame("Workers have done their part; now a person is asked", ada)
        await decide(rita, "Rita, of the reviewers, has it in her inbox", "She claims it, and decides", frame)
        await expect(element(ada, "approve_discount", "waiting")).to_be_visible(timeout=_WAIT_MS)
        await frame("The page follows by itself: the discount is next", ada)
        await decide(sam, "Sam, a sales manager, is asked about the discount", "He approves it", frame)
        await expect(ada.locator(".page-head .badge")).to_have_text("Completed", timeout=_WAIT_MS)
        await frame("Done, with every step and every attempt on record", ada)
    return frames


async def decide(page: Page, has: str, decides: str, frame: Callable[[str, Page], Awaitable[None]]) -> None:
    """Open the one activity in somebody's inbox, and approve it."""
    await page.goto("/inbox")
    row = page.locator(".row", has_text="APP-2026-100")
    await row.wait_for()
    await frame(has, page)
    await row.click()
    await page.locator(_FORM).first.wait_for()
    await page.get_by_role("button", name="Claim").click()
    await page.get_by_label("Approve").check()
    await frame(decides, page)
    await page.keyboard.press("Control+Enter")


def element(page: Page, element_id: str, state: str) -> Locator:
    """An element of the diagram in a state."""
    return page.locator(f"[data-element-id={element_id}].is-{state}")


async def seen(page: Page, path: str, sign: str) -> bytes:
    """Return the picture of a page once something is there."""
    await page.goto(path)
    await page.locator(sign).first.wait_for()
    return await page.screenshot()


if __name__ == "__main__":
    asyncio.run(main())

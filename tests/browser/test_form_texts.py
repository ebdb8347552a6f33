"""Texts of forms: what an applicant wrote is text, whatever it looks like; links are the form author's alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from zeebe_fleet.deploy.node import SOURCES, node, packages

pytestmark = pytest.mark.slow

ENTRY = """
import { Form } from "@bpmn-io/form-js-viewer";
import { keepNumbers, schemaFor } from "SOURCES/form-numbers";
import { keepTexts } from "SOURCES/form-texts";
window.show = async (components, data) => {
  const container = document.createElement("div");
  document.body.replaceChildren(container);
  const form = new Form({ container });
  keepNumbers(form);
  keepTexts(form);
  await form.importSchema(schemaFor({ type: "default", components }), data);
  form.setProperty("textLinkTarget", "_blank");
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  container.querySelector(".fjs-form-field-text, .fjs-form-field-html").classList.add("shown");
};
"""
TEMPTING = [
    "[Log in](https://evil.example/in)",
    "<a href='https://evil.example'>Log in</a>",
    "https://evil.example/in",
    "www.evil.example",
    "me@evil.example",
    "![](https://evil.example/pixel.png)",
    "<img src=https://evil.example/pixel.png>",
    "<https://evil.example>",
    "# Approved\n\n- by *Olga*\n\n    code",
    "[x]: https://evil.example",
    "&lt;b&gt; \\*a\\* `code` ~~gone~~ | a |",
    "<script>window.ran = 1</script>",
    "{{secret}}",
    "=secret",
]


@pytest.fixture(scope="module")
async def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    """A page with form-js, taught as the activity's page teaches it."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "entry.ts").write_text(ENTRY.replace("SOURCES", str(SOURCES / "src")))
    build = [str(node()), str(packages() / "esbuild" / "bin" / "esbuild"), str(folder / "entry.ts"), "--bundle"]
    await asyncio.to_thread(
        subprocess.run,
        [*build, f"--outfile={folder / 'entry.js'}", "--log-level=error", "--format=iife"],
        check=True,
        env=os.environ | {"NODE_PATH": str(packages())},
    )
    (folder / "index.html").write_text("<!DOCTYPE html><body><script src=entry.js></script></body>")
    page = await browser.new_page()
    await page.goto(f"file://{folder / 'index.html'}")
    yield page
    await page.close()


async def show(page: Page, component: dict[str, Any], data: dict[str, Any]) -> None:
    """Show a form of one component."""
    await page.evaluate("([component, data]) => show([component], data)", [{"id": "one", **component}, data])


async def seen(page: Page) -> str:
    """Return what is read there."""
    return str(await page.evaluate("document.querySelector('.shown').innerText"))


async def links(page: Page) -> list[dict[str, str]]:
    """Return what leads anywhere."""
    script = "[...document.querySelectorAll('.shown :is(a[href], img[src], iframe)')].map((one) => ({href: "
    found: list[dict[str, str]] = await page.evaluate(
        script + "one.getAttribute('href') ?? one.src, target: one.target, rel: one.rel, text: one.textContent}))"
    )
    return found


@pytest.mark.parametrize("value", TEMPTING)
@pytest.mark.parametrize(
    "component",
    [
        {"type": "text", "text": "# Review\n\n**{{name}}**\n\n{{name}}\n\nNote: {{name}}"},
        {"type": "text", "text": "{{name}}"},
        {"type": "text", "text": '="Note: " + name'},
        {"type": "html", "content": "<h2>Review</h2><p>{{name}}</p>"},
    ],
)
async def test_value_in_a_text_is_text(shown: Page, component: dict[str, Any], value: str) -> None:
    """Letter by letter, with no link, no picture and nothing evaluated again."""
    await show(shown, component, {"name": value, "secret": "7f3a"})
    squeezed = "".join((await seen(shown)).split())
    assert "".join(value.split()) in squeezed
    assert "7f3a" not in squeezed
    assert await links(shown) == []
    assert await shown.evaluate("document.querySelectorAll('.shown :is(script, em, code, li)').length") == 0
    assert await shown.evaluate("window.ran") is None


@pytest.mark.parametrize(
    "where", ["{{site}}", "{{scheme}}://host.example/", "https://{{host}}/x", "javascript:{{code}}"]
)
@pytest.mark.parametrize("kind", ["text", "html"])
async def test_value_says_not_where_a_link_leads(shown: Page, kind: str, where: str) -> None:
    """What it would lead to is no link any more; its words stay."""
    data = {"site": "https://evil.example", "scheme": "https", "host": "evil.example", "code": "alert(1)"}
    text = {"text": f"[The site]({where})"} if kind == "text" else {"content": f'<p><a href="{where}">The site</a></p>'}
    await show(shown, {"type": kind, **text}, data)
    assert await links(shown) == []
    assert "The site" in await seen(shown)


@pytest.mark.parametrize("kind", ["text", "html"])
async def test_link_of_the_author_opens_apart_and_says_where_it_leads(shown: Page, kind: str) -> None:
    """A value may be a part of its path, and no more than that."""
    where = "https://intranet.example/people/{{name}}"
    text = (
        {"text": f"**See** [the file]({where})"}
        if kind == "text"
        else {"content": f'<b>See</b> <a href="{where}">the file</a>'}
    )
    await show(shown, {"type": kind, **text}, {"name": "../o?x=#y"})
    (link,) = await links(shown)
    assert link == {
        "href": "https://intranet.example/people/..%2Fo%3Fx%3D%23y",
        "target": "_blank",
        "rel": "noopener noreferrer",
        "text": "the file (intranet.example)",
    }
    assert await shown.evaluate("document.querySelectorAll('.shown :is(strong, b)').length") == 1


async def test_number_in_a_text_is_shown_by_its_digits(shown: Page) -> None:
    """Words in the place of values take nothing away from numbers."""
    await show(shown, {"type": "text", "text": '{{a}}, {{b}}{{if missing then 1 else ""}}'}, {"a": 9.5, "b": None})
    assert (await seen(shown)).strip() == "9.5,"

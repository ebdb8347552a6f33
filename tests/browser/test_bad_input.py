"""What nobody should send, and what comes of it: said in words, and nothing lost or run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

from tests.browser.person import APPLICANT, NOT_THERE, Person, Scene
from zeebe_fleet.adapters.zeebe import EngineConnection, ZeebeEngine

pytestmark = pytest.mark.slow

MARKUP = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"
MEGABYTE = "x" * 1_000_000


async def test_what_is_gone_is_said_to_be_gone(rita: Person) -> None:
    """A link to something that is not there leads to a page that says so."""
    for path, text in {
        f"/activities/{NOT_THERE}": "This activity is not there",
        "/activities/nonsense": "This activity is not there",
        f"/workflows/{NOT_THERE}": "There is no such workflow",
        "/processes/nonsense": "There is no such process",
        "/start/nonsense": "There is no such process",
    }.items():
        await rita.go(path)
        await rita.sees(text)


async def test_markup_in_names_and_values_is_inert(scene: Scene, rita: Person) -> None:
    """Whatever somebody typed is text: in the inbox, a task's name, a form's label and text, and in data."""
    components = [
        {"type": "textfield", "id": "f", "key": "f", "label": MARKUP, "description": MARKUP},
        {"type": "select", "id": "s", "key": "s", "label": "Choice", "values": [{"label": MARKUP, "value": MARKUP}]},
        {"type": "text", "id": "t", "text": f"Read this {MARKUP} [link](javascript:window.hit=1)"},
    ]
    form = {"type": "default", "components": components}
    activity_id = await scene.activity(name=f"Inert {MARKUP}", form=form, variables={"said": MARKUP})
    rita.expected.append("Executing inline event handler")  # form-js tries the text out; the page's policy forbids it
    await rita.go("/inbox?q=Inert")
    await rita.sees("Inert <script>")
    await rita.go(f"/activities/{activity_id}")
    await rita.page.locator(".fjs-container label").first.wait_for()
    await rita.sees("Read this")
    await rita.sees("<img src=x")
    assert await rita.page.locator("[href^='javascript:']").count() == 0
    await rita.press("c")
    await expect(rita.page.get_by_role("button", name="Complete")).to_be_visible()
    assert await rita.page.evaluate("window.hit") is None
    await rita.press("Control+Enter")
    await rita.sees("completed.")


async def test_form_that_cannot_be_shown_is_filled_in_as_json(scene: Scene, rita: Person) -> None:
    """An unknown kind of field is no dead end."""
    odd = {"type": "default", "components": [{"type": "no-such-field", "id": "f", "key": "f"}]}
    activity_id = await scene.activity(form=odd, variables={"letter": "x" * 200_000})
    await rita.go(f"/activities/{activity_id}")
    await rita.sees("Show all 200 thousand characters")
    await rita.page.get_by_role("button", name="Claim").click()
    await rita.page.get_by_label("Result, as JSON").fill('{"f": 1}')
    await rita.press("Control+Enter")
    await rita.sees("completed.")


async def test_fields_that_do_not_match_the_data_can_still_be_filled_in(scene: Scene, rita: Person) -> None:
    """A number that arrives as an object, a choice that is not offered: the field is empty, and asks again."""
    components = [
        {"type": "number", "id": "n", "key": "amount", "label": "Amount", "validate": {"required": True}},
        {"type": "textfield", "id": "t", "key": "name", "label": "Name"},
        {"type": "checkbox", "id": "c", "key": "sure", "label": "Sure"},
        {
            "type": "select",
            "id": "s",
            "key": "color",
            "label": "Color",
            "values": [{"label": "Red", "value": "red"}, {"label": "Blue", "value": "blue"}],
        },
    ]
    wrong = {"amount": {"value": 1}, "name": ["a", "b"], "sure": "perhaps", "color": "green"}
    activity_id = await scene.activity(form={"type": "default", "components": components}, variables=wrong)
    await rita.go(f"/activities/{activity_id}")
    await rita.page.get_by_role("button", name="Claim").click()
    amount = rita.page.get_by_label("Amount")
    await expect(amount).to_be_editable()
    await rita.press("Control+Enter")
    await rita.sees("Field is required.")
    await amount.fill("12")
    await rita.page.get_by_role("textbox", name="Name").fill("Ada")
    await rita.press("Control+Enter")
    await rita.sees("completed.")


async def test_result_that_does_not_fit_is_told_at_its_field(scene: Scene, rita: Person) -> None:
    """What only the server finds wrong is shown where it was typed, and can be put right."""
    # the browser's own check of this form is switched off by its condition, which the server does not evaluate
    field = {"type": "textfield", "id": "e", "key": "email", "label": "Email", "validate": {"validationType": "email"}}
    activity_id = await scene.activity(form={"type": "default", "components": [field]})
    await rita.go(f"/activities/{activity_id}")
    await rita.page.get_by_role("button", name="Claim").click()
    email = rita.page.get_by_label("Email")
    await email.fill("a@b")
    await rita.press("Control+Enter")
    await rita.sees("Must be an email address.")
    await email.fill("a@example.com")
    await rita.press("Control+Enter")
    await rita.sees("completed.")


async def test_variable_of_a_megabyte_reaches_the_page_folded(scene: Scene, rita: Person) -> None:
    """What another program hands the engine becomes an activity like any other, and the page stays quick."""
    async with ZeebeEngine(EngineConnection(address=scene.addresses.engine_grpc)) as engine:
        variables = {"applicant": APPLICANT, "requested_credit": 100, "letter": MEGABYTE}
        instance = await engine.start(process_name="customer_onboarding", variables=variables)
    await rita.go("/inbox")
    activity_id = await scene.activity_of(str(instance.process_instance_key))
    await rita.go(f"/activities/{activity_id}")
    await rita.sees("Show all 1000 thousand characters")
    await rita.press("c")
    await rita.page.get_by_label("Decline").check()
    await rita.press("Control+Enter")
    await rita.sees("completed.")


async def test_too_large_an_input_is_refused_in_words(scene: Scene) -> None:
    """Nothing is started, what was typed stays, and the limit is named."""
    async with scene.person("ada") as ada:
        ada.expected.append("status of 413")
        await ada.go("/start/hello_world")
        await ada.page.get_by_role("button", name="Write JSON instead").click()
        text = ada.page.get_by_label("Result, as JSON")
        for size, words in ((300_000, "262,144 are allowed"), (1_200_000, "The request is too large.")):
            await text.fill(f'{{"message": "{"x" * size}"}}')
            await ada.press("Control+Enter")
            await ada.sees(words)
            assert len(await text.input_value()) > size


async def test_another_sites_page_can_do_nothing(scene: Scene, rita: Person) -> None:
    """Its requests carry the cookie, as another port is the same site to a browser; they are refused."""
    workflow_id = await scene.onboarding("FOREIGN-1")
    (activity,) = (await scene.client.workflow(workflow_id))["activities"]
    rita.expected += ["blocked by CORS policy", "status of 403", "net::ERR_"]
    async with foreign_page() as address:
        await rita.go(address)
        for kind in ("text/plain", "application/json"):
            said = await rita.page.evaluate(
                _FORGED, {"url": scene.url, "id": activity["activityId"], "kind": kind, "mode": "no-cors"}
            )
            assert said in ("opaque", "TypeError")
    (after,) = (await scene.client.workflow(workflow_id))["activities"]
    assert after["state"] == "OPEN"


_FORGED = """
({ url, id, kind, mode }) => fetch(`${url}/graphql`, {
  method: "POST", credentials: "include", mode, headers: { "content-type": kind },
  body: JSON.stringify({ query: `mutation { claimActivity(activityId: "${id}") { __typename } }` }),
}).then((answer) => answer.type, (error) => error.name)
"""


@asynccontextmanager
async def foreign_page() -> AsyncIterator[str]:
    """Serve an empty page at a port of its own; yields its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n"
        writer.write(head + b"<!doctype html><link rel=icon href='data:,'><p>Hello.")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

"""Numbers that JavaScript would write otherwise: shown by all their digits, and sent back as they came."""

from __future__ import annotations

import json
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.browser.person import Person, Scene
from zeebe_fleet.deploy.node import SOURCES, node, packages

pytestmark = pytest.mark.slow

ACCOUNT = "9007199254740993"
OTHER = "9007199254740995"
GIVEN = json.loads(f"""{{"account": {ACCOUNT}, "rate": 9.5, "whole": 100.0, "note": {ACCOUNT}, "rows": [
  {{"id": {OTHER}, "paid": 1.0}}, {{"id": {ACCOUNT}, "paid": 2.0}}], "chosen": {ACCOUNT}, "share": 5.0}}""")


def _number(key: str) -> dict[str, Any]:
    return {"type": "number", "id": f"n_{key}", "key": key, "label": key}


FORM = {
    "type": "default",
    "components": [
        _number("account"),
        {**_number("rate"), "increment": "0.25"},
        _number("whole"),
        {"type": "textfield", "id": "note", "key": "note", "label": "note"},
        {"type": "dynamiclist", "id": "list", "path": "rows", "allowAddRemove": True, "isRepeating": True}
        | {"components": [_number("id"), _number("paid")]},
        {"type": "select", "id": "chosen", "key": "chosen", "label": "chosen"}
        | {"valuesExpression": "=for one in rows return {label: string(one.id), value: one.id}"},
        {"type": "radio", "id": "share", "key": "share", "label": "share"}
        | {"values": [{"label": "five", "value": 5}, {"label": "ten", "value": 10}]},
        {"type": "text", "id": "shown", "text": "Account {{account}}."},
        {"type": "textfield", "id": "big", "key": "big", "label": "big", "conditional": {"hide": "=account < 1000"}},
    ],
}


def _kept(text: str) -> Any:
    return json.loads(text, parse_int=Decimal, parse_float=Decimal, parse_constant=str)


def _digits(value: Any) -> Any:
    """A JSON value with each number as its digits."""
    return json.loads(json.dumps(value, default=str))


async def _sent(page: Page, operation: str, press: str) -> Any:
    """Press keys, and return the variables of the operation that is sent, each number by its digits."""

    def wanted(request: Request) -> bool:
        return f"mutation {operation}" in (request.post_data or "")

    async with page.expect_request(wanted) as found:
        await page.keyboard.press(press)
    return _digits(_kept((await found.value).post_data or ""))["variables"]


async def _with_zeros(rita: Person) -> None:
    """Have what is read come with zeros at its end, as an engine that keeps decimals writes them."""

    async def answer(route: Route) -> None:
        answered = await route.fetch()
        await route.fulfill(response=answered, body=re.sub(r'("rate": ?9\.5)', r"\g<1>0", await answered.text()))

    await rita.page.route(lambda _: True, _only("query Activity(", answer))


def _only(text: str, act: Any) -> Any:
    async def route(route: Route) -> None:
        await (act(route) if text in (route.request.post_data or "") else route.fallback())

    return route


async def test_form_returns_numbers_that_nobody_touched_as_they_came(scene: Scene, rita: Person) -> None:
    """Beyond 2^53, with zeros at their ends, in rows of which one was removed, chosen, and as text."""
    activity_id = await scene.activity(form=FORM, variables=GIVEN)
    await _with_zeros(rita)
    await rita.go(f"/activities/{activity_id}")
    await rita.page.get_by_role("button", name="Claim").click()
    await expect(rita.page.get_by_label("account")).to_have_value(ACCOUNT)
    await expect(rita.page.get_by_label("rate")).to_have_value("9.50")
    await rita.sees(f"Account {ACCOUNT}.")
    await expect(rita.page.get_by_label("big")).to_be_editable()
    await rita.page.locator(".fjs-repeat-row-remove").first.click()
    await expect(rita.page.get_by_label("id", exact=True)).to_have_count(1)
    await rita.page.get_by_label("big").fill("typed")
    sent = await _sent(rita.page, "Complete", "Control+Enter")
    assert sent["result"] == {
        "account": ACCOUNT,
        "rate": "9.50",
        "whole": "100.0",
        "note": ACCOUNT,
        "rows": [{"id": ACCOUNT, "paid": "2.0"}],
        "chosen": ACCOUNT,
        "share": "5.0",
        "big": "typed",
    }
    await rita.sees("completed.")


async def test_number_that_is_typed_is_sent_by_all_its_digits(scene: Scene, rita: Person) -> None:
    """Also counted up by an arrow key, and after the page was loaded again."""
    activity_id = await scene.activity(form={**FORM, "components": FORM["components"][:3]}, variables=GIVEN)
    await rita.go(f"/activities/{activity_id}")
    await rita.page.get_by_role("button", name="Claim").click()
    await expect(rita.page.get_by_label("account")).to_be_focused()
    await rita.press("ArrowUp")
    await rita.page.get_by_label("rate").fill("0.12345678901234567891")
    await rita.page.get_by_label("whole").fill("12.50")
    await rita.sees("Draft kept")
    await rita.page.reload()
    await expect(rita.page.get_by_label("account")).to_have_value("9007199254740994")
    await rita.page.get_by_label("rate").fill("18014398509481985.25")
    sent = await _sent(rita.page, "Complete", "Control+Enter")
    assert sent["result"] == {"account": "9007199254740994", "rate": "18014398509481985.25", "whole": "12.5"}


async def test_json_editor_and_case_data_keep_all_digits(scene: Scene, rita: Person) -> None:
    """What is handed over is shown by its digits; what is written as JSON is sent as it is written."""
    activity_id = await scene.activity(variables={**GIVEN, "tiny": 0.12345})
    await rita.go(f"/activities/{activity_id}")
    for digits in ("9,007,199,254,740,993", "100.0", "0.12345"):
        await rita.sees(digits)
    await rita.page.get_by_role("button", name="Claim").click()
    text = rita.page.get_by_label("Result, as JSON")
    await text.fill(f'{{"account": {ACCOUNT}, "rate": 9.50, "quoted": "\\"1.50\\\\"}}')
    await rita.page.reload()
    await expect(text).to_have_value(f'{{\n  "account": {ACCOUNT},\n  "rate": 9.50,\n  "quoted": "\\"1.50\\\\"\n}}')
    await text.focus()
    sent = await _sent(rita.page, "Complete", "Control+Enter")
    assert sent["result"] == {"account": ACCOUNT, "rate": "9.50", "quoted": '"1.50\\'}


async def test_start_page_keeps_the_digits_of_an_example(scene: Scene) -> None:
    """In the form, as JSON, and where a case is started at once to be watched."""
    example = {"title": "Large", "description": "A large one.", "variables": {"message": "m", "account": 1, "rate": 2}}

    async def answer(route: Route) -> None:
        answered = await route.fetch()
        body = await answered.json()
        for edge in body["data"]["processDefinitions"]["edges"]:
            edge["node"]["inputSchema"] = {
                "type": "object",
                "properties": {"account": {"type": "integer"}, "rate": {"type": "number", "minimum": 0.5}},
                "x-examples": [example],
            }
            edge["node"]["bpmn"] = edge["node"]["bpmn"].replace("formDefinition", "noDefinition")
        text = (
            json.dumps(body).replace('"account": 1,', f'"account": {ACCOUNT},').replace('"rate": 2}', '"rate": 9.50}')
        )
        await route.fulfill(response=answered, body=text.replace('"minimum": 0.5', '"minimum": 0.50'))

    async with scene.person("ada") as ada:
        await ada.page.route(lambda _: True, _only("query Processes", answer))
        await ada.page.route(lambda _: True, _only("mutation Start", _nothing))
        await ada.go("/start")
        async with ada.page.expect_request(lambda one: "mutation Start" in (one.post_data or "")) as found:
            await ada.page.get_by_role("button", name="Start: Large").first.click()
        variables = _digits(_kept((await found.value).post_data or ""))["variables"]["variables"]
        assert variables == {"message": "m", "account": ACCOUNT, "rate": "9.50"}
        await ada.go("/start/hello_world")
        await ada.page.get_by_role("button", name="Large").click()
        await expect(ada.page.get_by_label("Account")).to_have_value(ACCOUNT)
        sent = await _sent(ada.page, "Start", "Control+Enter")
        assert sent["variables"] == {"account": ACCOUNT, "rate": "9.50"}
        await ada.page.get_by_role("button", name="Write JSON instead").click()
        text = await ada.page.get_by_label("Result, as JSON").input_value()
        assert _digits(_kept(text)) == {"message": "m", "account": ACCOUNT, "rate": "9.50"}


async def _nothing(route: Route) -> None:
    refused = {"__typename": "EngineRefused", "message": "Not today.", "suggestion": ""}
    await route.fulfill(json={"data": {"answer": refused}})


SCRIPT = """
import { readJson, writeJson, isHeld } from "%s";
const passes = (text) => { try { readJson(text); return true; } catch { return false; } };
const [texts, wrong, numbers] = process.argv.slice(1).map((one) => JSON.parse(one));
const back = texts.map((text) => writeJson(readJson(text)));
console.log(JSON.stringify({ back, wrong: wrong.filter(passes), held: numbers.filter(isHeld) }));
"""
TEXTS = [
    '{"a":9007199254740993,"b":[1.0,-0,1e3,1E+2,0.10,123456789012345678901234567890.5,1e400],"c":{"1.50":1.50}}',
    '"1.50"',
    "1.50",
    '["\\\\","1.0\\"",2.0,"\\\\\\"3.0"]',
    '{"":"","x":-1.20e-7}',
    "[]",
]
WRONG = ["01.50", "1.50.2", "-", "{1.50:2}", '[1.50"a"]', "1.", ".5", "+1.0", "NaN", "", '{"a":1.0', "0x10"]
NUMBERS = ["9.50", "1e3", "0.0", "-0.5", "9007199254740993", "1e400"]


def test_json_is_written_as_it_was_read(tmp_path: Path) -> None:
    """Every number in every place by its characters, texts untouched, and nothing passes that is no JSON."""
    build = [str(node()), str(packages() / "esbuild" / "bin" / "esbuild"), str(SOURCES / "src" / "exact.ts")]
    module = tmp_path / "exact.mjs"
    subprocess.run([*build, f"--outfile={module}", "--log-level=error"], check=True)
    given = [json.dumps(one) for one in (TEXTS, WRONG, NUMBERS)]
    script = [str(node()), "--input-type=module", "-e", SCRIPT % module, *given]
    said = json.loads(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    assert said == {"back": TEXTS, "wrong": [], "held": NUMBERS[:4]}

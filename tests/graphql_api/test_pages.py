"""What a browser is served: the built page where there is one, the plain inbox elsewhere."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from zeebe_fleet.graphql_api.pages import page_routes


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Where a build would put its files; nothing is there yet."""
    return tmp_path / "app"


@pytest.fixture
async def http(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the pages alone."""
    transport = httpx.ASGITransport(Starlette(routes=page_routes(built)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http


def _build(built: Path) -> None:
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("the built page")
    (built / "assets" / "main-1.js").write_text("unpacked")
    (built / "assets" / "main-1.js.gz").write_bytes(gzip.compress(b"packed"))
    (built / "secret").write_text("not for anybody")


async def test_pages_are_the_plain_inbox_until_one_is_built(http: httpx.AsyncClient, built: Path) -> None:
    """Whatever place was asked for; a build that comes later is served without a restart."""
    assert "plain inbox" in (await http.get("/workflows")).text
    _build(built)
    for path in ("/", "/inbox", "/activities/1", "/workflows/1", "/start/hello", "/processes/hello"):
        assert (await http.get(path)).text == "the built page"


async def test_pages_send_packed_files_for_ever(http: httpx.AsyncClient, built: Path) -> None:
    """Their names hold a hash; who cannot unpack gets them as they are."""
    _build(built)
    packed = await http.get("/assets/main-1.js")
    assert (packed.text, packed.headers["content-encoding"]) == ("packed", "gzip")
    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["content-type"].startswith("text/javascript")
    assert (await http.get("/assets/main-1.js", headers={"accept-encoding": "identity"})).text == "unpacked"


@pytest.mark.parametrize("name", ["..%2Fsecret", "%2e%2e/secret", "%2e%2e", "none.js"])
async def test_pages_lead_nowhere_else(http: httpx.AsyncClient, built: Path, name: str) -> None:
    """Nothing beside the assets can be read by a name among them."""
    _build(built)
    assert (await http.get(f"/assets/{name}")).status_code == 404

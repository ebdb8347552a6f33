"""What a browser is served: the built UI where there is one, else a plain inbox that needs no build."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

PAGE = Path(__file__).parent / "page"
BUILT = PAGE / "app"
"""Where `fleet`'s UI build puts what it made; a wheel holds it."""

_PLAIN = ("inbox.css", "inbox.js", "forms.js", "graphql.js")
_PLACES = ("/", "/inbox", "/activities/{id}", "/workflows", "/workflows/{id}", "/start", "/start/{id}")
_BUILT_PLACES = ("/processes", "/processes/{id}", "/definitions", "/definitions/{id}", "/definitions/{id}/{version}")
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
_ASK_AGAIN = {"cache-control": "no-cache"}
_LONGEST_NAME = 200


def page_routes(built: Path = BUILT) -> list[BaseRoute]:
    """Return the routes of the UI; which one is served is decided by what is there at each request."""
    return [
        *(Route(path, _entry(built)) for path in (*_PLACES, *_BUILT_PLACES)),
        Route("/assets/{name}", _asset(built)),
        Route("/icon.svg", _file(built, "icon.svg")),
        *(Route(f"/{name}", _file(PAGE, name)) for name in _PLAIN),
    ]


def _entry(built: Path) -> Any:
    async def entry(request: Request) -> Response:
        page = built / "index.html"
        if not page.is_file():
            page = PAGE / "index.html"
        return _answer(request, page, _ASK_AGAIN)

    return entry


def _asset(built: Path) -> Any:
    async def asset(request: Request) -> Response:
        # the name is one segment of the path, so it leads nowhere else; names hold a hash of the content
        return _answer(request, built / "assets" / request.path_params["name"], _FOR_EVER)

    return asset


def _file(folder: Path, name: str) -> Any:
    async def file(request: Request) -> Response:
        return _answer(request, folder / name, _ASK_AGAIN)

    return file


def _answer(request: Request, file: Path, headers: dict[str, str]) -> Response:
    """Send a file, packed as it lies beside it where the browser can unpack it."""
    if len(file.name) > _LONGEST_NAME or not file.is_file():
        raise HTTPException(404)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {**headers, "vary": "accept-encoding"}
    packed = file.with_name(f"{file.name}.gz")
    if packed.is_file() and "gzip" in request.headers.get("accept-encoding", ""):
        return FileResponse(packed, media_type=kind, headers={**headers, "content-encoding": "gzip"})
    return FileResponse(file, media_type=kind, headers=headers)

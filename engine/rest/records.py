"""The records of what happens, as a response that does not end: the engine's own, no part of Camunda's API."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from zeebe_fleet.engine.pump import Stopped
from zeebe_fleet.engine.records.feed import Follower, Selection, TooMany
from zeebe_fleet.engine.rest.house import House
from zeebe_fleet.engine.rest.problems import Problem, invalid

_LAST_WORD_S = 0.2
_POSITIONS = 2**63


async def records(request: Request, house: House) -> Response:
    """`GET /engine/records?follow=true&after=N&type=JOB&process=ID`: JSON lines, each a record.

    Without `follow` it ends with what is held: records are made while somebody follows, and a minute longer. A line
    with `gap` says that some are not held any more, one with `cutOff` that they were read too slowly.
    """
    asked = request.query_params
    selection = Selection(frozenset(asked.getlist("type")), asked.get("process", ""))
    follows = _flag(asked.get("follow", "false"))
    try:
        follower = house.feed.follow(selection, _position(asked.get("after"), None if follows else 0))
    except TooMany as error:
        raise Problem(503, "RESOURCE_EXHAUSTED", str(error)) from None
    if not follows:
        follower.end()
    return _Lines(follower, house)


class _Lines(Response):
    media_type = "application/x-ndjson"

    def __init__(self, follower: Follower, house: House) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._follower, self._house = follower, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.ensure_future(_left(receive, self._follower))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            with suppress(Stopped), self._house.waits.one():
                async for chunk in self._follower.chunks():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORD_S):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()
            self._follower.end()


async def _left(receive: Receive, follower: Follower) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.end()


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise invalid("The query parameter 'follow' is true or false.")
    return text == "true"


def _position(text: str | None, absent: int | None) -> int | None:
    if text is None:
        return absent
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < _POSITIONS):
        raise invalid("The query parameter 'after' is a position: a number that is not negative.")
    return int(text)

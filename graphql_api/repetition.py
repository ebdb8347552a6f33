"""Requests to the engine that no record of ours answers, sent once for each idempotency key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from zeebe_fleet.graphql_api.arguments import read_text
from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.workers.contract.errors import EngineError
from zeebe_fleet.workers.contract.refusals import EngineRefused


@asynccontextmanager
async def once(context: Context, key: str | None, body: Mapping[str, Any]) -> AsyncIterator[bool]:
    """Tell whether a request is to be sent, and take note of it.

    The note is committed first, so that of two equal requests one is sent; it is taken back when the
    engine refuses, so that the request can be repeated.

    Raises:
        EngineRefused: the engine refused, or did not answer.
    """
    principal, requests = context.principal, context.services.requests
    key = read_text("idempotencyKey", key)
    is_first = key is None or await requests.remember(principal, key, body)
    try:
        yield is_first
    except EngineError as error:
        if key is not None:
            await requests.forget(principal, key)
        raise EngineRefused(error.message, error.suggestion) from error

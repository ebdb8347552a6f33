"""Requests to the engine that no record of ours answers, sent once for each idempotency key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from zeebe_fleet.graphql_api.arguments import read_key
from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.workers.contract.errors import EngineError
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.refusals import EngineRefused, RequestRefused

Send = Callable[[], Awaitable[None]]


def message_id_of(principal: Principal, key: str | None) -> str:
    """Return what the engine knows a message by: the same for no other principal and no other key.

    It names nobody: ids are read in the engine, by whoever may look there.
    """
    if key is None:
        return str(uuid4())
    said = json.dumps([principal.issuer, principal.subject, key])
    return hashlib.sha256(said.encode()).hexdigest()


async def send_once(context: Context, key: str | None, body: Mapping[str, Any], send: Send) -> None:
    """Send a request to the engine, unless the same one was sent before.

    At least once: whoever dies between sending and noting leaves it to be sent again. A message the engine
    knows by its id while it lives; a signal it does not.

    Raises:
        IdempotencyConflict: the key was used for another body.
        EngineRefused: the engine refused, or did not answer; or the same request is on its way.
        RequestRefused: `send` says so; the key is free again.
    """
    principal, requests = context.principal, context.services.requests
    key = read_key(key)
    if key is not None and not await requests.take(principal, key, body):
        return
    try:
        await send()
    except (EngineError, RequestRefused) as error:
        if key is not None:
            await requests.give_up(principal, key)
        if isinstance(error, RequestRefused):
            raise
        raise EngineRefused(error.message, error.suggestion) from error
    if key is not None:
        await requests.sent(principal, key)

"""Sessions that are over: by their time, or because somebody signed out, here or at another process of the API."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from graphql import GraphQLError
from strawberry.types.execution import PreExecutionError

from zeebe_fleet.graphql_api.auth import Session
from zeebe_fleet.workers.contract.api_ports import SpentTokens
from zeebe_fleet.workers.contract.errors import FleetError


class NotSignedIn(FleetError):
    """Whoever asks is a stranger, or not signed in any more."""


UNAUTHENTICATED = "UNAUTHENTICATED"
_FRESH_S = 10.0
"""How long what others signed out is not known here."""
_LOOK_EVERY_S = 15.0
"""How often a stream is looked at, whether it may go on."""


class Sessions:
    """Knows which sessions are over.

    Args:
        tokens: where all processes of the API note what was signed out.
    """

    def __init__(self, tokens: SpentTokens) -> None:
        self._tokens = tokens
        self._spent: frozenset[str] = frozenset()
        self._read_at = -_FRESH_S

    async def is_over(self, session: Session | None) -> bool:
        """Tell whether a session may do nothing any more; a bearer of the service's token has none."""
        if session is None:
            return False
        if time.monotonic() - self._read_at >= _FRESH_S:
            begun_at = time.monotonic()
            self._spent = await self._tokens.spent()
            self._read_at = begun_at
        return time.time() >= session.ends_at or session.token_id in self._spent

    async def end(self, session: Session) -> None:
        """Sign somebody out: at once here, within ten seconds everywhere."""
        await self._tokens.spend(session.token_id, session.ends_at)
        self._spent |= {session.token_id}

    async def use_once(self, state: str, until_s: float) -> bool:
        """Tell whether an attempt to sign in leads back for the first time; it does no more."""
        return await self._tokens.spend(f"state {hashlib.sha256(state.encode()).hexdigest()}", until_s)

    async def while_signed_in(
        self, session: Session | None, source: AsyncGenerator[Any, None]
    ) -> AsyncGenerator[Any, None]:
        """Yield what a stream yields, until its session is over: then the reason, and its end."""
        async with aclosing(source):
            while True:
                result = await self._next(session, source)
                if result is None:
                    return
                yield result
                if isinstance(result, SessionOver):
                    return

    async def _next(self, session: Session | None, source: AsyncGenerator[Any, None]) -> Any:
        coming = asyncio.ensure_future(anext(source, None))
        try:
            while True:
                left_s = _LOOK_EVERY_S if session is None else max(0.0, session.ends_at - time.time())
                done, _ = await asyncio.wait([coming], timeout=min(left_s, _LOOK_EVERY_S))
                if await self.is_over(session):
                    return SessionOver()
                if done:
                    return coming.result()
        finally:
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError):
                    await coming


class SessionOver(PreExecutionError):
    """What a stream ends in when its session does."""

    def __init__(self) -> None:
        said = {"code": UNAUTHENTICATED, "suggestion": "Sign in again."}
        super().__init__(None, [GraphQLError("Your session is over.", extensions=said)])

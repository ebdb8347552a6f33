"""Subscriptions by WebSocket: `graphql-transport-ws`, with the token in the handshake or in its first message.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from typing import Any

from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    _OperationStreamClosed,
)

from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.graphql_api.faults import shown
from zeebe_fleet.graphql_api.operations import Refused
from zeebe_fleet.graphql_api.shares import Share, ShareUsed
from zeebe_fleet.graphql_api.streams import StreamLost

_TRY_AGAIN_LATER = 1013
_FORBIDDEN = 4403
_EARLY = 5
"""Messages of somebody who has not said yet who they are."""
_LONGEST_NAME = 200


class Socket(BaseGraphQLTransportWSHandler[Context, None]):
    """One connection; an error ends the operation it is of, and no other."""

    _is_closing = False
    _early = 0
    _leaving: asyncio.Future[None] | None = None
    _share: Share | None = None
    """Whose the connection is counted as, where the handshake said so."""

    async def handle(self) -> None:
        """Talk to a client until it is gone; who is known by the handshake is no stranger, and waits at no door."""
        with ExitStack() as self._held:
            share = self.context.signed_in.share
            if self.context.principal.subject and share.has_socket:
                self._held.enter_context(share.socket(self._give_up))
                self._share = share
            else:
                self.view.strangers.add(self)  # type: ignore[attr-defined]
            try:
                await super().handle()
            finally:
                self.view.strangers.discard(self)  # type: ignore[attr-defined]

    def _give_up(self) -> None:
        """Leave the place to somebody who has fewer connections."""
        self._is_closing = True
        self._leaving = asyncio.ensure_future(self._leave())

    async def _leave(self) -> None:
        await self.shutdown()
        with suppress(RuntimeError, OSError):  # it is gone already
            await self.websocket.close(_TRY_AGAIN_LATER, "Others have fewer connections")

    async def handle_message(self, message: Any) -> None:
        """Take a message of the protocol, or close what does not speak it."""
        if self._is_closing:
            return
        names = [message.get("type"), message.get("id", "")] if isinstance(message, dict) else [None]
        if not all(isinstance(one, str) and len(one) <= _LONGEST_NAME for one in names):
            await self.handle_invalid_message("That is no message of graphql-transport-ws")
            return
        if not self.connection_acknowledged:
            self._early += 1
            if self._early > _EARLY:
                await self.websocket.close(_TRY_AGAIN_LATER, "Introduce yourself")
                return
        elif message["type"] != "subscribe" and not self._admitted():
            await self.websocket.close(_TRY_AGAIN_LATER, "Too many messages")
            return
        self.context.signed_in.share.pay_s(self.view.decoding_s)  # type: ignore[attr-defined]
        await super().handle_message(message)

    async def handle_connection_init(self, message: Any) -> None:
        """Let in whoever is known by now."""
        known = self.view.introduced(self.context, message.get("payload"))  # type: ignore[attr-defined]
        if known is None:
            await self.websocket.close(_FORBIDDEN, "Forbidden")
            return
        share = known.signed_in.share
        if not self.connection_init_received and share is not self._share:
            try:
                self._held.enter_context(share.socket(self._give_up))
            except ShareUsed as used:
                await self.websocket.close(_TRY_AGAIN_LATER, used.message)
                return
        self.view.strangers.discard(self)  # type: ignore[attr-defined]
        self.context = known
        await super().handle_connection_init(message)

    async def handle_subscribe(self, message: Any) -> None:
        """Run an operation, or say what is wrong with it."""
        try:
            if self.connection_acknowledged:
                self.context.signed_in.share.admit()
            asked = self.view.read(message["payload"])  # type: ignore[attr-defined]
        except Refused as refused:
            await self._refuse(message["id"], GraphQLError(refused.message, extensions=refused.extensions))
            return
        except ShareUsed as used:
            await self._refuse(message["id"], shown(GraphQLError("", original_error=used)))
            return
        payload: Any = {"query": asked.query, "variables": asked.variables, "operationName": asked.operation_name}
        await super().handle_subscribe({"id": message["id"], "type": "subscribe", "payload": payload})

    def _admitted(self) -> bool:
        try:
            self.context.signed_in.share.admit()
        except ShareUsed:
            return False
        return True

    async def _refuse(self, operation_id: str, error: GraphQLError) -> None:
        await self.send_message({"id": operation_id, "type": "error", "payload": [error.formatted]})

    async def _send_result_stream(self, operation: Any, result_source: Any) -> None:
        try:
            await super()._send_result_stream(operation, result_source)
        except StreamLost as lost:
            self.operations.pop(operation.id, None)
            if not self._is_closing:
                self._is_closing = True
                await self.websocket.close(_TRY_AGAIN_LATER, lost.reason)
            raise _OperationStreamClosed from lost

    async def _handle_pre_execution_error(self, operation: Any, result: Any) -> None:
        await operation.send_initial_errors(result.errors)

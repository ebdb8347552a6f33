"""Makes the records of what happens, while it happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core.state import PARTITION
from zeebe_fleet.engine.records.makers import AFTER, BEFORE, Draft, Maker

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.state import State

Record = dict[str, Any]

POSITION_BITS = 20
"""How much of a position counts the records of one turn; the rest is the turn's number in the journal."""

_log = logging.getLogger(__name__)


class Recorder:
    """Sees every event of a machine and keeps what it makes, until it is taken.

    Attributes:
        drafts: what was made since the last `taken`.
    """

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self._came: set[int] = set()
        self._message_key = 0

    def see(self, state: State, name: str, fields: tuple[Any, ...], apply: Callable[..., None]) -> None:
        """Let an event change the state, and make its records before or after that."""
        if (make := BEFORE.get(name)) is not None:
            made = _made(make, state, fields)
            apply(state, *fields)
        else:
            apply(state, *fields)
            make = AFTER.get(name)
            made = _made(make, state, fields) if make is not None else []
        if name == "MESSAGE_SERVED":
            self._message_key = fields[1]
        elif name == "CATCH_TRIGGERED":
            self._triggered(fields[1], made)
        elif name == "CATCH_CLOSED" and fields[1] in self._came:
            # It has come: its end needs no second word.
            self._came.discard(fields[1])
            return
        self.drafts += made

    def _triggered(self, key: int, made: list[Draft]) -> None:
        kind = made[0].value_type if made else ""
        if kind == "PROCESS_MESSAGE_SUBSCRIPTION":
            made[0].value["messageKey"] = self._message_key
        # Others are waited for until they are closed.
        if kind == "TIMER" or (kind == "PROCESS_MESSAGE_SUBSCRIPTION" and made[0].value["interrupting"]):
            self._came.add(key)

    def taken(self, number: int, now_ms: int, broker_version: str) -> list[Record]:
        """Return the records since the last call, at their place in the journal."""
        drafts, self.drafts = self.drafts, []
        first = number << POSITION_BITS
        return [
            {
                "position": first + index,
                "key": draft.key,
                "timestamp": now_ms,
                "valueType": draft.value_type,
                "intent": draft.intent,
                "recordType": "EVENT",
                "partitionId": PARTITION,
                "brokerVersion": broker_version,
                "value": draft.value,
            }
            for index, draft in enumerate(drafts)
        ]

    def forget(self) -> None:
        """Keep nothing of what was seen."""
        self.drafts.clear()
        self._came.clear()


def _made(make: Maker, state: State, fields: tuple[Any, ...]) -> list[Draft]:
    try:
        return make(state, *fields)
    except Exception:
        # Whoever watches may miss something; the engine goes on.
        _log.exception("A record could not be made of %s.", make)
        return []

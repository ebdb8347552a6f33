"""The last records, and those who follow them; whoever reads too slowly is cut off, and nobody waits for it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from zeebe_fleet.engine.records.file import line_of
from zeebe_fleet.engine.records.recorder import Record

if TYPE_CHECKING:
    from zeebe_fleet.engine.pump import Pump

HELD_BYTES = 8 * 1024 * 1024
"""Of the last records, for those who come back."""
BEHIND_BYTES = 4 * 1024 * 1024
"""How far one who follows may be behind."""
MOST_FOLLOWERS = 16
LINGER_S = 60.0
"""How long records are still made after the last one has left, so that who comes back misses none."""


class TooMany(Exception):
    """There are as many who follow as may be."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records are wanted.

    Args:
        value_types: as `JOB`; all of them when there are none.
        process: id of a process; only records that name it.
    """

    value_types: frozenset[str] = frozenset()
    process: str = ""

    def has(self, value_type: str, process: str) -> bool:
        """Tell whether a record is wanted."""
        return (not self.value_types or value_type in self.value_types) and self.process in ("", process)


class _Held(NamedTuple):
    position: int
    value_type: str
    process: str
    line: bytes


class Follower:
    """What one who follows has not read yet.

    Args:
        most_bytes: beyond them it is cut off.
    """

    def __init__(self, selection: Selection, leave: Callable[[Follower], None], most_bytes: int) -> None:
        self._selection, self._leave, self._most_bytes = selection, leave, most_bytes
        self._lines: deque[bytes] = deque()
        self._size_bytes = 0
        self._news = asyncio.Event()
        self._ended = False

    def tell(self, held: _Held) -> None:
        """Add a record, if it is wanted."""
        if self._ended or not self._selection.has(held.value_type, held.process):
            return
        self.add(held.line)
        if self._size_bytes > self._most_bytes:
            told = "It was read too slowly; ask again with after=<the last position>."
            self._lines.append(notice("cutOff", told))
            self.end()

    def add(self, line: bytes) -> None:
        """Add a line."""
        self._lines.append(line)
        self._size_bytes += len(line)
        self._news.set()

    def end(self) -> None:
        """Let it read what there is, and no more."""
        self._ended = True
        self._news.set()
        self._leave(self)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield lines, many at once, as they come."""
        while True:
            if self._lines:
                chunk = b"".join(self._lines)
                self._lines.clear()
                self._size_bytes = 0
                yield chunk
            elif self._ended:
                return
            else:
                self._news.clear()
                await self._news.wait()


class Feed:
    """Records while somebody follows them, and a while longer."""

    def __init__(self, pump: Pump, *, held_bytes: int = HELD_BYTES, behind_bytes: int = BEHIND_BYTES) -> None:
        self._pump, self._held_bytes, self._behind_bytes = pump, held_bytes, behind_bytes
        self._held: deque[_Held] = deque()
        self._size_bytes = 0
        self._missed = 0
        self._followers: set[Follower] = set()
        self._end_of_records: Callable[[], None] | None = None
        self._lingering: asyncio.TimerHandle | None = None

    def follow(self, selection: Selection, after: int | None = None) -> Follower:
        """Return what tells of all that happens from now on.

        Args:
            after: begin with the records behind this position, as far as they are held; 0 for all that are.

        Raises:
            TooMany: there is no room for one more.
        """
        if len(self._followers) >= MOST_FOLLOWERS:
            raise TooMany(f"{MOST_FOLLOWERS} follow the records already.")
        self._begin()
        follower = Follower(selection, self._left, self._behind_bytes)
        self._followers.add(follower)
        if after is not None:
            if 0 < after < self._missed:
                follower.add(notice("gap", f"Records between {after} and {self._missed} are not held any more."))
            for held in self._held:
                if held.position > after and selection.has(held.value_type, held.process):
                    follower.add(held.line)
        return follower

    @property
    def followers(self) -> int:
        """How many follow."""
        return len(self._followers)

    def close(self) -> None:
        """End them all."""
        for follower in list(self._followers):
            follower.end()
        self._end()

    def _begin(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if self._end_of_records is None:
            self._missed = self._pump.position
            self._end_of_records = self._pump.records(self._tell)

    def _left(self, follower: Follower) -> None:
        self._followers.discard(follower)
        if not self._followers and self._end_of_records is not None and self._lingering is None:
            self._lingering = asyncio.get_running_loop().call_later(LINGER_S, self._end)

    def _end(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if self._end_of_records is not None:
            self._end_of_records()
            self._end_of_records = None
        self._held.clear()
        self._size_bytes = 0

    def _tell(self, records: list[Record]) -> None:
        for record in records:
            process = record["value"].get("bpmnProcessId", "")
            held = _Held(record["position"], record["valueType"], process, line_of(record))
            self._held.append(held)
            self._size_bytes += len(held.line)
            for follower in list(self._followers):
                follower.tell(held)
        while self._size_bytes > self._held_bytes:
            oldest = self._held.popleft()
            self._missed = oldest.position
            self._size_bytes -= len(oldest.line)


def notice(name: str, told: str) -> bytes:
    """Return a line that is no record."""
    line: dict[str, Any] = {name: told}
    return json.dumps(line).encode() + b"\n"

"""Who follows the records, and how far it may be behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from zeebe_fleet.engine.records.feed import MOST_FOLLOWERS, Feed, Follower, Selection, TooMany
from zeebe_fleet.engine.records.recorder import Record

EVERY = Selection()


class Source:
    """Tells records as the pump does, when a test says so."""

    def __init__(self) -> None:
        self.position = 0
        self.hearer: Callable[[list[Record]], None] | None = None

    def records(self, hearer: Callable[[list[Record]], None]) -> Callable[[], None]:
        """Take the one who hears."""
        self.hearer = hearer

        def end() -> None:
            self.hearer = None

        return end

    def tell(self, value_type: str = "JOB", **value: Any) -> None:
        """Let something have happened."""
        self.position += 1
        if self.hearer is not None:
            self.hearer([{"position": self.position, "valueType": value_type, "value": value}])


@pytest.fixture
def source() -> Source:
    """A source that nobody hears."""
    return Source()


async def rest_of(follower: Follower) -> list[Any]:
    """End it, and read what it was told."""
    follower.end()
    chunks = [chunk async for chunk in follower.chunks()]
    return [json.loads(line) for line in b"".join(chunks).splitlines()]


async def positions(follower: Follower) -> list[int]:
    """End it, and read the positions."""
    return [one["position"] for one in await rest_of(follower)]


async def test_feed_hears_only_while_somebody_follows_and_a_while_longer(source: Source) -> None:
    """Nothing is computed before; who comes back finds what happened meanwhile."""
    feed = Feed(source)  # type: ignore[arg-type]
    source.tell()
    assert source.hearer is None
    first = feed.follow(EVERY)
    source.tell()
    assert await positions(first) == [2]
    source.tell()
    assert await positions(feed.follow(EVERY, after=2)) == [3]
    feed.close()
    assert source.hearer is None


async def test_feed_says_what_it_does_not_hold_any_more(source: Source) -> None:
    """A gap is a line of its own, and never silent."""
    feed = Feed(source, held_bytes=200)  # type: ignore[arg-type]
    source.tell()
    follower = feed.follow(EVERY)
    for _ in range(10):
        source.tell()
    assert await positions(follower) == list(range(2, 12))
    gap, *held = await rest_of(feed.follow(EVERY, after=1))
    assert "gap" in gap
    assert [one["position"] for one in held] == list(range(held[0]["position"], 12))
    assert [one["position"] for one in await rest_of(feed.follow(EVERY, after=0))] == [one["position"] for one in held]
    feed.close()


async def test_feed_cuts_off_who_reads_too_slowly(source: Source) -> None:
    """What it holds for it is bounded; it is told, and the others go on."""
    feed = Feed(source, behind_bytes=300)  # type: ignore[arg-type]
    slow, quick = feed.follow(EVERY), feed.follow(EVERY)
    read: list[int] = []
    reading = quick.chunks()
    for _ in range(50):
        source.tell()
        read += [json.loads(line)["position"] for line in (await anext(reading)).splitlines()]
    *told, last = await rest_of(slow)
    assert "cutOff" in last
    assert len(told) < 10
    assert read == list(range(1, 51))
    feed.close()


async def test_feed_tells_only_what_is_wanted(source: Source) -> None:
    """By value type, and by process."""
    feed = Feed(source)  # type: ignore[arg-type]
    jobs = feed.follow(Selection(frozenset({"JOB"})))
    of_a = feed.follow(Selection(process="a"))
    source.tell("JOB", bpmnProcessId="a")
    source.tell("JOB", bpmnProcessId="b")
    source.tell("VARIABLE", bpmnProcessId="a")
    source.tell("MESSAGE")
    assert await positions(jobs) == [1, 2]
    assert await positions(of_a) == [1, 3]
    feed.close()


async def test_feed_has_room_for_so_many(source: Source) -> None:
    """One more is refused, until one leaves."""
    feed = Feed(source)  # type: ignore[arg-type]
    followers = [feed.follow(EVERY) for _ in range(MOST_FOLLOWERS)]
    with pytest.raises(TooMany):
        feed.follow(EVERY)
    followers[0].end()
    feed.follow(EVERY)
    feed.close()

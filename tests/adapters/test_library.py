"""The library of published versions, where its store takes its time or answers nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker

from zeebe_fleet.adapters import library
from zeebe_fleet.adapters.library import StoreLibrary
from zeebe_fleet.adapters.postgres.library import PostgresLibrary
from zeebe_fleet.adapters.postgres.sessions import database as records_database
from zeebe_fleet.workers.contract.artifacts import Artifact, ArtifactMissing, Published, StoreAway, StoredArtifact
from zeebe_fleet.workers.contract.audience import ProcessAccess


class Slow:
    """A store that answers when it is told to."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.asked = 0
        self.away = False

    async def versions(self, name: str = "") -> Sequence[StoredArtifact]:
        """List one version, sooner or later."""
        self.asked += 1
        await self.may_answer.wait()
        if self.away:
            raise StoreAway("The store is away.", "Try again later.")
        return [StoredArtifact("slow", "1.0.0", datetime.now(UTC), 1)]

    async def fetch(self, name: str, version: str) -> Published:
        """Have nothing."""
        raise ArtifactMissing(f"There is no {name}.")

    def verified(self, stored: bytes, file: str) -> Published:
        """Be asked of nothing else."""
        raise AssertionError(file)


def everything(_name: str, _access: ProcessAccess | None) -> bool:
    """Let somebody know of everything."""
    return True


def unread(_content: bytes, _name: str, _version: str) -> Artifact:
    """Read nothing: the records have none."""
    raise AssertionError


@pytest.fixture
def store() -> Slow:
    """A store that nobody has told to answer."""
    return Slow()


@pytest.fixture
async def shelves(store: Slow, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StoreLibrary]:
    """Its library, on records that know nothing, which is impatient and believes a list for a moment."""
    monkeypatch.setattr(library, "PATIENCE_S", 0.05)
    monkeypatch.setattr(library, "FRESH_S", 0.05)
    database = records_database(database_url)
    opened = StoreLibrary(store, "s3://slow", PostgresLibrary(async_sessionmaker(database)), unread)
    yield opened
    await opened.close()
    await database.dispose()


async def names(shelves: StoreLibrary) -> list[str]:
    """Read the list."""
    return [one.name for one in await shelves.versions(everything, None, 0, 10)]


async def test_reader_does_not_wait_for_a_store_that_is_deaf(store: Slow, shelves: StoreLibrary) -> None:
    """What is known is shown, and why there is no more; many readers ask the store once."""
    found = await asyncio.wait_for(asyncio.gather(*(names(shelves) for _ in range(20))), 5)
    standing = await shelves.standing()

    assert found == [[]] * 20
    assert standing is not None
    assert "not answered" in standing.trouble
    assert store.asked == 1


async def test_list_follows_once_the_store_answers(store: Slow, shelves: StoreLibrary) -> None:
    """And when it goes away again, what it listed stays."""
    assert await names(shelves) == []
    store.may_answer.set()
    async with asyncio.timeout(5):
        while await names(shelves) != ["slow"]:
            await asyncio.sleep(0.01)
    answered = await shelves.standing()
    store.away = True
    async with asyncio.timeout(5):
        while not (away := await shelves.standing()) or not away.trouble:
            await asyncio.sleep(0.01)

    assert answered is not None
    assert answered.trouble == ""
    assert "away" in away.trouble
    assert away.read_at == answered.read_at or (away.read_at and answered.read_at and away.read_at > answered.read_at)
    assert await names(shelves) == ["slow"]


async def test_version_that_cannot_be_read_is_listed_without_its_head(store: Slow, shelves: StoreLibrary) -> None:
    """It may be told that it is there, and why it is not believed."""
    store.may_answer.set()
    async with asyncio.timeout(5):
        while not (found := await shelves.versions(everything, "slow", 0, 10)):
            await asyncio.sleep(0.01)

    assert found[0].head is None
    assert "There is no slow." in found[0].refusal
    assert await shelves.version(everything, "slow", "9.9.9") is None

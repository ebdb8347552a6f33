"""The library of published versions: the store's list, kept for a moment, joined with what the records know.

A store that is away takes nothing off the list that was on it before; what was verified here once stays readable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, islice

from zeebe_fleet.adapters.library_heads import Heads, Name
from zeebe_fleet.workers.contract.artifacts import Artifact, Published, PublishedDefinitions, StoreAway, version_order
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.library import Known, LibraryRecords, PublishedVersion, StoreStanding

FRESH_S = 5.0
"""How long a list is believed."""
PATIENCE_S = 2.0
"""How long a reader waits for a store; what is known is shown then, and the list follows."""
_AT_ONCE = 2
"""Whole artifacts that are read at the same time: each may be of many megabytes."""
MOST = 10_000
"""Versions of a store that are listed."""

Read = Callable[[bytes, str, str], Artifact]
"""Reads an artifact of this name and version that was verified before."""


class StoreLibrary:
    """The library, behind the port of its name.

    Args:
        published: the store, as far as it is believed; nothing where none is set up.
        address: of the store, as people may read it.
        records: what the records know.
        read: reads what the records have.
    """

    def __init__(
        self, published: PublishedDefinitions | None, address: str, records: LibraryRecords, read: Read
    ) -> None:
        self._published = published
        self._address = address
        self._records = records
        self._read = read
        self._heads = Heads(records, self._fetched)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._listed: dict[Name, datetime | None] = {}
        self._asked_at = -FRESH_S
        self._read_at: datetime | None = None
        self._trouble = ""
        self._listing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop reading the list."""
        if self._listing is not None:
            self._listing.cancel()
            await asyncio.wait({self._listing})

    async def versions(self, known: Known, name: str | None, after: int, size: int) -> Sequence[PublishedVersion]:
        """Return versions that may be known of, by name, the newest first."""
        dates = await self._dates()
        return await self._shown(islice(enumerate(await self._seen(known, dates, name), 1), after, after + size), dates)

    async def version(self, known: Known, name: str, version: str) -> PublishedVersion | None:
        """Return one version, if it is published and may be known of."""
        dates = await self._dates()
        seen = enumerate(await self._seen(known, dates, name), 1)
        found = await self._shown((one for one in seen if one[1][1] == version), dates)
        return found[0] if found else None

    async def artifact(self, name: str, version: str) -> Artifact:
        """Return all of a version, verified: as it was read from the store before, or from there."""
        async with self._turns:
            content = await self._records.content(name, version)
            if content is None:
                return (await self._fetched(name, version)).artifact
            return await asyncio.to_thread(self._read, content, name, version)

    async def standing(self) -> StoreStanding | None:
        """Return how the store answers; nothing where none is set up."""
        await self._list()
        return StoreStanding(self._address, self._read_at, self._trouble) if self._published else None

    async def _dates(self) -> dict[Name, datetime | None]:
        """Return every version that is listed or known, with when it was published: by name, the newest first."""
        await self._list()
        dates = {**await self._records.names(), **self._listed}
        return {one: dates[one] for one in sorted(dates, key=_order)}

    async def _list(self) -> None:
        """Read the list again where it is old; nobody waits for it for long."""
        if self._published is None or time.monotonic() < self._asked_at + FRESH_S:
            return
        if self._listing is None or self._listing.done():
            self._listing = asyncio.create_task(self._renew(self._published))
        _, waiting = await asyncio.wait({self._listing}, timeout=PATIENCE_S)
        if waiting:
            self._trouble = f"The store has not answered for {PATIENCE_S:.0f} seconds."
            self._asked_at = time.monotonic()

    async def _renew(self, published: PublishedDefinitions) -> None:
        try:
            listed = await published.versions()
        except FleetError as error:
            self._trouble = f"{error.message} {error.suggestion}".strip()
        else:
            self._listed = {(one.name, one.version): one.at for one in islice(listed, MOST)}
            self._read_at, self._trouble = datetime.now(UTC), ""
        self._asked_at = time.monotonic()

    async def _seen(self, known: Known, dates: dict[Name, datetime | None], wanted: str | None) -> list[Name]:
        """Leave those that may be known of: each definition by what its newest version says."""
        by_name = {name: list(versions) for name, versions in groupby(dates, key=lambda one: one[0])}
        asked = {name: versions for name, versions in by_name.items() if wanted in (None, name)}
        unsaid = [versions[0] for name, versions in asked.items() if not known(name, None)]
        heads = {one[0]: told.head for one, told in (await self._heads.of(unsaid)).items()}

        def seen(name: str) -> bool:
            head = heads.get(name)
            return name not in heads or (head is not None and known(name, head.access))

        return [one for name, versions in asked.items() if seen(name) for one in versions]

    async def _shown(
        self, wanted: Iterator[tuple[int, Name]], dates: dict[Name, datetime | None]
    ) -> list[PublishedVersion]:
        positions = {one: position for position, one in wanted}
        told = await self._heads.of(list(positions))
        models = {one: head.model_sha256 if (head := told[one].head) else "" for one in positions}
        standing = await self._records.standing(models) if models else {}
        newest: dict[str, str] = {}
        for name, version in dates:
            newest.setdefault(name, version)
        return [
            PublishedVersion(
                *one,
                at=dates[one],
                head=told[one].head,
                refusal=told[one].refusal,
                is_latest=newest[one[0]] == one[1],
                standing=standing[one],
                position=position,
            )
            for one, position in positions.items()
        ]

    async def _fetched(self, name: str, version: str) -> Published:
        if self._published is None:
            raise StoreAway("No store of definitions is set up.", "Name one in FLEET_ARTIFACTS__STORE.")
        return await self._published.fetch(name, version)


def _order(one: Name) -> tuple[str, tuple[int, ...]]:
    """Order by name, the newest version first."""
    name, version = one
    return name, tuple(-part for part in version_order(version))

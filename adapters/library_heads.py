"""What each published version says of itself: read once, since it never changes; and why others are not believed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from zeebe_fleet.workers.contract.artifacts import Published
from zeebe_fleet.workers.contract.audience import ProcessAccess
from zeebe_fleet.workers.contract.errors import DefinitionError, InfrastructureError
from zeebe_fleet.workers.contract.library import ArtifactHead, LibraryRecords

Name = tuple[str, str]
Fetch = Callable[[str, str], Awaitable[Published]]

_KEPT = 2_000
_FETCHED = 200
"""By one reader; the next one goes on there."""
_AT_ONCE = 4
_REFUSED_S = 30.0
"""How long a refusal is believed: who may publish can have been changed."""
_DESCRIPTION = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a version says of itself, or why it is not believed; neither, where the store does not answer."""

    head: ArtifactHead | None = None
    refusal: str = ""


class Heads:
    """Reads heads: of what is kept, from the records, and the rest from the store."""

    def __init__(self, records: LibraryRecords, fetch: Fetch) -> None:
        self._records = records
        self._fetch = fetch
        self._kept: OrderedDict[Name, tuple[Told, float]] = OrderedDict()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def of(self, wanted: Sequence[Name]) -> dict[Name, Told]:
        """Return what each of these tells."""
        found = {one: told for one in wanted if (told := self._known(one)) is not None}
        missing = [one for one in wanted if one not in found]
        if missing:
            heads = await self._records.heads(missing)
            self._keep({one: Told(head) for one, head in heads.items()}, found)
            asked = list(islice((one for one in missing if one not in heads), _FETCHED))
            self._keep(dict(zip(asked, await asyncio.gather(*map(self._ask, asked)), strict=True)), found)
        return {one: found.get(one, _UNTOLD) for one in wanted}

    async def _ask(self, one: Name) -> Told:
        async with self._turns:
            try:
                return Told(_head_of(await self._fetch(*one)))
            except DefinitionError as error:
                return Told(refusal=f"{error.message} {error.suggestion}".strip())
            except InfrastructureError:
                return _UNTOLD

    def _known(self, one: Name) -> Told | None:
        told, at = self._kept.get(one, (None, 0.0))
        return None if told and told.refusal and time.monotonic() > at + _REFUSED_S else told

    def _keep(self, read: dict[Name, Told], found: dict[Name, Told]) -> None:
        for one, told in read.items():
            found[one] = told
            if told != _UNTOLD:
                self._kept[one] = told, time.monotonic()
                self._kept.move_to_end(one)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _head_of(published: Published) -> ArtifactHead:
    artifact = published.artifact
    model = next((file.sha256 for file in artifact.files if file.name.endswith(".bpmn")), "")
    access = ProcessAccess.from_json(artifact.manifest.get("access"))
    description = artifact.description[:_DESCRIPTION]
    return ArtifactHead(artifact.kind, description, artifact.sha256, published.signed_by, access, model)


_UNTOLD = Told()

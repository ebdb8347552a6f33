"""`fleet versions`: what a store has, each looked at as any reader does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.published import definitions_of
from zeebe_fleet.workers.contract.artifacts import Published, PublishedDefinitions, StoredArtifact
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError

_AT_ONCE = 8


@dataclass(frozen=True)
class _Seen:
    stored: StoredArtifact
    published: Published | None
    refusal: str


def show_versions(section: ArtifactsSection, name: str, *, as_json: bool) -> int:
    """List what is published; return the exit status.

    Raises:
        FleetError: no store is named, or it does not answer.
    """
    definitions = definitions_of(section)
    if definitions is None:
        raise FleetError("No store of definitions is named.", "Use --store, or FLEET_ARTIFACTS__STORE.")
    seen = asyncio.run(_seen(definitions, name))
    if as_json:
        typer.echo(json.dumps([_told(one) for one in seen], indent=2, ensure_ascii=False))
    else:
        _show(seen, name)
    return int(any(one.refusal for one in seen))


async def _seen(definitions: PublishedDefinitions, name: str) -> list[_Seen]:
    few = asyncio.Semaphore(_AT_ONCE)

    async def look(stored: StoredArtifact) -> _Seen:
        async with few:
            try:
                return _Seen(stored, await definitions.fetch(stored.name, stored.version), "")
            except DefinitionError as error:
                return _Seen(stored, None, error.message)

    return await asyncio.gather(*map(look, await definitions.versions(name)))


def _show(seen: Sequence[_Seen], name: str) -> None:
    for one in seen:
        at = f"{one.stored.at:%Y-%m-%d %H:%M} UTC" if one.stored.at else "?"
        named = f"{one.stored.name} {one.stored.version}"
        if one.published is None:
            typer.secho(f"{named}  {at}  {one.refusal}", fg="red")
        else:
            typer.echo(f"{named}  {at}  {one.published.signed_by}  SHA-256 {one.published.artifact.sha256}")
    if not seen:
        typer.echo(f"Nothing is published{f' as {name}' if name else ''}.")


def _told(one: _Seen) -> dict[str, object]:
    stored, published = one.stored, one.published
    return {
        "name": stored.name,
        "version": stored.version,
        "file": stored.file,
        "at": stored.at.isoformat() if stored.at else None,
        "size_bytes": stored.size_bytes,
        "kind": published.artifact.kind if published else None,
        "signed_by": published.signed_by if published else None,
        "sha256": published.artifact.sha256 if published else None,
        "refusal": one.refusal or None,
    }

"""Stores of published definitions: a folder, or a bucket that speaks S3."""

from __future__ import annotations

import re
from pathlib import Path

from zeebe_fleet.adapters.artifacts.folder import FolderStore
from zeebe_fleet.adapters.artifacts.s3_access import S3Access
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.artifacts import ArtifactStore
from zeebe_fleet.workers.contract.errors import FleetError

__all__ = ["S3Access", "store_of"]
_S3 = "s3://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_PART = re.compile(r"(?!\.\.?$)[A-Za-z0-9._=+@-]+")
"""Of a prefix: what needs no escaping anywhere."""


def store_of(address: str, access: S3Access) -> ArtifactStore:
    """Return the store of an address: a folder's path, or `s3://bucket/prefix`.

    Raises:
        FleetError: it is neither.
    """
    if address.startswith(_S3):
        from zeebe_fleet.adapters.artifacts.s3 import S3Store

        bucket, _, prefix = address.removeprefix(_S3).rstrip("/").partition("/")
        parts = prefix.split("/") if prefix else []
        _check(_BUCKET.fullmatch(bucket) and all(_PART.fullmatch(part) for part in parts), address)
        return S3Store(bucket, prefix, access)
    _check(address.strip() and "://" not in address, address)
    return FolderStore(Path(address))


def _check(fits: object, address: str) -> None:
    if not fits:
        raise FleetError(
            f"{shown(address)[:200]!r} is no store of definitions.", "It is a folder's path, or s3://bucket/prefix."
        )

"""Published definitions in a bucket: objects that are created on the condition that there is none of their name.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import obstore
from obstore import exceptions as answered
from obstore.store import S3Store as Bucket

from zeebe_fleet.adapters.artifacts.s3_access import S3Access
from zeebe_fleet.adapters.artifacts.s3_refusals import refusal
from zeebe_fleet.adapters.artifacts.taken import PROBE, PROBE_TEXT, in_order, overwrites, taken, too_large
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.artifacts import (
    MAX_BYTES,
    ArtifactMissing,
    StoreAway,
    StoredArtifact,
    check_name,
)
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from obstore.store import S3Credential

_T = TypeVar("_T")
_PAUSES_S = (0.2, 1.0)
"""Between attempts to create: each asks for the same bytes, so that one more is never wrong."""
_FRESH = timedelta(minutes=10)
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?(/[A-Za-z0-9._~/-]*)?")
_LONGEST_CA_BYTES = 1_048_576


class S3Store:
    """A bucket, or what is below a prefix in it, as a store."""

    def __init__(self, bucket: str, prefix: str, access: S3Access) -> None:
        self.address = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = _bucket(bucket, prefix, access)

    async def create(self, name: str, content: bytes) -> bool:
        """Create an artifact, or see that it is there with the same bytes."""
        check_name(name)
        if len(content) > MAX_BYTES:
            raise too_large(name)
        if await self._patiently(lambda: self._put(name, content)):
            return True
        if await self.fetch(name) != content:
            raise taken(name, self.address)
        return False

    async def fetch(self, name: str) -> bytes:
        """Return an artifact's bytes."""
        check_name(name)
        try:
            return await self._understood(self._get(name))
        except FileNotFoundError:
            raise ArtifactMissing(f"{self.address} has no {name}.", "fleet versions lists what it has.") from None

    async def listing(self) -> Sequence[StoredArtifact]:
        """Return the artifacts below the prefix."""
        found = await self._understood(obstore.list_with_delimiter_async(self._bucket))
        return in_order((one["path"], one["last_modified"], one["size"]) for one in found["objects"])

    async def check(self) -> None:
        """See that the server heeds the condition: a probe is created twice, and the second time must be refused."""
        if await self._put(PROBE, PROBE_TEXT) and await self._put(PROBE, PROBE_TEXT):
            raise overwrites(self.address)

    async def _put(self, name: str, content: bytes) -> bool:
        """Tell whether it was created; if not, there is one of that name."""
        try:
            await self._understood(obstore.put_async(self._bucket, name, content, mode="create", use_multipart=False))
        except answered.AlreadyExistsError:
            return False
        return True

    async def _get(self, name: str) -> bytes:
        found = await obstore.get_async(self._bucket, name)
        read = bytearray()
        async for chunk in found.stream():
            read += chunk
            if len(read) > MAX_BYTES:
                raise too_large(name)
        return bytes(read)

    async def _patiently(self, put: Callable[[], Awaitable[bool]]) -> bool:
        for pause_s in _PAUSES_S:
            try:
                return await put()
            except StoreAway:
                await asyncio.sleep(pause_s)
        return await put()

    async def _understood(self, request: Awaitable[_T]) -> _T:
        try:
            return await request
        except (answered.AlreadyExistsError, FileNotFoundError) as error:
            if unfit := refusal(str(error), self.address):
                raise unfit from None
            raise
        except (answered.BaseError, OSError, ValueError) as error:
            raise refusal(str(error), self.address) or StoreAway(
                f"The store {self.address} does not answer.",
                "Try again later; what is published and deployed goes on. fleet doctor looks at the connection.",
            ) from None


def _bucket(bucket: str, prefix: str, access: S3Access) -> Bucket:
    within = timedelta(seconds=access.timeout_s)
    client: dict[str, Any] = {"timeout": within, "connect_timeout": min(within, timedelta(seconds=5))}
    if access.ca_file is not None:
        client["root_certificate"] = content_of(access.ca_file, _LONGEST_CA_BYTES, "FLEET_ARTIFACTS__CA_FILE names it.")
    config: dict[str, Any] = {"region": access.region}
    if access.endpoint:
        _check_endpoint(access.endpoint)
        config["endpoint"] = access.endpoint.rstrip("/")
        client["allow_http"] = access.endpoint.startswith("http://")
    if access.access_key_id:
        config["credential_provider"] = lambda: _credential(access)
    return Bucket(
        bucket,
        prefix=prefix or None,
        client_options=client,  # type: ignore[arg-type]
        retry_config={"max_retries": 2, "retry_timeout": within * 2, "backoff": {"max_backoff": timedelta(seconds=2)}},
        **config,
    )


def _check_endpoint(endpoint: str) -> None:
    """Refuse what is no address of a server; its client would end the process.

    Raises:
        FleetError: it is none.
    """
    read = _ENDPOINT.fullmatch(endpoint)
    if read is None or int(read["port"] or 1) not in range(1, 65_536):
        raise FleetError(
            f"{shown(endpoint)[:200]!r} is no address of an S3 server.",
            "Set FLEET_ARTIFACTS__ENDPOINT to one, like https://s3.example.com, without bucket and credentials.",
        )


def _credential(access: S3Access) -> S3Credential:
    return {
        "access_key_id": access.access_key_id,
        "secret_access_key": access.secret_access_key(),
        "token": access.session_token() or None,
        "expires_at": datetime.now(UTC) + _FRESH,
    }
